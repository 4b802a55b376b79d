"""Jupiter: polled prices of Solana tokens, without a key."""
