"""Turns what providers report into events: routes, merges prices, reports each transaction once."""
