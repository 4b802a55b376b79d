"""The terminal app and the command line of streamtui."""

__version__ = "0.1.0"
