"""Birdeye's side of its protocols."""
