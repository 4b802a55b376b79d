"""Why a log cannot be written at present: for the operator at once, for terminals now and then."""

from __future__ import annotations

import logging

from streamcore.clock import Clock
from streamcore.events import ErrorKind, StreamError

TRIED_AGAIN_AFTER = 1.0
"""Seconds until a log that could not be written is tried again."""

TOLD_AGAIN_AFTER = 60.0
"""Seconds until terminals are told once more that it still cannot be written."""

log = logging.getLogger(__name__)


class LogTrouble:
    """Remembers whether a log can be written, and who knows."""

    def __init__(self, clock: Clock) -> None:
        self.reason: str | None = None
        """Why it cannot be written, as a sentence; ``None``: it can."""
        self._clock = clock
        self._told_at = float("-inf")

    def began(self, reason: str) -> None:
        """Take note that it could not be written just now."""
        if self.reason is None:
            log.error("%s", reason)
        self.reason = reason

    def ended(self) -> None:
        """Take note that it was written just now."""
        if self.reason is not None:
            log.warning("the log can be written again")
            self.reason, self._told_at = None, float("-inf")

    def to_tell(self) -> list[StreamError]:
        """Return what terminals have to be told now, while transactions are held back."""
        now = self._clock.monotonic()
        if self.reason is None or now - self._told_at < TOLD_AGAIN_AFTER:
            return []
        self._told_at = now
        return [held_back(self.reason, self._clock.time())]


def held_back(reason: str, now: float) -> StreamError:
    """Return what terminals are told while a log cannot be written; ``now``: Unix seconds."""
    text = f"{reason}; transactions are held back until it can be, prices go on"
    return error_of_log(ErrorKind.SERVER, text, now)


def error_of_log(kind: ErrorKind, text: str, now: float) -> StreamError:
    """Return what terminals are told of a relay's log; ``now``: Unix seconds."""
    return StreamError(
        provider="", ts=now, demo=False, kind=kind, message=f"the relay: {text}", retryable=True
    )
