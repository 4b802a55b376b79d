"""Running one provider: its connections, polling in their place, and fetching what a gap has missed."""
