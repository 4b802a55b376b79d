"""One provider at work: its connections, the polling that stands in for them, and its status.

Stream, polling and catching up after a gap meet here and leave by one door, `ReportSink.report`; behind it
the way an event came is a field of the event and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import DataKind, ErrorKind, Source, State
from streamcore.net.transport import Transport
from streamcore.providers.base import (
    Malformed,
    Notice,
    PartialFetch,
    PriceReport,
    Provider,
    Report,
    SignatureSeen,
    TokenAccounts,
    TokenAccountsRequest,
    TransactionReport,
)
from streamcore.status import Health, ProviderStatus
from streamcore.streams.backfill import Backfill
from streamcore.streams.checkpoints import Checkpoints
from streamcore.streams.connection import Connection
from streamcore.streams.poller import Poller
from streamcore.streams.subscriptions import Shards

_BEST_FIRST = (
    State.CONNECTED,
    State.DISCONNECTED,
    State.DISCONNECTING,
    State.CONNECTING,
    State.FALLBACK,
    State.FAILED,
)
"""A provider of several connections is in the state of the worst of them."""

MALFORMED_EVERY = 60.0
"""Seconds between two reports of unusable data."""


class ReportSource(Protocol):
    """A provider at work, as far as a `ReportSink` must know it."""

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
        """Tell of something it said that cannot be used."""
        ...

    def status(self, dropped: int) -> ProviderStatus:
        """Return a snapshot of this moment."""
        ...


class ReportSink(Protocol):
    """Who is told what a provider says and how it is."""

    def report(self, stream: ReportSource, report: Report, source: Source, as_of: float) -> bool:
        """One report. ``as_of``: monotonic seconds at which it can first have been true.

        Returns whether it was news.
        """
        ...

    def trouble(self, stream: ReportSource, error: ProviderError) -> None:
        """Something a person should know."""
        ...

    def restarted(self, stream: ReportSource, topics: Sequence[str]) -> None:
        """The way these topics come has changed; what follows starts with their whole state."""
        ...

    def status_changed(self, stream: ReportSource) -> None:
        """`ProviderStream.status` has something new to say."""
        ...


class ProviderStream:
    """Keeps one provider's topics flowing, over the stream or, while that is down, by polling."""

    def __init__(
        self,
        provider: Provider,
        settings: Settings,
        clock: Clock,
        checkpoints: Checkpoints,
        sink: ReportSink,
        *,
        transport: Transport,
        demo: bool,
    ) -> None:
        self.provider = provider
        self._transport = transport
        self.demo = demo
        self._settings = settings
        self._clock = clock
        self._checkpoints = checkpoints
        self._sink = sink
        self._topics: tuple[str, ...] = ()
        self._shards = Shards(provider.limits.topics_per_connection)
        self._connections: list[Connection] = []
        self._backfill = Backfill(
            provider.name,
            provider.rest,
            checkpoints,
            clock,
            deliver=self._deliver,
            failed=self._trouble,
            restored=self._release,
        )
        self._sweeper: asyncio.Task[None] | None = None
        self._checks: set[asyncio.Task[None]] = set()
        self._held: list[TransactionReport] = []
        self._poller = Poller(
            self._poll, interval=settings.stream.poll_interval, clock=clock, failed=self._poll_failed
        )
        self._poll_succeeded = False
        self._polled_at: float | None = None
        self.poll_failed = False
        """Its stream is down, and the polling in its place brings nothing either."""
        self._told: set[tuple[ErrorKind, str]] = set()
        self._malformed_reported_at = float("-inf")
        self._since = clock.time()

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.provider.name

    @property
    def health(self) -> Health:
        """What routing must know of it."""
        if not self._down():
            if self._in_doubt():
                return Health.DOWN
            return Health.UP if self._topics else Health.STARTING
        if self._poller.running:
            return Health.POLLED if self._poll_succeeded else Health.DOWN
        failed = any(one.topics and one.state is State.FAILED for one in self._connections)
        return Health.DOWN if failed else Health.STARTING

    @property
    def is_well(self) -> bool:
        """Whether it brings data, one way or the other, as far as can be known."""
        return not self.poll_failed and not self._in_doubt()

    def _in_doubt(self) -> bool:
        heartbeats = self.provider.limits.silence is not None
        return any(one.in_doubt or (heartbeats and one.stale) for one in self._connections if one.topics)

    def set_topics(self, topics: Sequence[str]) -> None:
        """Make these the wanted topics, all of them; connects and disconnects as that needs."""
        before = set(self._topics)
        self._topics = tuple(topics)
        new = [topic for topic in topics if topic not in before]
        for position, shard in enumerate(self._shards.assign(topics)):
            if position == len(self._connections):
                self._connections.append(
                    Connection(self.provider, self._settings, self._clock, self, transport=self._transport)
                )
            connection = self._connections[position]
            connection.set_topics(shard)
            connection.start()
        if new:
            # over HTTP and at once: the stream may take long to come, or say nothing of a quiet topic
            self._backfill.catch_up(new)
        if not topics:
            self._stop_polling()
        if topics and self._sweeper is None and self.provider.limits.sweep:
            self._sweeper = asyncio.create_task(self._sweep(), name=f"{self.name} sweep")

    def refresh(self, topics: Sequence[str]) -> None:
        """Ask for the present state of some wanted topics, over HTTP and at once."""
        self._backfill.catch_up(topics)

    def reconnect(self) -> None:
        """Start every connection over at once, as if nothing had ever been refused."""
        self.provider.forget()
        self._backfill.breaker.reset()
        for connection in self._connections:
            if connection.topics:
                connection.reconnect()

    def check(self) -> None:
        """Doubt everything known, after time has jumped: see `Connection.check`."""
        for connection in self._connections:
            connection.check()
        if self._topics:
            self._backfill.catch_up(self._topics)

    async def close(self) -> None:
        """Close every connection with a close frame and stop all work."""
        self._poller.stop()
        if self._sweeper is not None:
            self._sweeper.cancel()
        for task in self._checks:
            task.cancel()
        await self._backfill.close()
        await asyncio.gather(*(connection.close() for connection in self._connections))

    def status(self, dropped: int) -> ProviderStatus:
        """Return a snapshot of this moment. ``dropped``: events that gave way in consumers' buffers."""
        active = [connection for connection in self._connections if connection.topics] or self._connections[
            :1
        ]
        worst = max(active, key=lambda connection: _BEST_FIRST.index(connection.state), default=None)
        counters = [connection.statistics for connection in self._connections]
        latencies = [counter.latency for counter in counters if counter.latency is not None]
        retries = [connection.retry_at for connection in active if connection.retry_at is not None]
        heard = [self._polled_at, *(connection.last_message_at for connection in self._connections)]
        messages = [at for at in heard if at is not None]
        return ProviderStatus(
            provider=self.name,
            kind=self.provider.kind,
            demo=self.demo,
            state=State.DISCONNECTED if worst is None else worst.state,
            reason=None if worst is None else worst.reason,
            since=self._since if worst is None else worst.since,
            attempt=0 if worst is None else worst.attempt,
            retry_at=min(retries, default=None),
            parked=worst is not None and worst.parked,
            idle=not self._topics,
            fallback=self._poller.running,
            poll_failed=self.poll_failed,
            stale=any(connection.stale for connection in active),
            subscriptions=len(self._topics),
            topics=self._topics,
            connections=sum(1 for connection in active if connection.topics),
            latency_ms=round(max(latencies) * 1000, 1) if latencies else None,
            messages_received=sum(counter.messages_received for counter in counters),
            messages_sent=sum(counter.messages_sent for counter in counters),
            bytes_received=sum(counter.bytes_received for counter in counters),
            bytes_sent=sum(counter.bytes_sent for counter in counters),
            malformed=sum(counter.malformed for counter in counters),
            dropped=dropped,
            reconnects=sum(counter.reconnects for counter in counters),
            uptime=min((connection.uptime for connection in active), default=0.0),
            last_message_at=max(messages, default=None),
            breaker=self._backfill.breaker.state,
            gaps_filled=self._backfill.gaps_filled,
            recovered=self._backfill.recovered,
            limits=self.provider.limits.words,
            heartbeats=self.provider.limits.silence is not None,
        )

    def malformed(self, text: str) -> None:
        """Tell of something unusable, unless that was told just now: a burst is one piece of news."""
        if self._clock.monotonic() - self._malformed_reported_at >= MALFORMED_EVERY:
            self._malformed_reported_at = self._clock.monotonic()
            self._sink.trouble(self, ProviderError(ErrorKind.PROTOCOL, text))

    def connection_changed(self, connection: Connection) -> None:
        """Pass it on; when every stream is back, without polling."""
        if connection.state is State.CONNECTED and not self._down():
            self._stop_polling()
        self._sink.status_changed(self)

    def connection_established(self, connection: Connection) -> None:
        """Catch up on what was missed."""
        self._told.clear()
        if connection.statistics.reconnects:
            self._sink.restarted(self, connection.topics)
        self._backfill.catch_up(connection.topics)

    def connection_quiet(self, connection: Connection) -> None:
        """Ask over HTTP whether nothing happens, or just nothing is told."""
        if self.provider.kind is DataKind.PRICES:
            task = asyncio.create_task(self._check_silence(connection), name=f"{self.name} silent")
            self._checks.add(task)
            task.add_done_callback(self._checks.discard)

    def connection_lost(self, connection: Connection, error: ProviderError) -> None:
        """Let polling stand in."""
        self._trouble(error)
        if connection.topics and not self._poller.running:
            self._sink.restarted(self, connection.topics)
            self._poller.start()
        connection.fall_back()

    def connection_reports(self, connection: Connection, reports: Sequence[Report]) -> None:
        """Pass on what the stream says; transactions wait while older ones are being fetched."""
        now = self._clock.monotonic()
        for report in reports:
            if isinstance(report, PriceReport):  # of these there are a thousand for each of the others
                self._sink.report(self, report, Source.STREAM, now)
            elif isinstance(report, SignatureSeen | TokenAccountsRequest):
                self._backfill.ask(report)
            elif self._backfill.restoring and isinstance(report, TransactionReport):
                self._held.append(report)
            else:
                self._deliver(report, Source.STREAM, now)
        if len(self._held) >= self._settings.stream.queue_capacity:
            self._release()

    def _down(self) -> tuple[str, ...]:
        return tuple(
            topic
            for connection in self._connections
            if connection.state is not State.CONNECTED
            for topic in connection.topics
        )

    def _deliver(self, report: Report, source: Source, as_of: float) -> bool:
        match report:
            case Notice(error=error) | PartialFetch(error=error):
                self._trouble(error)
            case Malformed(reason=reason):
                self.malformed(f"{self.name} sent something that makes no sense; it was left out: {reason}")
            case TokenAccounts(topic=topic):
                for connection in self._connections:
                    if topic in connection.topics:
                        connection.resolve(report)
            case _:
                return self._sink.report(self, report, source, as_of)
        return False

    def _trouble(self, error: ProviderError) -> None:
        """Tell of an error once, not at every attempt that fails the same way."""
        if (error.kind, error.message) not in self._told:
            self._told.add((error.kind, error.message))
            self._sink.trouble(self, error)

    async def _poll(self) -> None:
        await self._backfill.poll(self._down())
        self._polled_at = self._clock.time()
        self._polled(succeeded=True)

    def _polled(self, *, succeeded: bool) -> None:
        news = self._poll_succeeded is not succeeded or self.poll_failed is succeeded
        self._poll_succeeded, self.poll_failed = succeeded, not succeeded
        if news:
            self._sink.status_changed(self)

    def _stop_polling(self) -> None:
        self._poller.stop()
        self._poll_succeeded = self.poll_failed = False

    async def _check_silence(self, connection: Connection) -> None:
        try:
            moved = await self._backfill.moved(connection.topics)
        except ProviderError as error:
            self._trouble(error)
            return
        if moved and connection.stale:
            text = f"prices move, but the {self.name} stream is silent; connecting anew"
            connection.give_up(ProviderError(ErrorKind.NETWORK, text))

    async def _sweep(self) -> None:
        """Now and then look for what a subscription that died in silence never told."""
        while True:
            await self._clock.sleep(self._settings.stream.sweep_interval)
            well = [connection for connection in self._connections if connection.state is State.CONNECTED]
            for connection in well:
                try:
                    missed = await self._backfill.sweep(connection.topics)
                except ProviderError as error:
                    self._trouble(error)
                    continue
                if missed:
                    text = f"{self.name} streamed on but left out {missed} transactions; subscribing anew"
                    self._sink.trouble(self, ProviderError(ErrorKind.GAP, text))
                    connection.reconnect()

    def _poll_failed(self, error: ProviderError) -> None:
        self._trouble(error)
        if error.parks:
            for connection in self._connections:
                connection.refuse_fallback(error)
        self._polled(succeeded=False)

    def _release(self) -> None:
        held, self._held = self._held, []
        for report in held:
            self._deliver(report, Source.STREAM, self._clock.monotonic())
