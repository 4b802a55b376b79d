"""The lowest, highest and average price of 24 hours, by candles, for rows whose source does not tell them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from streamcore import Candle, CandleSeries, ChartRange, VolumeUnit
from streamtui.format.numbers import is_plausible
from streamtui.format.texts import source_title

LONGEST_CANDLE = 3600
"""Seconds of a candle at most: the first one may begin before the 24 hours by as much."""
KEPT_FOR = 3600.0
"""Seconds for which it is believed: prices leave the 24 hours all the time."""


@dataclass(slots=True)
class DayRange:
    """What the candles of one source say of 24 hours."""

    low: Decimal
    high: Decimal
    average: Decimal | None
    """About the average price, weighted by what was traded; ``None`` where candles have no volume."""
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
        average=_average(candles, series.volume_unit),
        provider=series.provider,
        source=source_title(series),
        taken_at=series.fetched_at,
        since=None if series.covered or first < at - day else first,
    )


def _average(candles: Sequence[Candle], unit: VolumeUnit | None) -> Decimal | None:
    """Return the average of the candles' middles, weighted by their volumes."""
    dollars = amount = Decimal(0)
    for one in candles:
        middle = (one.high + one.low + one.close) / 3
        if not one.volume or not middle or not is_plausible(one.close):
            continue  # a candle made of live prices has no volume
        amount += one.volume if unit is VolumeUnit.BASE else one.volume / middle
        dollars += one.volume * middle if unit is VolumeUnit.BASE else one.volume
    return dollars / amount if amount else None
