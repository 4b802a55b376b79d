"""Jupiter's side of its protocol."""
