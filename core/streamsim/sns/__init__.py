"""The side of the proxy of the Solana Name Service."""
