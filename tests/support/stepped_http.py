"""Real HTTP on a clock moved by hand: time stands still while a request is under way."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from manual_clock import ManualClock

from streamcore.net.http import HttpClient
from streamcore.net.transport import Answer
from streamcore.text import Echo

T = TypeVar("T")
STEP = 0.25
"""Seconds; how far a request may come late."""


class SteppedHttp(HttpClient):
    """An `HttpClient` that knows how many of its requests are under way."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock, timeout=10.0)
        self._hands = clock
        self._under_way = 0
        self._idle = asyncio.Event()

    async def _answer(self, method: str, url: str, echo: Echo, **request: Any) -> Answer:
        self._under_way += 1
        self._idle.clear()
        try:
            return await super()._answer(method, url, echo, **request)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what the work returns, letting as much time pass as it needs."""
        task = asyncio.ensure_future(work)
        while True:
            await self._hands.settle()
            if self._under_way:
                await self._idle.wait()
            await self._hands.settle()
            if task.done():
                return task.result()
            if not self._under_way:
                await self._hands.advance(STEP)


def busiest(times: list[float], window: float) -> int:
    """Return the most of these moments that any window of so many seconds holds."""
    return max((sum(start <= at < start + window for at in times) for start in times), default=0)
