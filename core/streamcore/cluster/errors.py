"""What can go wrong on NATS, in the words of this package: no other knows those of the library."""

from __future__ import annotations

from streamcore.errors import StreamcoreError


class SessionEnded(StreamcoreError):
    """The connection to NATS cannot be made, or is of no use any more; the text says why, as a phrase."""


class NotStored(StreamcoreError):
    """A stream did not take a message, or did not say that it has; the text says why, as a phrase."""


class TooLong(NotStored):
    """A message has more bytes than the server takes; it was not sent."""

    def __init__(self, length: int, most: int) -> None:
        super().__init__(f"it has {length} bytes, and at most {most} are taken")


class Conflict(NotStored):
    """A key was written by somebody else since it was read."""


class NobodyThere(StreamcoreError):
    """A question reached nobody who answers."""


class NoAnswer(StreamcoreError):
    """A question was not answered in time."""
