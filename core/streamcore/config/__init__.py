"""Settings: the typed model, where each value came from, and which provider serves what."""
