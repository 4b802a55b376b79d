"""A public Solana node's side of its protocols."""
