"""DefiLlama's side of its protocol."""
