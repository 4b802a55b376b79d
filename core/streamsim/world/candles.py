"""Candles of the emulated market, of any length that an emulated provider serves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from streamsim.wire import exact
from streamsim.world.history import MICROS, History, decimal_price
from streamsim.world.spans import SIZES, Span

CHART_SECONDS = {
    "1s": 1,
    "15s": 15,
    "30s": 30,
    "1m": 60,
    "3m": 180,
    "5m": 300,
    "15m": 900,
    "30m": 1800,
    "1H": 3600,
    "2H": 7200,
    "4H": 14400,
    "6H": 21600,
    "8H": 28800,
    "12H": 43200,
    "1D": 86400,
    "3D": 259200,
    "1W": 604800,
    "1M": 2592000,
}
"""Length of a candle of each chart type in seconds; ``1M`` is a calendar month, so only about that long."""

_MONDAY = 345600
"""The first Monday after the Unix epoch, in seconds: where weeks are counted from."""


def bucket_start(chart: str | int, unix: float) -> int:
    """Return the start of the candle that includes ``unix``, both in Unix seconds.

    Args:
        chart: Chart type; or the length of the candles in seconds, which begin at its multiples.
        unix: The moment.
    """
    if isinstance(chart, int):
        return int(unix // chart) * chart
    if chart == "1M":
        day = datetime.fromtimestamp(unix, UTC)
        return int(day.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp())
    length = CHART_SECONDS[chart]
    offset = _MONDAY if chart == "1W" else 0
    return (int(unix) - offset) // length * length + offset


class Candle(msgspec.Struct):
    """One candle."""

    start: int
    """Unix seconds."""
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = Decimal(0)
    """Whole tokens."""
    volume_usd: Decimal = Decimal(0)
    trades: int = 0

    @classmethod
    def begun(cls, start: int, price: Decimal) -> Candle:
        """Return a candle without trades that starts at ``price``, the close of the one before."""
        return cls(start, price, price, price, price)

    def add(self, price: Decimal, tokens: Decimal, usd: Decimal) -> None:
        """Take in one trade."""
        self.close = price
        self.high = max(self.high, price)
        self.low = min(self.low, price)
        self.volume += tokens
        self.volume_usd += usd
        self.trades += 1

    @property
    def average(self) -> Decimal:
        """The average price, weighted by volume; 0 without trades."""
        if not self.trades:
            return Decimal(0)
        average = exact(self.volume_usd / self.volume) if self.volume else self.close
        if self.low <= average <= self.high:
            return average
        # the invented past is not that exact in volumes
        return exact((self.open + self.high + self.low + self.close) / 4)


def candles(history: History, chart: str | int, start: float, end: float) -> list[Candle]:
    """Return the candles with trades from ``start`` to ``end``, oldest first.

    Args:
        history: The token's.
        chart: Chart type, or the length of the candles in seconds.
        start: Unix seconds; where a candle begins.
        end: The same; infinite to include the candle that is still open.
    """
    told: list[Candle] = []
    whole: Span | None = None
    begun = 0
    length = CHART_SECONDS[chart] if isinstance(chart, str) else chart
    size = next(size for size in SIZES if length % size == 0)
    for span in history.spans(start, end, size):
        if not span.trades:
            continue
        begins = bucket_start(chart, span.start)
        if whole is not None and begins == begun:
            whole.add(span)
            continue
        if whole is not None:
            told.append(_candle(history, begun, whole))
        whole, begun = span.copy(), begins
    if whole is not None:
        told.append(_candle(history, begun, whole))
    return told


def filled(known: Sequence[Candle], starts: Iterable[int], before: Decimal) -> list[Candle]:
    """Return a candle for each start: one without trades at the last close, where none is known.

    Args:
        known: Candles, oldest first.
        starts: Where the candles begin, oldest first.
        before: The price before the first.
    """
    by_start = {candle.start: candle for candle in known}
    told = []
    for start in starts:
        candle = by_start.get(start) or Candle.begun(start, before)
        before = candle.close
        told.append(candle)
    return told


def _candle(history: History, start: int, span: Span) -> Candle:
    return Candle(
        start,
        decimal_price(span.open),
        decimal_price(span.high),
        decimal_price(span.low),
        decimal_price(span.close),
        span.lots * history.lot,
        span.micros / MICROS,
        span.trades,
    )
