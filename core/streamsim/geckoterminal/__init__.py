"""GeckoTerminal's side of its protocol."""
