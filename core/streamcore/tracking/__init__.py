"""From what providers report to events: routing, merging, each transaction once."""
