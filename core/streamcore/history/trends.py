"""The last day of many instruments, for a column: few requests, and never before what a person waits for.

An instrument whose live prices are an exchange's has its day from there, one request each. For all others a
source is asked that answers for many at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

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

    def __init__(self, order: SourceOrder, clock: Clock) -> None:
        self._order = order
        self._clock = clock
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
            due = sorted(filter(self._is_due, instruments), key=lambda one: one.key in self._series)
            groups = self._groups(due, tried)
            for asked, group in groups:
                for one in group:
                    tried[one.key].add(asked.name)
            work = (self._fetch(asked, group) for asked, group in groups)
            for outcome in await asyncio.gather(*work, return_exceptions=True):
                if isinstance(outcome, BaseException):
                    raise outcome  # a fault of this program, when the other sources have ended
            return bool(groups)

    def _is_due(self, instrument: Instrument) -> bool:
        series = self._series.get(instrument.key)
        now = self._clock.time()
        if series is None or not 0 <= now - series.fetched_at < DUE_AFTER:
            return True
        first = self._order.for_trend(instrument)[:1]
        moved = bool(first) and first[0].name == self._order.own(instrument) != series.provider
        return moved and now - series.fetched_at > MOVED_AFTER

    def _groups(
        self, instruments: Iterable[Instrument], tried: dict[str, set[str]]
    ) -> list[tuple[AskedSource, list[Instrument]]]:
        """Return what to ask some sources for next: every instrument's first that has not been tried."""
        groups: dict[str, tuple[AskedSource, list[Instrument]]] = {}
        for instrument in instruments:
            asked_before = tried.setdefault(instrument.key, set())
            untried = (one for one in self._order.for_trend(instrument) if one.name not in asked_before)
            if (asked := next(untried, None)) is None:
                continue
            group = groups.setdefault(asked.name, (asked, []))[1]
            if len(group) < max(AT_ONCE, asked.source.batch_size):
                group.append(instrument)
        return [*groups.values()]

    async def _fetch(self, asked: AskedSource, instruments: Sequence[Instrument]) -> None:
        """Ask one source for some instruments, and keep what it has."""
        size = asked.source.batch_size
        for first in range(0, len(instruments), size):
            try:
                answer = await asked.many(instruments[first : first + size], asked.longest(ChartRange.DAY))
            except ProviderError as error:
                if error.kind is ErrorKind.SUBSCRIPTION:
                    continue
                _LOGGER.info("the last day of some prices cannot be had: %s", error.message)
                break
            for key, series in answer.items():
                day = within(series, ChartRange.DAY)
                if day.candles:
                    self._series[key] = PackedSeries(day)
