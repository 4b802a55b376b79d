"""Helius's side of its protocols."""
