"""Interprets Solana transactions: what one meant for a wallet."""
