"""The border to the network: sockets, HTTP, and what limits and protects both. No provider is known here."""
