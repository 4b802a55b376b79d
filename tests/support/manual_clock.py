"""A clock that a test moves by hand: time passes only in `ManualClock.advance`.

It is for tests without sockets. With sockets use `virtual_time`: a test cannot know when data sent over a
socket has arrived.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools

START = 1_793_311_200.0
"""Unix seconds at which every test begins."""

TURNS = 12
"""Turns of the event loop after a sleeper is woken, for everything that follows from it."""


class ManualClock:
    """A `streamcore.clock.Clock` that stands still until `advance`."""

    def __init__(self) -> None:
        self._now = 0.0
        self._numbers = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self.wall_offset = 0.0
        """Seconds by which the wall clock was changed; negative: set back."""
        self.chance = 0.5
        """What `random` returns; 0.5 is the middle, so that jitter adds nothing."""

    def monotonic(self) -> float:
        return self._now

    def time(self) -> float:
        return START + self._now + self.wall_offset

    def random(self) -> float:
        return self.chance

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._numbers), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Let that much time pass, waking each sleeper at its moment."""
        until = self._now + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            due, _, future = heapq.heappop(self._sleepers)
            if future.done():
                continue
            self._now = max(self._now, due)
            future.set_result(None)
            await self.settle()
        self._now = until
        await self.settle()

    async def settle(self) -> None:
        """Let everything run that can go on without time passing."""
        for _ in range(TURNS):
            await asyncio.sleep(0)

    @property
    def sleeping(self) -> int:
        """How many calls of `sleep` are waiting."""
        return sum(1 for _, _, future in self._sleepers if not future.done())
