"""Captures what comes over the network, unchanged but for masked keys, in a file that tests can replay."""

from streamcore.recording.capture import Capture

__all__ = ["Capture"]
