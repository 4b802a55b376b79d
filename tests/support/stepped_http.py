"""Real HTTP on a clock moved by hand: time stands still while a request is under way."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from manual_clock import ManualClock

from streamcore.net.http import HttpClient
from streamcore.net.rate_limit import RateLimit
from streamcore.net.transport import Answer

T = TypeVar("T")
STEP = 0.25
"""Seconds; how far a request may come late."""


class SteppedHttp:
    """A `streamcore.net.transport.Http` that knows how many of its requests are under way."""

    def __init__(self, clock: ManualClock) -> None:
        self._client = HttpClient(clock, timeout=10.0)
        self._hands = clock
        self._under_way = 0
        self._idle = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    async def request(
        self,
        method: str,
        url: str,
        *,
        secrets: tuple[str, ...] = (),
        rate_limit: RateLimit | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> Answer:
        if rate_limit is not None:
            await rate_limit.take()  # here and not in the client: while it waits, time must pass
        self._under_way += 1
        self._idle.clear()
        try:
            return await self._client.request(
                method, url, secrets=secrets, params=params, headers=headers, json=json
            )
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
