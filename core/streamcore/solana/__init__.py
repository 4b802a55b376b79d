"""From a Solana transaction to what it meant for a wallet."""
