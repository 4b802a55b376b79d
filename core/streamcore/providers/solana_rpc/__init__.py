"""Any Solana node: the JSON-RPC methods that every node has, with or without a key."""
