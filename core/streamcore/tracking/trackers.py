"""Where all streams of an engine report to: the tracker of each kind of data, and the consumers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import DataKind, Event, Source
from streamcore.providers.reports import PriceReport, Report
from streamcore.streams.reporting import ReportSource
from streamcore.tracking.prices import PriceTracker
from streamcore.tracking.statuses import Statuses
from streamcore.tracking.tracker import Tracker
from streamcore.tracking.wallets import WalletTracker


class Trackers:
    """The `ReportSink` of all streams. `attach` the trackers before any stream is given topics."""

    def __init__(self, statuses: Statuses, clock: Clock, *, publish: Callable[[Event], None]) -> None:
        """Make one without trackers: they are made of the streams, which report here.

        Args:
            statuses: Publishes the status of a provider when it changes.
            clock: Time.
            publish: Passes an event on to the consumers.
        """
        self._statuses = statuses
        self._clock = clock
        self._publish = publish
        self._by_kind: dict[DataKind, Tracker] = {}
        self._ending = False

    def attach(self, prices: PriceTracker, wallets: WalletTracker) -> None:
        """Have these trackers from now on."""
        self._prices = prices
        self._by_kind = {DataKind.PRICES: prices, DataKind.WALLETS: wallets}

    def end(self) -> None:
        """Choose no sources any more: what closes from now on is not to be replaced."""
        self._ending = True

    def report(self, stream: ReportSource, report: Report, source: Source, as_of: float) -> bool:
        """See `ReportSink.report`."""
        return self._of(stream).report(stream, report, source, as_of)

    def prices(self, stream: ReportSource, reports: Sequence[PriceReport], as_of: float) -> None:
        """See `ReportSink.prices`."""
        self._prices.prices(stream, reports, as_of)

    def trouble(self, stream: ReportSource, error: ProviderError) -> None:
        """See `ReportSink.trouble`: publish it."""
        self._publish(error.event(stream.name, self._clock.time(), demo=stream.demo))

    def restarted(self, stream: ReportSource, topics: Sequence[str]) -> None:
        """See `ReportSink.restarted`."""
        self._of(stream).restarted(stream, topics)

    def status_changed(self, stream: ReportSource) -> None:
        """See `ReportSink.status_changed`: publish what is new in the status, and choose sources anew."""
        self._statuses.changed(stream)
        if not self._ending:
            self._of(stream).reroute()

    def forgive(self, stream: ReportSource) -> None:
        """Ask a provider again for what it has refused: a person wants it."""
        self._of(stream).forgive(stream.name)

    def pass_time(self) -> None:
        """Do what only needs time to have passed; to be called every few seconds."""
        for tracker in self._by_kind.values():
            tracker.pass_time()

    def _of(self, stream: ReportSource) -> Tracker:
        return self._by_kind[stream.provider.kind]
