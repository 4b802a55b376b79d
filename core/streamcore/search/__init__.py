"""Finding what can be watched: tokens by their names, and wallets by theirs."""
