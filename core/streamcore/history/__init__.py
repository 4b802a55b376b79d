"""The past of prices: which source has it, what is remembered of it, and what live prices add to it."""
