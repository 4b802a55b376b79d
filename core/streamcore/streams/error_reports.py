"""Which errors of a provider are reported to a person: each once for as long as it lasts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind

TOLD_AGAIN_AFTER = 60.0
"""Seconds between two reports of the same error at least."""

OVER_AFTER = 600.0
"""Seconds without an error after which it counts as over, even if no success has been seen."""

MOST_REMEMBERED = 100
"""Errors remembered; without a bound, texts that name a symbol or wallet would add up."""


@dataclass(slots=True)
class _Reported:
    subject: str
    told_at: float
    seen_at: float
    over: bool = False
    """Its subject has worked since it was seen last."""


class ErrorReports:
    """Passes errors on; of one that lasts, only the first.

    An error that comes back after its subject has worked is reported again, but not more often than once in
    `TOLD_AGAIN_AFTER` seconds. Malformed data comes in bursts, so of all reports of it only one passes in
    that time.
    """

    def __init__(self, clock: Clock, tell: Callable[[ProviderError], None]) -> None:
        """``tell`` is given what a person should know."""
        self._clock = clock
        self._tell = tell
        self._reported: dict[tuple[ErrorKind, str], _Reported] = {}
        """The errors reported, the one that has not occurred for longest first."""
        self._malformed_told_at = float("-inf")

    def report(self, error: ProviderError, subject: str = "") -> None:
        """Tell an error, if it is news. ``subject`` is what failed; see `well`."""
        now = self._clock.monotonic()
        key = (error.kind, error.message)
        known = self._reported.pop(key, None)
        if known is None:
            known = _Reported(subject, now, now)
            is_news = True
        else:
            over = known.over or now - known.seen_at >= OVER_AFTER
            is_news = over and now - known.told_at >= TOLD_AGAIN_AFTER
            known.seen_at, known.over = now, over and not is_news
        self._reported[key] = known
        while len(self._reported) > MOST_REMEMBERED:
            del self._reported[next(iter(self._reported))]
        if is_news:
            known.told_at = now
            self._tell(error)

    def well(self, subject: str) -> None:
        """Take note that ``subject`` works: what comes after this is a new failure of it."""
        for known in self._reported.values():
            if known.subject == subject:
                known.over = True

    def malformed(self, text: str) -> None:
        """Tell of data that cannot be used, unless that was done within `TOLD_AGAIN_AFTER`."""
        now = self._clock.monotonic()
        if now - self._malformed_told_at >= TOLD_AGAIN_AFTER:
            self._malformed_told_at = now
            self._tell(ProviderError(ErrorKind.PROTOCOL, text))
