"""Helius: whole transactions of wallets, with a key."""
