"""A source of candles behind HTTP that gives the answers of a test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias

import pytest
from manual_clock import ManualClock
from scripted_history import instrument
from scripted_http import Asked, ScriptedHttp

from streamcore.candles import CandleSeries, ChartRange
from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.net.transport import Answer, Http
from streamcore.providers.history_source import HistorySource

Make: TypeAlias = Callable[[Http, Clock], HistorySource]


class AskedCandles:
    """A source, and the requests it makes."""

    def __init__(self, make: Make, reply: Callable[[Asked], Answer]) -> None:
        self.clock = ManualClock()
        self.http = ScriptedHttp(reply, self.clock.monotonic)
        self.source = make(self.http, self.clock)
        self.patience = 120.0
        """Seconds that pass while a series is waited for."""

    async def series(
        self, span: ChartRange, symbol: str = "SOL", *, now: float | None = None
    ) -> CandleSeries:
        task = self.start(span, symbol, now=now)
        await self.clock.advance(self.patience)
        return await task

    def start(
        self, span: ChartRange, symbol: str = "SOL", *, now: float | None = None
    ) -> asyncio.Future[CandleSeries]:
        moment = self.clock.time() if now is None else now
        return asyncio.ensure_future(self.source.candles(instrument(symbol), span, moment))

    async def failure(self, span: ChartRange, symbol: str = "SOL") -> ProviderError:
        with pytest.raises(ProviderError) as caught:
            await self.series(span, symbol)
        return caught.value
