"""What a codec does when its provider wants fewer frames: it says nothing for a while, and goes on.

A connection that is closed for that loses what it has, and makes the provider answer a handshake and every
subscription once more, which is the opposite of what it asked for.
"""

from __future__ import annotations

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.http_errors import RATE_LIMIT_REST
from streamcore.providers.reports import Report, Throttled

FIRST_REST = 1.0
"""Seconds; such limits count by the second. Doubled with each denial that follows without a grant between."""


class Throttle:
    """Whether one connection may send now. While it is `resting`, a codec makes no request."""

    def __init__(self) -> None:
        self._denials = 0
        self.resting = False
        """Nothing is to be sent at present."""

    def denied(self, text: str) -> list[Report]:
        """Take note of a denial; return the news of it: nothing where it is one more of the same request."""
        if self.resting:
            return []
        self.resting = True
        rest = min(FIRST_REST * 2.0**self._denials, RATE_LIMIT_REST)
        self._denials += 1
        return [Throttled(ProviderError(ErrorKind.RATE_LIMIT, text, retry_after=rest), rest)]

    def granted(self) -> None:
        """Take note that a request was granted."""
        self._denials = 0

    def rested(self) -> None:
        """Take note that the rest is over."""
        self.resting = False
