"""Rate limits, in the two ways the providers count: a token bucket and a sliding window."""

from __future__ import annotations

from collections import deque

from streamcore.clock import Clock

_ROUNDING = 1e-6
"""The part of a request that rounding may cost when many short times are added up."""


_REMEMBERED = 1000
"""The least number of requests a window keeps; bounded, because refused ones count too and have no limit."""


class TokenBucket:
    """Allows ``rate`` requests per second, and as many at once after a quiet second.

    Args:
        clock: Time.
        rate: Requests per second.
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
    """Allows ``count`` requests in any window of ``seconds``.

    Args:
        clock: Time.
        count: Requests in a window.
        seconds: Length of the window.
        lenient: Refused requests do not count.
    """

    def __init__(self, clock: Clock, count: int, seconds: float, *, lenient: bool = False) -> None:
        self.count = count
        self._clock = clock
        self._seconds = seconds
        self._lenient = lenient
        self._past: deque[float] = deque(maxlen=max(2 * count, _REMEMBERED))

    def take(self) -> bool:
        """Count one request; ``False``: it is one too many."""
        now = self._clock.monotonic()
        full = self.used >= self.count
        if not full or not self._lenient:
            self._past.append(now)
        return not full

    @property
    def used(self) -> int:
        """How many requests count now; it may exceed ``count``, as refused ones count unless ``lenient``."""
        now = self._clock.monotonic()
        while self._past and now - self._past[0] >= self._seconds:
            self._past.popleft()
        return len(self._past)

    @property
    def opens_in(self) -> float:
        """Seconds until the next request may pass; the whole window if ``count`` is 0."""
        if not self.count:
            return self._seconds
        if self.used < self.count:
            return 0.0
        return max(0.0, self._past[-self.count] + self._seconds - self._clock.monotonic())
