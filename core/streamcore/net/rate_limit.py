"""A rate limit: never more requests to a host than it allows, by construction."""

from __future__ import annotations

import asyncio

from streamcore.clock import Clock

ROUNDING = 1e-6
"""What adding up many small times may lack of a whole request."""


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
            self._tokens -= 1.0

    def pause(self, seconds: float) -> None:
        """Grant nothing for that long: the host has said that it wants a rest."""
        self._fill()
        self._tokens = min(self._tokens, 1.0 - seconds * self._rate)

    def _fill(self) -> None:
        now = self._clock.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
