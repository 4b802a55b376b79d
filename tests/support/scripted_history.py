"""A source of candles that gives the answers of a test, and series to compare with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from candle_series import candle, series_of
from manual_clock import START

from streamcore.assets.instruments import Instrument, Venue, understand
from streamcore.assets.tokens import TokenTable
from streamcore.candles import Candle, CandleSeries, ChartRange, VolumeUnit
from streamcore.providers.history_source import HistorySource, candle_series
from streamcore.providers.kraken.candles import INTERVALS

TABLE = TokenTable({})


def instrument(symbol: str) -> Instrument:
    return understand(symbol, TABLE, exchanges=True)


def flat(start: float, price: str = "2", volume: str | None = "7") -> Candle:
    """Return a candle in which the price stood still."""
    return candle(int(start), price, volume=volume)


def series(*candles: Candle, **fields: Any) -> CandleSeries:
    """Return an hour of SOL at Kraken, in minutes, which ends at the beginning of every test."""
    known = {"address": "So11111111111111111111111111111111111111112", "begin": int(START) - 3600}
    return series_of(*candles, **{**known, **fields})


class ScriptedHistory(HistorySource):
    """Every answer is ``count`` flat candles until now, unless ``failure`` is set.

    With the ``gate`` closed a request waits until it opens.
    """

    name = "kraken"
    title = "Kraken"
    intervals = INTERVALS

    def __init__(
        self,
        name: str = "kraken",
        *,
        lists: Callable[[Instrument], bool] = lambda _: True,
        for_trends: bool = True,
        batch_size: int = 1,
        venue: Venue = Venue.EXCHANGE,
        metered: bool = False,
    ) -> None:
        self.name = name
        self.title = name.capitalize()
        self.venue = venue
        self.for_trends = for_trends
        self.batch_size = batch_size
        self.metered = metered
        self.failure: Exception | None = None
        self.empty = False
        self.price = "2"
        self.count = 1
        """Candles in each answer, one after the other until now."""
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked: list[tuple[str, ChartRange]] = []
        self.batches: list[tuple[str, ...]] = []
        self.given_up = 0
        self.forgiven = 0
        self._lists = lists

    def has(self, instrument: Instrument) -> bool:
        return self._lists(instrument)

    async def candles(self, instrument: Instrument, span: ChartRange, now: float) -> CandleSeries:
        self.asked.append((instrument.symbol, span))
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        if self.failure is not None:
            raise self.failure
        last = now - now % self.intervals[span]
        starts = (last - n * self.intervals[span] for n in range(self.count))
        candles = () if self.empty else tuple(flat(start, self.price) for start in starts)
        return candle_series(
            self,
            instrument,
            span,
            now,
            candles,
            market=f"{instrument.symbol}/USD",
            volume_unit=VolumeUnit.BASE,
        )

    async def many(
        self, instruments: Sequence[Instrument], span: ChartRange, now: float
    ) -> dict[str, CandleSeries]:
        self.batches.append(tuple(one.symbol for one in instruments))
        return {one.key: await self.candles(one, span, now) for one in instruments if self.has(one)}

    def forget(self) -> None:
        self.forgiven += 1
