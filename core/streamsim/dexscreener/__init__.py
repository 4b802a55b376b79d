"""DexScreener's side of its protocol."""
