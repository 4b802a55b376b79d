"""The past of a price: candles, the ranges a chart can show, and a series of candles with its origin.

A series comes from one market of one source and is never joined with another. Its candles are oldest first,
none twice; a stretch of time in which nothing was traded has no candle, unless the source itself fills it
with one whose four prices are the same and whose volume is zero. Points in time are Unix seconds;
prices are US dollars, exact as the source wrote them.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec


class ChartRange(StrEnum):
    """How far back a chart goes. The values are those of options and JSON lines."""

    HOUR = "1h"
    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"
    YEAR = "1y"

    @property
    def seconds(self) -> int:
        """Its length; a month is 30 days, a year 365."""
        return _SECONDS[self]


_HOUR = 3600
_DAY = 24 * _HOUR
_SECONDS = {
    ChartRange.HOUR: _HOUR,
    ChartRange.DAY: _DAY,
    ChartRange.WEEK: 7 * _DAY,
    ChartRange.MONTH: 30 * _DAY,
    ChartRange.YEAR: 365 * _DAY,
}


class VolumeUnit(StrEnum):
    """What the volume of a candle counts."""

    BASE = "base"
    """Whole coins or tokens of the asset itself."""
    USD = "usd"


class Candle(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The course of a price from ``start`` until one interval later.

    ``volume`` is ``None`` where the source does not tell it. A source of single prices gives candles whose
    four prices are the same; their series is a ``line``.
    """

    start: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None = None


class CandleSeries(msgspec.Struct, frozen=True, kw_only=True):
    """The candles of one symbol in one range, and where they are from."""

    symbol: str
    """As shown: a ticker, or a shortened mint."""
    address: str | None
    """The mint of what was priced; ``None`` where that is no Solana token."""
    range: ChartRange
    provider: str
    """The source's name, as in events and settings."""
    market: str
    """The market at that source, for people: ``SOL/USD``, or the name of a pool."""
    interval: int
    """Seconds from the start of a candle to the start of the next."""
    candles: tuple[Candle, ...]
    running: bool
    """Its last interval had not ended when it was fetched: live prices of that source may move it."""
    begin: int
    """Where the range begins. The first candle may be later: a younger market, a source that forgets."""
    fetched_at: float
    """When the source was asked. A consumer shows its age where it is not fresh."""
    line: bool = False
    """There are no candles, only prices: draw a line."""
    volume_unit: VolumeUnit | None = None
    """``None`` where no candle has a volume."""
    demo: bool = False
    """It is invented, as everything in the demo."""
    title: str = ""
    """The source's name as a person writes it; empty where only ``provider`` is known."""

    @property
    def covered(self) -> bool:
        """Whether the candles reach back to the beginning of the range, but for one interval or a 12th of it.

        The points of a line are the samples nearest to each moment, and the first may lie before the range:
        what is left may begin one interval later.
        """
        missing = min((2 if self.line else 1) * self.interval, self.range.seconds // 12)
        return bool(self.candles) and self.candles[0].start <= self.begin + missing

    @property
    def change(self) -> Decimal | None:
        """The change from the first open to the last close, in percent; ``None`` where there is none."""
        if not self.candles or not (first := self.candles[0].open):
            return None
        return (self.candles[-1].close / first - 1) * 100
