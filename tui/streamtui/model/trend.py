"""The course of a price over the last 24 hours, for a sparkline: one price for each quarter of an hour."""

from __future__ import annotations

from array import array
from decimal import Decimal
from math import isnan, nan

from streamcore import CandleSeries
from streamtui.format.numbers import is_plausible

SLOT = 900
"""Seconds that one price stands for."""
SLOTS = 96
"""Prices kept: 24 hours."""


class Trend:
    """The last price of each quarter of an hour, as floats; 96 of them at most.

    It begins with what a source has of the past, see `fill`, and goes on with live prices.
    """

    __slots__ = ("_live", "_newest", "_prices", "version")

    def __init__(self) -> None:
        self._prices = array("d")
        """Oldest first; not a number where no price is known."""
        self._live = bytearray()
        """For each whether it is a live price, which no source's past replaces."""
        self._newest = 0
        """The number of the last slot, counted from the beginning of Unix time."""
        self.version = 0
        """Another number for other prices."""

    def add(self, at: float, price: Decimal | None) -> None:
        """Take the price at Unix seconds ``at``; ``None``: none is known, time goes on."""
        self._go_on_to(int(at) // SLOT)
        if is_plausible(price):
            value = float(price)
            if int(at) // SLOT == self._newest:
                self._live[-1] = True
                if self._prices[-1] != value:
                    self._prices[-1] = value
                    self.version += 1

    def fill(self, series: CandleSeries, at: float) -> None:
        """Take what a source knows of the last 24 hours before Unix seconds ``at``.

        Where a live price is known, it stays; what another source knew before gives way. While nothing was
        traded the price was the last one.
        """
        self._go_on_to(int(at) // SLOT)
        missing = SLOTS - len(self._prices)
        live = bytearray(missing) + self._live
        prices = array("d", [nan]) * missing + self._prices
        for slot in range(SLOTS):
            if not live[slot]:
                prices[slot] = nan
        oldest = self._newest - SLOTS + 1
        candles = [candle for candle in series.candles if is_plausible(candle.close)]
        ends = [candle.start for candle in candles[1:]]
        ends += [candle.start + series.interval for candle in candles[-1:]]
        for candle, end in zip(candles, ends, strict=True):
            first, last = max(0, candle.start // SLOT - oldest), min(SLOTS - 1, (end - 1) // SLOT - oldest)
            for slot in range(first, last + 1):
                if isnan(prices[slot]):
                    prices[slot] = float(candle.close)
        self._prices, self._live = prices, live
        self.version += 1

    def set_back(self, by: float) -> None:
        """Date everything back by so many seconds, because the wall clock has been set back."""
        self._newest -= int(-(-by // SLOT))

    @property
    def has_past(self) -> bool:
        """Whether more than the present is known."""
        return len(self._known()) > 1

    def change(self) -> float | None:
        """Return the change from the first price that is known to the last, as a share of the first."""
        known = self._known()
        return (known[-1] - known[0]) / known[0] if len(known) > 1 and known[0] else None

    def samples(self, count: int) -> list[float | None]:
        """Return so many prices, oldest first, for equal parts of the 24 hours; ``None``: none is known."""
        prices = [nan] * (SLOTS - len(self._prices)) + self._prices.tolist()
        found: list[float | None] = []
        for part in range(count):
            end = (part + 1) * SLOTS // count
            known = [one for one in prices[min(part * SLOTS // count, end - 1) : end] if not isnan(one)]
            found.append(known[-1] if known else None)
        return found

    def _known(self) -> list[float]:
        return [price for price in self._prices if not isnan(price)]

    def _go_on_to(self, slot: int) -> None:
        if not self._prices:
            self._prices, self._live, self._newest = array("d", [nan]), bytearray(1), slot
            return
        steps = slot - self._newest
        if steps > 0:
            self._prices.extend([nan] * min(steps, SLOTS))
            self._live.extend(bytes(min(steps, SLOTS)))
            del self._prices[:-SLOTS]
            del self._live[:-SLOTS]
            self._newest = slot
            self.version += 1
