"""The series that are remembered: which are fresh, and which are better than nothing. In memory only."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeAlias

import msgspec

from streamcore.candles import CandleSeries, ChartRange

CAPACITY = 64
"""Series that are kept; beyond that the one that was used least lately goes."""

LONGEST_FRESH = 3600.0
"""Seconds for which a series of long candles is fresh; one of short candles is so for one of them."""

LEAST_OF_LONGER = 4
"""Candles of a longer range that stand for a shorter one until its own have come."""

SeriesKey: TypeAlias = tuple[str, str, int]
"""Source, instrument's key, interval in seconds: ranges of one interval share what was fetched."""


def is_fresh(series: CandleSeries, now: float) -> bool:
    """Return whether a series need not be asked for again yet; ``now`` is Unix seconds."""
    return 0 <= now - series.fetched_at < min(float(series.interval), LONGEST_FRESH)


def within(series: CandleSeries, span: ChartRange) -> CandleSeries:
    """Return that part of a series which a range that is not longer shows, as of when it was fetched."""
    if span is series.range:
        return series
    begin = int(series.fetched_at) - span.seconds
    candles = tuple(one for one in series.candles if one.start >= begin)
    running = series.running and bool(candles)
    return msgspec.structs.replace(series, range=span, begin=begin, candles=candles, running=running)


def ending(longer: CandleSeries, span: ChartRange) -> CandleSeries | None:
    """Return the end of a longer range that stands for a shorter one until its own candles have come.

    ``None``: its candles are too long for that, or too few.
    """
    if longer.interval * LEAST_OF_LONGER > span.seconds:
        return None
    found = within(longer, span)
    return found if len(found.candles) >= LEAST_OF_LONGER else None


def longer_than(span: ChartRange) -> list[ChartRange]:
    """Return the ranges that are longer, the shortest first."""
    return sorted((one for one in ChartRange if one.seconds > span.seconds), key=lambda one: one.seconds)


class SeriesCache:
    """The last series by what they were asked for; the one that was used least lately is dropped first."""

    def __init__(self) -> None:
        self._series: OrderedDict[SeriesKey, CandleSeries] = OrderedDict()

    def get(self, key: SeriesKey) -> CandleSeries | None:
        """Return what is remembered, however old; ``None``: nothing."""
        found = self._series.get(key)
        if found is not None:
            self._series.move_to_end(key)
        return found

    def put(self, key: SeriesKey, series: CandleSeries) -> None:
        """Remember a series in the place of an older one."""
        self._series[key] = series
        self._series.move_to_end(key)
        while len(self._series) > CAPACITY:
            self._series.popitem(last=False)
