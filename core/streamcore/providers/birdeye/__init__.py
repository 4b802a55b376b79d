"""Birdeye: prices of every Solana token, with a key."""
