"""DefiLlama, a source of past prices."""
