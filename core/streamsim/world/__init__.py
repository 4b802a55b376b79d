"""What the emulated providers tell of: one market, one chain, the wallets on it and what they do."""
