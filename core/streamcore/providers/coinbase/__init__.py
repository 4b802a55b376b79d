"""Coinbase: prices of an exchange, in US dollars, without a key."""
