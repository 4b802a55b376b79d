"""The past of prices as a relay tells it, with what it told before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from math import isfinite

import msgspec

from streamcore.candles import CandleSeries, ChartRange
from streamcore.clock import Clock
from streamcore.errors import InputError, ProviderError
from streamcore.events import ErrorKind
from streamcore.history.series_cache import ending, is_fresh, longer_than
from streamcore.relay_client.lookups import Asking, read_items

MOST_SERIES = 64
_LONGEST = 366 * 86_400
_LATEST = 253_402_300_799
"""The end of the year 9999 in Unix seconds."""


class _Trend(msgspec.Struct):
    """The row that a series of `Lookups` ``trends`` is about; the series itself is beside it."""

    key: str


class Past:
    """Asks a relay for candles, and remembers them."""

    def __init__(self, lookups: Asking, clock: Clock, *, shift: Callable[[], float]) -> None:
        """``shift`` returns the seconds to add to the relay's clock to get this computer's."""
        self._lookups = lookups
        self._clock = clock
        self._shift = shift
        self._series: dict[tuple[str, ChartRange], CandleSeries] = {}
        """The least recently used first."""
        self._trends: dict[str, CandleSeries] = {}

    def cached(self, key: str, span: ChartRange) -> CandleSeries | None:
        """Return what is remembered, however old: of this range, or else the end of a longer one."""
        if (known := self._known(key, span)) is not None:
            return known
        for wider in longer_than(span):
            longer = self._known(key, wider)
            if longer is not None and (found := ending(longer, span)) is not None:
                return found
        return None

    def _known(self, key: str, span: ChartRange) -> CandleSeries | None:
        """Return what was told for a chart, or for a column if that is newer and of the same market."""
        charted = self._series.get((key, span))
        trend = self._trends.get(key) if span is ChartRange.DAY else None
        if trend is None or charted is None:
            return charted or trend
        is_newer = trend.fetched_at > charted.fetched_at
        is_same = (trend.provider, trend.market) == (charted.provider, charted.market)
        return trend if is_newer and is_same else charted

    async def series(self, key: str, asked: str, span: ChartRange) -> CandleSeries:
        """Return a fresh series: a remembered one, or one that the relay is asked for.

        Args:
            key: Of the instrument.
            asked: What the relay knows it by.
            span: How far back.

        Raises:
            ProviderError: The relay has none at the moment; the text says why.
        """
        known = self._series.pop((key, span), None)
        if known is not None:
            self._series[(key, span)] = known
            if is_fresh(known, self._clock.time()):
                return known
        items = read_items(await self._lookups.ask("history", asked, span), CandleSeries)
        if not items:
            raise ProviderError(ErrorKind.PROTOCOL, "the relay answered without a series")
        if not _is_possible(items[0]):
            raise ProviderError(ErrorKind.PROTOCOL, "the relay sent candles that cannot be")
        series = self._by_this_clock(items[0])
        self._series[(key, span)] = series
        if len(self._series) > MOST_SERIES:
            del self._series[next(iter(self._series))]
        return series

    async def trends(self, wanted: Callable[[], Iterable[str]]) -> Mapping[str, CandleSeries]:
        """Return the last day of each row that the relay knows one of; what it knew before if it fails.

        A relay that has to fetch many answers with what it has so far: it is asked again as long as that
        brings more. What has come meanwhile is in `cached_trends`.

        Args:
            wanted: Returns the keys of all rows.
        """
        had = -1
        while (known := await self._asked_for_trends()) is not None:
            self._trends = known
            if not had < len(known) < len(set(wanted())):
                break
            had = len(known)
        return self.cached_trends(wanted())

    async def _asked_for_trends(self) -> dict[str, CandleSeries] | None:
        """Return what the relay has of each row now; ``None`` if it does not say."""
        try:
            found = await self._lookups.ask("trends")
            rows = read_items(found, _Trend)
            series = read_items(found, CandleSeries)
        except (ProviderError, InputError):  # the latter of a relay that does not know the question
            return None
        pairs = zip(rows, series, strict=True)
        return {row.key: self._by_this_clock(one) for row, one in pairs if _is_possible(one)}

    def cached_trends(self, keys: Iterable[str]) -> Mapping[str, CandleSeries]:
        """Return what is remembered of these rows."""
        return {key: self._trends[key] for key in keys if key in self._trends}

    def _by_this_clock(self, series: CandleSeries) -> CandleSeries:
        return msgspec.structs.replace(series, fetched_at=series.fetched_at + self._shift())


def _is_possible(series: CandleSeries) -> bool:
    """Whether a chart can be drawn of a series from outside: ordered, and with numbers that can be."""
    starts = [candle.start for candle in series.candles]
    values = [
        value
        for candle in series.candles
        for value in (candle.open, candle.high, candle.low, candle.close, candle.volume)
        if value is not None
    ]
    return (
        0 < series.interval <= _LONGEST
        and 0 <= series.begin <= _LATEST
        and isfinite(series.fetched_at)
        and 0 <= series.fetched_at <= _LATEST
        and all(0 <= start <= _LATEST for start in starts)
        and all(before < after for before, after in pairwise(starts))
        and all(value.is_finite() and value >= 0 and abs(value.adjusted()) <= 60 for value in values)
    )
