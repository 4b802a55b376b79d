"""The last day of many instruments, for a column: few requests, and never before what a person waits for.

First a source is asked that answers for many at once. An instrument whose live prices are an exchange's then
has its day from there, one request each; what was there at first gives way to it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from streamcore.assets.instruments import Instrument
from streamcore.candles import CandleSeries, ChartRange
from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.history.asked_source import AskedSource
from streamcore.history.packed_series import PackedSeries, Unpacking
from streamcore.history.series_cache import within
from streamcore.history.source_order import SourceOrder

DUE_AFTER = 600.0
"""Seconds after which a day is asked for again. It is less than the quarter of an hour after which a consumer
asks for all: the last of many rows came minutes after the first."""

MOVED_AFTER = 60.0
"""Seconds after which the day of an instrument that has another live source is asked for there."""

AT_ONCE = 10
"""Instruments that one source is asked about before somebody else who wants trends gets a turn."""

_LOGGER = logging.getLogger(__name__)


class Trends:
    """The last day of every instrument that is asked for; a series for each, never two markets in one."""

    def __init__(
        self,
        order: SourceOrder,
        clock: Clock,
        *,
        charted: Callable[[AskedSource, Instrument], CandleSeries | None],
    ) -> None:
        """Make one that knows nothing yet.

        Args:
            order: Which sources to ask.
            clock: Time.
            charted: Returns what was fetched of a source's last day for a chart, however old.
        """
        self._order = order
        self._clock = clock
        self._charted = charted
        self._series: dict[str, PackedSeries] = {}
        self._turn = asyncio.Lock()

    def known_of(self, instrument: Instrument) -> CandleSeries | None:
        """Return the last day of one instrument as it was fetched last."""
        series = self._series.get(instrument.key)
        return None if series is None else series.unpacked()

    def known(self, instruments: Iterable[Instrument]) -> Mapping[str, CandleSeries]:
        """Return the last day of those instruments that have one, by their keys; see `Unpacking`."""
        keys = (one.key for one in instruments)
        return Unpacking({key: self._series[key] for key in keys if key in self._series})

    async def refresh(self, wanted: Callable[[], Sequence[Instrument]]) -> None:
        """Fetch what is missing or was fetched long ago; series that cannot be had are left as they are.

        ``wanted`` returns all instruments of the column. The days of others are forgotten.
        """
        tried: dict[str, set[str]] = {}
        while await self._fetch_some(wanted, tried):
            pass

    async def _fetch_some(
        self, wanted: Callable[[], Sequence[Instrument]], tried: dict[str, set[str]]
    ) -> bool:
        """Fetch what is due of some instruments, those without anything first; return whether there were any.

        ``tried`` has the sources that were asked about each. Between two calls others get their turn.
        """
        async with self._turn:
            instruments = wanted()
            keys = {one.key for one in instruments}
            self._series = {key: series for key, series in self._series.items() if key in keys}
            due = [one for one in instruments if self._is_due(one, tried.get(one.key, set()))]
            due.sort(key=lambda one: one.key in self._series)
            groups = self._groups(due, tried)
            for asked, group in groups:
                for one in group:
                    tried[one.key].add(asked.name)
            work = (self._fetch(asked, group) for asked, group in groups)
            for outcome in await asyncio.gather(*work, return_exceptions=True):
                if isinstance(outcome, BaseException):
                    raise outcome  # a fault of this program, when the other sources have ended
            return bool(groups)

    def _is_due(self, instrument: Instrument, tried: Collection[str]) -> bool:
        """Return whether to ask for a day. ``tried``: the sources that were asked for it just now."""
        series = self._series.get(instrument.key)
        now = self._clock.time()
        if series is None or not self._is_recent(series):
            return True
        first = self._order.for_trend(instrument)[:1]
        if not first or not first[0].name == self._order.own(instrument) != series.provider:
            return False
        stood_in = series.provider in tried and first[0].name not in tried
        return stood_in or now - series.fetched_at > MOVED_AFTER

    def _is_recent(self, series: CandleSeries | PackedSeries) -> bool:
        return 0 <= self._clock.time() - series.fetched_at < DUE_AFTER

    def _groups(
        self, instruments: Iterable[Instrument], tried: dict[str, set[str]]
    ) -> list[tuple[AskedSource, list[Instrument]]]:
        """Return what to ask some sources for next: every instrument's first that has not been tried.

        One of which nothing is known is asked of a source that answers for many, if there is such a one.
        """
        groups: dict[str, tuple[AskedSource, list[Instrument]]] = {}
        for instrument in instruments:
            asked_before = tried.setdefault(instrument.key, set())
            untried = [one for one in self._order.for_trend(instrument) if one.name not in asked_before]
            if not untried:
                continue
            asked = untried[0]
            if instrument.key not in self._series:
                asked = next((one for one in untried if one.source.batch_size > 1), asked)
            group = groups.setdefault(asked.name, (asked, []))[1]
            if len(group) < max(AT_ONCE, asked.source.batch_size):
                group.append(instrument)
        return [*groups.values()]

    async def _fetch(self, asked: AskedSource, instruments: Sequence[Instrument]) -> None:
        """Ask one source for some instruments, and keep what it has."""
        size = asked.source.batch_size
        for first in range(0, len(instruments), size):
            await asked.nobody_waits()
            group = [one for one in instruments[first : first + size] if not self._take_chart(asked, one)]
            if not group:
                continue
            try:
                answer = await asked.many(group, asked.longest(ChartRange.DAY))
            except ProviderError as error:
                if error.kind is ErrorKind.SUBSCRIPTION:
                    continue
                _LOGGER.info("the last day of some prices cannot be had: %s", error.message)
                break
            for key, series in answer.items():
                day = within(series, ChartRange.DAY)
                if day.candles:
                    self._series[key] = PackedSeries(day)

    def _take_chart(self, asked: AskedSource, instrument: Instrument) -> bool:
        """Take what a chart was drawn from a moment ago for the last day; return whether there is such."""
        series = self._charted(asked, instrument)
        if series is None or not series.candles or not self._is_recent(series):
            return False
        self._series[instrument.key] = PackedSeries(series)
        return True
