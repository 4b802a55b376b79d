"""Keeping what came over the network as it came, in a file from which a test can be made."""

from streamcore.recording.capture import Capture

__all__ = ["Capture"]
