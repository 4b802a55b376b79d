"""Runs a provider that has no stream: polls it for as long as topics of it are wanted."""

from __future__ import annotations

from collections.abc import Sequence

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import Source, State
from streamcore.providers.base import Provider
from streamcore.providers.reports import Malformed, Notice, Refusal, Report
from streamcore.status import Health, ProviderStatus
from streamcore.streams.backfill import Backfill
from streamcore.streams.checkpoints import Checkpoints
from streamcore.streams.poller import Poller
from streamcore.streams.reporting import Reporting, ReportSink
from streamcore.tasks import Tasks

POLLED = "this source has no stream, it is polled"


class PolledStream:
    """Keeps the topics of one provider fresh by asking again and again.

    To consumers it is in the state ``fallback`` while its polls succeed, and ``failed`` while they do not.
    """

    def __init__(
        self,
        provider: Provider,
        settings: Settings,
        clock: Clock,
        checkpoints: Checkpoints,
        sink: ReportSink,
        *,
        demo: bool,
    ) -> None:
        self.provider = provider
        self.demo = demo
        self._clock = clock
        self._sink = sink
        self._topics: tuple[str, ...] = ()
        self._wanted: frozenset[str] = frozenset()
        """The same as `_topics`, to look one up."""
        self._reporting = Reporting(self, sink, clock)
        self._work = Tasks(self.name, clock, failed=self._reporting.internal)
        self._backfill = Backfill(
            provider.name,
            provider.rest,
            checkpoints,
            clock,
            self._work,
            deliver=self._deliver,
            failed=self._failed,
            answered=self._reporting.request_succeeded,
            is_wanted=lambda topic: topic in self._wanted,
            retries=False,
        )
        self._poller = Poller(
            self._poll,
            interval=settings.stream.poll_interval,
            clock=clock,
            failed=self._failed,
            tasks=self._work,
        )
        self._error: ProviderError | None = None
        """Why the last poll brought nothing."""
        self._succeeded = False
        self._since = clock.time()
        self._answers = 0
        self._last_answer_at: float | None = None

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.provider.name

    @property
    def health(self) -> Health:
        """What routing must know of it."""
        if self._error is not None:
            return Health.DOWN
        return Health.UP if self._succeeded else Health.STARTING

    @property
    def poll_failed(self) -> bool:
        """The last poll brought nothing."""
        return self._error is not None

    @property
    def is_well(self) -> bool:
        """Whether it brings data."""
        return self._error is None

    @property
    def _parked(self) -> bool:
        """Its last error is one that waiting does not cure: it is asked again only when a person wants it."""
        return self._error is not None and self._error.parks

    def set_topics(self, topics: Sequence[str]) -> None:
        """Make these the wanted topics, all of them.

        Returns at once; the sink hears of a change afterwards, never from within this call.
        """
        new = [topic for topic in topics if topic not in self._wanted]
        self._topics, self._wanted = tuple(topics), frozenset(topics)
        if not topics:
            self._poller.stop()
            if not self._parked:
                self._change(error=None, succeeded=False)
        elif self._parked:
            pass
        elif not self._poller.running:
            self._poller.start()
        elif new:
            self._backfill.catch_up(new)

    def refresh(self, topics: Sequence[str]) -> None:
        """Ask for the present state of some wanted topics at once."""
        if not self._parked:
            self._backfill.catch_up(topics)

    def ask_quote(self, topic: str) -> None:
        """Do nothing: every poll tells what there is."""

    def reconnect(self) -> None:
        """Poll now, as if nothing had ever been refused."""
        self.provider.forget()
        self._backfill.reset()
        if self._parked:
            self._change(error=None, succeeded=False)
        self._poll_now()

    def check(self) -> None:
        """Poll now, after time has jumped. What is parked stays so."""
        if not self._parked:
            self._poll_now()

    async def close(self) -> None:
        """Stop."""
        await self._work.close()

    def malformed(self, text: str) -> None:
        """Report data that cannot be used; of a burst only the first is reported."""
        self._reporting.errors.malformed(text)

    def status(self, dropped: int) -> ProviderStatus:
        """Return a snapshot of this moment. ``dropped``: events that gave way in consumers' buffers."""
        state = State.DISCONNECTED
        if self._topics:
            state = State.FALLBACK if self._error is None else State.FAILED
        return ProviderStatus(
            provider=self.name,
            kind=self.provider.kind,
            demo=self.demo,
            state=state,
            reason=self._error.message if self._error else POLLED if self._topics else None,
            since=self._since,
            parked=bool(self._topics) and not self._poller.running,
            idle=not self._topics,
            fallback=self._poller.running,
            poll_failed=self.poll_failed,
            streams=False,
            subscriptions=len(self._topics),
            topics=self._topics,
            messages_received=self._answers,
            malformed=self._reporting.malformed_count,
            dropped=dropped,
            last_message_at=self._last_answer_at,
            breaker=self._backfill.breaker.state,
            gaps_filled=self._backfill.gaps_filled,
            recovered=self._backfill.recovered,
            limits=self.provider.limits.text,
        )

    def _poll_now(self) -> None:
        if self._topics:
            self._poller.stop()
            self._poller.start()

    async def _poll(self) -> None:
        await self._backfill.poll(self._topics)
        self._change(error=None, succeeded=True)

    def _failed(self, error: ProviderError) -> None:
        self._reporting.request_failed(error)
        self._change(error=error, succeeded=self._succeeded)

    def _change(self, *, error: ProviderError | None, succeeded: bool) -> None:
        """Set what `health` follows from. A task tells the sink of a change, since it may be the caller."""
        before = self.health
        self._error, self._succeeded = error, succeeded
        if self.health is not before:
            self._since = self._clock.time()
            self._work.start("status", self._tell_status)

    async def _tell_status(self) -> None:
        self._sink.status_changed(self)

    def _deliver(self, report: Report, source: Source, as_of: float) -> bool:
        if not isinstance(report, Notice | Malformed | Refusal):
            self._answers += 1
            self._last_answer_at = self._clock.time()
        return self._reporting.deliver(report, Source.POLL, as_of)
