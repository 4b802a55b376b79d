"""One provider at work: connections, polling in their place, catching up after a gap."""
