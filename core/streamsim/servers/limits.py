"""How often a key may ask, in the two ways the providers count."""

from __future__ import annotations

from collections import deque

from streamcore.clock import Clock

_ROUNDING = 1e-6
"""What adding up many small times may lack of a whole request."""


class TokenBucket:
    """So many requests a second, and as many at once after a quiet second.

    Args:
        clock: Time.
        rate: Requests a second.
    """

    def __init__(self, clock: Clock, rate: float) -> None:
        self._clock = clock
        self._rate = rate
        self._level = rate
        self._at = clock.monotonic()

    def take(self) -> bool:
        """Count one request; ``False``: it is one too many."""
        now = self._clock.monotonic()
        self._level = min(self._rate, self._level + (now - self._at) * self._rate)
        self._at = now
        if self._level < 1.0 - _ROUNDING:
            return False
        self._level -= 1.0
        return True


class SlidingWindow:
    """So many requests in any window of so many seconds.

    Args:
        clock: Time.
        count: Requests in a window.
        seconds: Length of the window.
        lenient: Refused requests do not count.
    """

    def __init__(self, clock: Clock, count: int, seconds: float, *, lenient: bool = False) -> None:
        self._clock = clock
        self._count = count
        self._seconds = seconds
        self._lenient = lenient
        self._past: deque[float] = deque(maxlen=count)

    def take(self) -> bool:
        """Count one request; ``False``: it is one too many."""
        now = self._clock.monotonic()
        full = len(self._past) == self._count and now - self._past[0] < self._seconds
        if not full or not self._lenient:
            self._past.append(now)
        return not full

    @property
    def used(self) -> int:
        """How many requests the window holds now."""
        start = self._clock.monotonic() - self._seconds
        return sum(1 for at in self._past if at > start)

    @property
    def opens_in(self) -> float:
        """Seconds until the next request may pass."""
        if len(self._past) < self._count:
            return 0.0
        return max(0.0, self._past[0] + self._seconds - self._clock.monotonic())
