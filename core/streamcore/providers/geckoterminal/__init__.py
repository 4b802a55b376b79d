"""GeckoTerminal, a source of candles of the pools of a token."""
