"""Coinbase's side of its protocols."""
