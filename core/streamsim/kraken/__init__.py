"""Kraken's side of its protocols."""
