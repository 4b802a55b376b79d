"""What a price did while this session watched it, minute by minute, in bounded memory.

It is what a chart can show of an asset of which no source has a past. The exact highest and lowest price of
the session are kept in the row.
"""

from __future__ import annotations

from array import array
from decimal import Decimal

from streamcore import Candle

INTERVAL = 60
"""Seconds of a candle."""
CAPACITY = 60
"""Candles kept: an hour."""
_FIELDS = 5


class SessionCandles:
    """The last candles of one row, as floats: five to a candle."""

    __slots__ = ("_ring", "since")

    def __init__(self) -> None:
        self.since: float | None = None
        """Unix seconds of the first price."""
        self._ring = array("d")
        """Start, open, high, low and close of each candle; the last one may be growing still."""

    def __len__(self) -> int:
        """Return how many candles there are."""
        return len(self._ring) // _FIELDS

    def add(self, at: float, price: float) -> None:
        """Take the price at Unix seconds ``at``; one older than the growing candle is ignored."""
        ring = self._ring
        if ring:
            begin = ring[-_FIELDS]
            if begin <= at < begin + INTERVAL:
                if price > ring[-3]:
                    ring[-3] = price
                elif price < ring[-2]:
                    ring[-2] = price
                ring[-1] = price
                return
            if at < begin:
                return
            if len(ring) == CAPACITY * _FIELDS:
                del ring[:_FIELDS]
        else:
            self.since = at
        ring.extend((at - at % INTERVAL, price, price, price, price))

    def set_back(self, by: float) -> None:
        """Date everything back by so many seconds, because the wall clock has been set back."""
        if self.since is not None:
            self.since -= by
        whole = -(-by // INTERVAL) * INTERVAL  # candles begin at multiples of their length
        for at in range(0, len(self._ring), _FIELDS):
            self._ring[at] -= whole

    def candles(self) -> tuple[Candle, ...]:
        """Return the candles, oldest first; the last one may be growing still."""
        ring = self._ring
        return tuple(
            Candle(
                start=int(ring[at]),
                open=_decimal(ring[at + 1]),
                high=_decimal(ring[at + 2]),
                low=_decimal(ring[at + 3]),
                close=_decimal(ring[at + 4]),
            )
            for at in range(0, len(ring), _FIELDS)
        )


def _decimal(value: float) -> Decimal:
    return Decimal(repr(value))
