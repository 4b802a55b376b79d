"""A rate limit: never more requests to a host than it allows, by construction."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

from streamcore.clock import Clock
from streamcore.tasks import first_to_end

ROUNDING = 1e-6
"""What adding up many small times may lack of a whole request."""


WINDOW_MARGIN = 1.05
"""A window is kept open longer by this factor: requests need not take the same time on their way."""


class RateLimit(Protocol):
    """Says when a request may be made."""

    async def take(self) -> None:
        """Return when a request may be made."""
        ...

    def pause(self, seconds: float) -> None:
        """Grant nothing for that long: the host has said that it wants a rest."""
        ...


class TokenBucket:
    """Grants one request each ``1 / rate`` seconds on average, and ``burst`` at once after a rest.

    Waiters are served in the order they came.
    """

    def __init__(self, rate: float, burst: int, clock: Clock) -> None:
        """``rate`` is requests a second, ``burst`` whole requests."""
        self._rate = rate
        self._burst = float(burst)
        self._clock = clock
        self._tokens = float(burst)
        self._owed = 0.0
        self._filled_at = clock.monotonic()
        self._turn = asyncio.Lock()

    async def take(self) -> None:
        """Return when a request may be made."""
        async with self._turn:
            self._fill()
            # again after each sleep: a `pause` may have come meanwhile
            while self._tokens < 1.0 - ROUNDING:
                await self._clock.sleep((1.0 - self._tokens) / self._rate)
                self._fill()
            self._tokens -= 1.0 + self._owed
            self._owed = 0.0

    def count(self) -> None:
        """Count a request that is made without a turn: the one after the next waits for that much longer."""
        self._owed += 1.0

    def pause(self, seconds: float) -> None:
        """Grant nothing for that long: the host has said that it wants a rest."""
        self._fill()
        self._tokens = min(self._tokens, 1.0 - seconds * self._rate)

    def _fill(self) -> None:
        now = self._clock.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now


class SlidingWindow:
    """Grants no more than so many requests in any window of time. Waiters are served in the order they came.

    Unlike a bucket it can keep to a limit that the host tells only in its answers: see `set_limit`.
    """

    def __init__(self, limit: int, window: float, clock: Clock) -> None:
        """``limit``: requests, at least one; ``window``: seconds in which the host counts."""
        self._limit = max(limit, 1)
        self._window = window * WINDOW_MARGIN
        self._clock = clock
        self._granted: deque[float] = deque()
        self._paused_until = float("-inf")
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()

    @property
    def limit(self) -> int:
        """Requests in a window."""
        return self._limit

    @property
    def used(self) -> int:
        """Requests granted within the last window."""
        self._forget()
        return len(self._granted)

    def set_limit(self, limit: int) -> None:
        """Keep to another limit from now on; at least one request is granted in a window."""
        if limit != self._limit:
            self._limit = max(limit, 1)
            self._changed.set()

    async def take(self) -> None:
        """Return when a request may be made."""
        async with self._turn:
            # again after each wait: a pause or another limit may have come meanwhile
            while (wait := self._wait()) > ROUNDING:
                self._changed.clear()
                await first_to_end(self._clock.sleep(wait), self._changed.wait())
            self._granted.append(self._clock.monotonic())

    def pause(self, seconds: float) -> None:
        """Grant nothing for that long: the host has said that it wants a rest."""
        self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)

    def _wait(self) -> float:
        self._forget()
        now = self._clock.monotonic()
        wait = self._paused_until - now
        if len(self._granted) >= self._limit:
            wait = max(wait, self._granted[-self._limit] + self._window - now)
        return wait

    def _forget(self) -> None:
        oldest = self._clock.monotonic() - self._window + ROUNDING
        while self._granted and self._granted[0] < oldest:
            self._granted.popleft()
