"""One source of candles in use: what it is known not to have, when to leave it alone, who goes first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from streamcore.assets.instruments import Instrument
from streamcore.candles import CandleSeries, ChartRange
from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.circuit_breaker import CircuitBreaker
from streamcore.providers.history_source import HistorySource

UNKNOWN_FOR = 900.0
"""Seconds for which a source that has no history of an instrument is not asked for it again."""


class AskedSource:
    """A `HistorySource` as the engine asks it: what a person waits for goes before what fills a column."""

    def __init__(self, source: HistorySource, clock: Clock, *, demo: bool) -> None:
        """``demo``: what it says is invented."""
        self.source = source
        self.name = source.name
        self._clock = clock
        self._demo = demo
        self._breaker = CircuitBreaker(clock)
        self._unknown: dict[str, float] = {}
        """Key of an instrument to the moment until which the source is known not to have it."""
        self._waited_for = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def metered(self) -> bool:
        """Whether its answers use up what a key pays for; in the demo nothing does."""
        return self.source.metered and not self._demo

    def has(self, instrument: Instrument) -> bool:
        """Return whether it may have the past of an instrument."""
        until = self._unknown.get(instrument.key)
        known_not_to = until is not None and until > self._clock.monotonic()
        return not known_not_to and self.source.has(instrument)

    def longest(self, span: ChartRange) -> ChartRange:
        """Return the longest range that the request for this one serves as well."""
        intervals = self.source.intervals
        return max((one for one in intervals if intervals[one] == intervals[span]), key=_length)

    async def candles(self, instrument: Instrument, span: ChartRange) -> CandleSeries:
        """Return what somebody waits for; see `HistorySource.candles`."""
        self._waited_for += 1
        self._idle.clear()
        try:
            self._breaker.check()
            try:
                series = await self.source.candles(instrument, span, self._clock.time())
            except ProviderError as error:
                self._failed(error, instrument)
                raise
        finally:
            self._waited_for -= 1
            if not self._waited_for:
                self._idle.set()
        self._breaker.succeeded()
        return self._marked(series)

    async def nobody_waits(self) -> None:
        """Return when nobody waits for a single series."""
        await self._idle.wait()

    async def many(self, instruments: Sequence[Instrument], span: ChartRange) -> dict[str, CandleSeries]:
        """Return series by their instruments' keys, when nobody waits for a single one any more."""
        await self.nobody_waits()
        self._breaker.check()
        try:
            found = await self.source.many(instruments, span, self._clock.time())
        except ProviderError as error:
            self._failed(error, *instruments)
            raise
        self._breaker.succeeded()
        self._remember_unknown(*(one for one in instruments if one.key not in found))
        return {key: self._marked(series) for key, series in found.items()}

    def forget(self) -> None:
        """Ask for everything again: a person wants to try again."""
        self._unknown.clear()
        self._breaker.reset()
        self.source.forget()

    def _failed(self, error: ProviderError, *instruments: Instrument) -> None:
        self._breaker.failed(error)
        if error.kind is ErrorKind.SUBSCRIPTION:
            self._remember_unknown(*instruments)

    def _remember_unknown(self, *instruments: Instrument) -> None:
        now = self._clock.monotonic()
        self._unknown = {key: until for key, until in self._unknown.items() if until > now}
        self._unknown.update((one.key, now + UNKNOWN_FOR) for one in instruments)

    def _marked(self, series: CandleSeries) -> CandleSeries:
        return msgspec.structs.replace(series, demo=self._demo)


def _length(span: ChartRange) -> int:
    return span.seconds
