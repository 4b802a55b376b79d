"""The lowest and highest price of 24 hours, from candles, for a row whose source does not tell them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from streamcore import CandleSeries, ChartRange
from streamtui.format.numbers import is_plausible
from streamtui.format.texts import source_title

LONGEST_CANDLE = 3600
"""Seconds of a candle at most: the first one may begin before the 24 hours by as much."""
KEPT_FOR = 3600.0
"""Seconds for which it is believed: prices leave the 24 hours all the time."""


@dataclass(slots=True)
class DayRange:
    """The extremes of 24 hours at one source."""

    low: Decimal
    high: Decimal
    provider: str
    source: str
    """The source's name as a person writes it."""
    taken_at: float
    """Unix seconds of the candles."""
    since: int | None
    """Unix seconds of the first candle where it is younger than 24 hours."""

    def take(self, price: Decimal) -> None:
        """Take a later price of the same source."""
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price


def day_range(series: CandleSeries, at: float) -> DayRange | None:
    """Return the extremes of the 24 hours before Unix seconds ``at``.

    ``None`` where the candles do not tell them: too long ones, of too short a range, or single prices,
    between which the price may have been anywhere.
    """
    day = ChartRange.DAY.seconds
    if series.line or series.interval > LONGEST_CANDLE or series.range.seconds < day:
        return None
    candles = [
        one
        for one in series.candles
        if one.start + series.interval > at - day and is_plausible(one.low) and is_plausible(one.high)
    ]
    if not candles:
        return None
    first = series.candles[0].start
    return DayRange(
        low=min(one.low for one in candles),
        high=max(one.high for one in candles),
        provider=series.provider,
        source=source_title(series),
        taken_at=series.fetched_at,
        since=None if series.covered or first < at - day else first,
    )
