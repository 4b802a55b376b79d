"""The past of prices: chooses the source of each series, shares requests, and remembers what has come.

A series is from one source. The row's own live source is asked first; which comes next is the order of the
sources. Another source is asked where one has no such market, or fails and nothing of it is remembered: what
is remembered of one market is worth more than the freshest candles of another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from streamcore.assets.instruments import Instrument
from streamcore.candles import CandleSeries, ChartRange
from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.history.asked_source import AskedSource
from streamcore.history.series_cache import SeriesCache, SeriesKey, ending, is_fresh, longer_than, within
from streamcore.history.shared_requests import SharedRequests
from streamcore.history.source_order import SourceOrder
from streamcore.history.trends import Trends
from streamcore.tasks import Tasks

_SPOKEN: Mapping[ChartRange, str] = {
    ChartRange.HOUR: "hour",
    ChartRange.DAY: "24 hours",
    ChartRange.WEEK: "7 days",
    ChartRange.MONTH: "30 days",
    ChartRange.YEAR: "year",
}


class PriceHistory:
    """The past of every price, from several sources."""

    def __init__(
        self,
        order: SourceOrder,
        clock: Clock,
        tasks: Tasks,
    ) -> None:
        """Make one that knows nothing yet; ``tasks`` runs the requests."""
        self._order = order
        self._clock = clock
        self._cache = SeriesCache()
        self._requests: SharedRequests[SeriesKey, CandleSeries] = SharedRequests(tasks)
        self._trends = Trends(order, clock, charted=self._charted)
        self._refreshes: SharedRequests[object, None] = SharedRequests(tasks)

    def cached(self, instrument: Instrument, span: ChartRange) -> CandleSeries | None:
        """Return the series that is remembered of the most wanted source that has one, however old.

        Where none is, the end of one of a longer range will do, unless its candles are few and long.
        """
        sources = self._order.for_chart(instrument)
        for asked in sources:
            known = self._known(asked, instrument, span)
            if known is not None and known.candles:
                return known
        for wider in longer_than(span):
            for asked in sources:
                known = self._known(asked, instrument, wider)
                if known is not None and (found := ending(known, span)) is not None:
                    return found
        return None

    async def series(self, instrument: Instrument, span: ChartRange) -> CandleSeries:
        """Return the series of a range: a fresh one that is remembered, or one that is asked for now.

        Raises:
            ProviderError: No source has it at the moment; the text says why.
            NotRunning: The engine ended meanwhile.
        """
        errors: list[tuple[str, ProviderError]] = []
        for asked in self._order.for_chart(instrument):
            known = self._known(asked, instrument, span)
            if known is None or not is_fresh(known, self._clock.time()):
                try:
                    known = within(await self._ask(asked, instrument, span), span)
                except ProviderError as error:
                    errors.append((asked.source.title, error))
                    if known is not None and known.candles:
                        break
                    continue
            if known.candles:
                return known
            text = f"nothing of {instrument.symbol} was traded at {asked.source.title}"
            text += f" within the last {_SPOKEN[span]}"
            errors.append((asked.source.title, ProviderError(ErrorKind.SUBSCRIPTION, text)))
        raise _summary(instrument, errors)

    async def refresh_trends(self, wanted: Callable[[], Sequence[Instrument]]) -> None:
        """Fetch the last day of many instruments, as far as due; see `Trends.refresh`.

        Raises:
            NotRunning: The engine ended meanwhile.
        """
        # not shared: what is wanted may have changed since somebody else asked
        await self._refreshes.get(object(), lambda: self._trends.refresh(wanted))

    def trends(self, instruments: Iterable[Instrument]) -> Mapping[str, CandleSeries]:
        """Return the last day of those instruments of which it is known, by their keys."""
        return self._trends.known(instruments)

    def forget(self) -> None:
        """Ask every source for everything again: a person wants to try again."""
        for asked in self._order.sources:
            asked.forget()

    def _known(self, asked: AskedSource, instrument: Instrument, span: ChartRange) -> CandleSeries | None:
        """Return what is remembered of a source: what was fetched for a chart, or for a column if newer."""
        found = self._charted(asked, instrument, span)
        if span is ChartRange.DAY:
            trend = self._trends.known_of(instrument)
            if trend is not None and trend.provider == asked.name:
                found = trend if found is None or trend.fetched_at > found.fetched_at else found
        return found

    def _charted(
        self, asked: AskedSource, instrument: Instrument, span: ChartRange = ChartRange.DAY
    ) -> CandleSeries | None:
        """Return what was fetched of a source for a chart."""
        charted = self._cache.get(_key(asked, instrument, span))
        return None if charted is None else within(charted, span)

    async def _ask(self, asked: AskedSource, instrument: Instrument, span: ChartRange) -> CandleSeries:
        key = _key(asked, instrument, span)

        async def ask() -> CandleSeries:
            series = await asked.candles(instrument, asked.longest(span))
            self._cache.put(key, series)  # at once: a trend that waits for this looks here first
            return series

        return await self._requests.get(key, ask)


def _key(asked: AskedSource, instrument: Instrument, span: ChartRange) -> SeriesKey:
    return asked.name, instrument.key, asked.source.intervals[span]


def _summary(instrument: Instrument, errors: Sequence[tuple[str, ProviderError]]) -> ProviderError:
    """Return one error for all that went wrong; causes that may pass are told alone.

    ``errors`` are those of the sources, each with its title.
    """
    if not errors:
        return ProviderError(ErrorKind.SUBSCRIPTION, f"no source has a history of {instrument.symbol}")
    passing = [(title, error) for title, error in errors if error.kind is not ErrorKind.SUBSCRIPTION]
    told = passing or errors
    waits = [error.retry_after for _, error in passing if error.retry_after is not None]
    return ProviderError(
        told[0][1].kind,
        _sentence(told),
        retryable=any(error.retryable for _, error in told),
        retry_after=min(waits, default=None),
    )


def _sentence(errors: Sequence[tuple[str, ProviderError]]) -> str:
    """Return all that went wrong; what is the same at several sources is said once."""
    titles: dict[str, list[str]] = {}
    for title, error in errors:
        text = error.message
        about, what = (title, text.removeprefix(title)) if text.startswith(title) else ("", text)
        titles.setdefault(what, []).append(about)
    parts = []
    for what, (first, *others) in titles.items():
        parts.append(first + what)
        if more := [one for one in others if one]:
            listed = ", ".join(more[:-1]) + " and " + more[-1] if len(more) > 1 else more[0]
            parts.append(f"the same at {listed}")
    return "; ".join(parts)
