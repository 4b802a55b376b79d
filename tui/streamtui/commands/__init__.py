"""What each command does, and what commands share: standard output, ending, log lines."""
