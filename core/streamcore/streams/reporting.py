"""The interface of this package to the trackers above it: a `ReportSource` reports to a `ReportSink`.

The reports of streams, of polls and of fetches after a gap all pass through `Reporting`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import Source
from streamcore.providers.base import Provider
from streamcore.providers.reports import (
    Malformed,
    Notice,
    PartialFetch,
    PriceReport,
    Report,
    Throttled,
    TokenAccounts,
)
from streamcore.status import ProviderStatus
from streamcore.streams.error_reports import ErrorReports

REQUESTS = "requests"
"""The subject of errors over HTTP; see `ErrorReports.well`."""

STREAM = "stream"
"""The subject of errors that end a stream."""


class ReportSource(Protocol):
    """A provider that is being run, as far as a `ReportSink` must know it."""

    @property
    def name(self) -> str:
        """The provider's name."""
        ...

    @property
    def provider(self) -> Provider:
        """The provider."""
        ...

    @property
    def demo(self) -> bool:
        """Whether an embedded emulator answers in its place."""
        ...

    def malformed(self, text: str) -> None:
        """Report data of it that cannot be used."""
        ...

    def status(self, dropped: int) -> ProviderStatus:
        """Return a snapshot of this moment."""
        ...


class ReportSink(Protocol):
    """Receives the reports, errors and changes of status of providers.

    It is called from the work of a source, never within a call of `set_topics`, `refresh`, `reconnect` or
    `check`; so it may call those from here.
    """

    def report(self, stream: ReportSource, report: Report, source: Source, as_of: float) -> bool:
        """One report. ``as_of``: monotonic seconds at which it can first have been true.

        Returns whether it was news.
        """
        ...

    def prices(self, stream: ReportSource, reports: Sequence[PriceReport], as_of: float) -> None:
        """What a stream said of prices, read together, in order; for these `report` is not called.

        Their figures are credible; see `streamcore.providers.base.Codec.received`.
        """
        ...

    def trouble(self, stream: ReportSource, error: ProviderError) -> None:
        """An error that a person should know of."""
        ...

    def restarted(self, stream: ReportSource, topics: Sequence[str]) -> None:
        """The stream of these topics is new, or polling replaces it: the next report counts as a snapshot."""
        ...

    def status_changed(self, stream: ReportSource) -> None:
        """`ReportSource.status` has changed."""
        ...


class Reporting:
    """Passes on what one provider says: data to the sink, errors to a person, accounts to the codecs."""

    def __init__(
        self,
        stream: ReportSource,
        sink: ReportSink,
        clock: Clock,
        *,
        resolved: Callable[[TokenAccounts], None] = lambda accounts: None,
    ) -> None:
        """``resolved`` is given the answers that are for a codec."""
        self._stream = stream
        self._sink = sink
        self._resolved = resolved
        self.errors = ErrorReports(clock, lambda error: sink.trouble(stream, error))
        self.malformed_count = 0
        """How many `Malformed` reports have passed."""

    def deliver(self, report: Report, source: Source, as_of: float) -> bool:
        """Pass a report on; return whether it was news. See `ReportSink.report`."""
        match report:
            case Notice(error=error) | PartialFetch(error=error) | Throttled(error=error):
                self.errors.report(error)
            case Malformed(reason=reason):
                self.malformed_count += 1
                name = self._stream.name
                self.errors.malformed(f"{name} sent something that makes no sense; it was left out: {reason}")
            case TokenAccounts():
                self._resolved(report)
            case _:
                return self._sink.report(self._stream, report, source, as_of)
        return False

    def request_failed(self, error: ProviderError) -> None:
        """Report an error over HTTP, if it is news."""
        self.errors.report(error, REQUESTS)

    def request_succeeded(self) -> None:
        """Take note that the host answers over HTTP."""
        self.errors.well(REQUESTS)

    def internal(self, error: ProviderError) -> None:
        """Report a fault of this program, if it is news."""
        self.errors.report(error)
