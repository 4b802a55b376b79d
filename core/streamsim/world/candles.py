"""Candles of the emulated market, as Birdeye's chart types have them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

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


def bucket_start(chart: str, unix: float) -> int:
    """Return the start of the candle of type ``chart`` that includes ``unix``, both in Unix seconds."""
    if chart == "1M":
        day = datetime.fromtimestamp(unix, UTC)
        return int(day.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp())
    length = CHART_SECONDS[chart]
    offset = _MONDAY if chart == "1W" else 0
    return (int(unix) - offset) // length * length + offset


@dataclass(slots=True)
class Candle:
    """One candle of one chart type, still open."""

    start: int
    """Unix seconds."""
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal = Decimal(0)
    """Whole tokens."""

    @classmethod
    def begun(cls, start: int, price: Decimal) -> Candle:
        """Return a candle without trades that starts at ``price``, the close of the one before."""
        return cls(start, price, price, price, price)

    def add(self, price: Decimal, tokens: Decimal) -> None:
        """Take in one trade."""
        self.close = price
        self.high = max(self.high, price)
        self.low = min(self.low, price)
        self.volume += tokens
