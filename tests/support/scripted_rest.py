"""A fake REST side and a fake report sink, for tests of one provider's stream."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence

from manual_clock import ManualClock

from streamcore.errors import ProviderError
from streamcore.events import Source
from streamcore.providers.reports import Checkpoint, PriceReport, Question, Report
from streamcore.status import ProviderStatus
from streamcore.streams.reporting import ReportSource

Step = Report | ProviderError | Exception | float
"""A step of an answer: a report, an error to raise, or seconds to wait."""


class ScriptedRest:
    """A `streamcore.providers.base.Rest` that carries out the steps of ``on_fetch`` and ``on_answer``.

    It keeps every call with its time (monotonic seconds).
    """

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.on_fetch: Callable[[tuple[str, ...]], Iterable[Step]] = lambda topics: ()
        self.on_answer: Callable[[Question], Iterable[Step]] = lambda question: ()
        self.on_check_accounts: Callable[[tuple[str, ...]], Iterable[Step]] = lambda topics: ()
        self.checked: list[tuple[float, tuple[str, ...]]] = []
        """When which topics were looked at."""
        self.fetches: list[tuple[float, tuple[str, ...]]] = []
        """Time and topics of each call of `fetch`."""
        self.checkpoints: list[Mapping[str, Checkpoint]] = []
        self.answers: list[tuple[float, Question]] = []
        """Time and question of each call of `answer`."""
        self.under_way = 0
        self.most_under_way = 0

    def wanted_anew(self, topics: Sequence[str]) -> None:
        """Do nothing: every fetch tells what the script says."""

    @property
    def fetched_at(self) -> list[float]:
        return [at for at, _ in self.fetches]

    async def fetch(
        self, topics: Sequence[str], checkpoints: Mapping[str, Checkpoint]
    ) -> AsyncIterator[Report]:
        self.fetches.append((self._clock.monotonic(), tuple(topics)))
        self.checkpoints.append(checkpoints)
        async for report in self._play(self.on_fetch(tuple(topics))):
            yield report

    async def answer(self, question: Question) -> AsyncIterator[Report]:
        self.answers.append((self._clock.monotonic(), question))
        async for report in self._play(self.on_answer(question)):
            yield report

    async def check_accounts(self, topics: Sequence[str]) -> AsyncIterator[Report]:
        self.checked.append((self._clock.monotonic(), tuple(topics)))
        async for report in self._play(self.on_check_accounts(tuple(topics))):
            yield report

    async def _play(self, steps: Iterable[Step]) -> AsyncIterator[Report]:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            for step in steps:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, float):
                    await self._clock.sleep(step)
                else:
                    yield step
        finally:
            self.under_way -= 1


class ScriptedSink:
    """A `streamcore.streams.reporting.ReportSink` that keeps everything; it calls ``on_status``."""

    def __init__(self) -> None:
        self.reports: list[tuple[Report, Source]] = []
        self.errors: list[ProviderError] = []
        self.restarts: list[tuple[str, ...]] = []
        self.status_changes = 0
        self.on_status: Callable[[], None] = lambda: None
        self.is_news: Callable[[Report], bool] = lambda report: True

    @property
    def texts(self) -> list[str]:
        return [error.message for error in self.errors]

    def report(self, stream: ReportSource, report: Report, source: Source, as_of: float) -> bool:
        self.reports.append((report, source))
        return self.is_news(report)

    def prices(self, stream: ReportSource, reports: Sequence[PriceReport], as_of: float) -> None:
        self.reports += [(report, Source.STREAM) for report in reports]

    def trouble(self, stream: ReportSource, error: ProviderError) -> None:
        self.errors.append(error)

    def restarted(self, stream: ReportSource, topics: Sequence[str]) -> None:
        self.restarts.append(tuple(topics))

    def status_changed(self, stream: ReportSource) -> None:
        status: ProviderStatus = stream.status(0)
        assert status.provider == stream.name
        self.status_changes += 1
        self.on_status()
