"""DexScreener: polled prices of Solana tokens, without a key."""
