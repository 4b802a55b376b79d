"""Runs a provider that streams: its connections, the polling that stands in for them, and its status.

Reports of the stream, of polls and of fetches after a gap all pass through `Reporting`; beyond it, the way
they came is just a field of the event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import DataKind, ErrorKind, Source, State
from streamcore.net.transport import Transport
from streamcore.providers.base import Provider
from streamcore.providers.reports import (
    PriceReport,
    PriceRequest,
    QuoteRequest,
    Report,
    SignatureSeen,
    TokenAccounts,
    TokenAccountsRequest,
    TransactionReport,
    Unfollowed,
    only_prices,
)
from streamcore.status import Health, ProviderStatus
from streamcore.streams.account_checks import AccountChecks
from streamcore.streams.backfill import Backfill
from streamcore.streams.checkpoints import Checkpoints
from streamcore.streams.connection import Connection
from streamcore.streams.poller import Poller
from streamcore.streams.reporting import STREAM, Reporting, ReportSink
from streamcore.streams.subscriptions import Shards
from streamcore.streams.sweeper import Sweeper
from streamcore.tasks import Tasks

_BEST_FIRST = (
    State.CONNECTED,
    State.DISCONNECTED,
    State.DISCONNECTING,
    State.CONNECTING,
    State.FALLBACK,
    State.FAILED,
)
"""A provider of several connections is in the state of the worst of them."""


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
        self.name = provider.name
        """The provider's name."""
        self._transport = transport
        self.demo = demo
        self._settings = settings
        self._clock = clock
        self._checkpoints = checkpoints
        self._sink = sink
        self._topics: tuple[str, ...] = ()
        self._wanted: frozenset[str] = frozenset()
        """The same as `_topics`, to look one up."""
        self._shards = Shards(provider.limits.topics_per_connection)
        self._connections: list[Connection] = []
        self._reporting = Reporting(self, sink, clock, resolved=self._resolved)
        self._work = Tasks(self.name, clock, failed=self._reporting.internal)
        """All work but that of the connections."""
        self._connection_tasks = Tasks(self.name, clock, failed=self._reporting.internal)
        """The connections; closed last, since each still sends a close frame."""
        self._backfill = Backfill(
            provider.name,
            provider.rest,
            checkpoints,
            clock,
            self._work,
            deliver=self._reporting.deliver,
            failed=self._request_failed,
            answered=self._request_succeeded,
            is_wanted=lambda topic: topic in self._wanted,
            is_live=lambda: any(one.state is State.CONNECTED for one in self._connections),
        )
        self._lacks = False
        """Consumers have been told that something known cannot be fetched."""
        self._account_checks = AccountChecks(
            provider.rest,
            clock,
            self._work,
            gather=provider.limits.debounce,
            deliver=self._reporting.deliver,
            is_wanted=lambda topic: topic in self._wanted,
        )
        self._sweeper = Sweeper(
            provider.name,
            self._connections,
            self._backfill,
            clock,
            interval=settings.stream.sweep_interval,
            failed=self._reporting.request_failed,
            left_out=lambda error: sink.trouble(self, error),
        )
        self._poller = Poller(
            self._poll,
            interval=settings.stream.poll_interval,
            clock=clock,
            failed=self._poll_failed,
            tasks=self._work,
        )
        self._poll_succeeded = False
        self._polled_at: float | None = None
        self.poll_failed = False
        """Its stream is down, and the polling in its place brings nothing either."""
        self._since = clock.time()

    @property
    def health(self) -> Health:
        """What routing must know of it."""
        if not self._topics_down():
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
        """Make these the wanted topics, all of them; connects and disconnects as that needs.

        Returns at once; the sink is never called from within this call.
        """
        new = [topic for topic in topics if topic not in self._wanted]
        self._topics, self._wanted = tuple(topics), frozenset(topics)
        for position, shard in enumerate(self._shards.assign(topics)):
            if position == len(self._connections):
                self._connections.append(
                    Connection(
                        self.provider,
                        self._settings,
                        self._clock,
                        self,
                        transport=self._transport,
                        tasks=self._connection_tasks,
                    )
                )
            connection = self._connections[position]
            connection.set_topics(shard)
            connection.start()
        if new:
            # over HTTP and at once: the stream may take long to come, or say nothing of a quiet topic
            self._backfill.catch_up(new)
            if self.provider.kind is DataKind.WALLETS:
                self._account_checks.check(new)
        if not topics:
            self._stop_polling()
        if topics and self.provider.limits.sweep:
            self._sweeper.start(self._work)

    def refresh(self, topics: Sequence[str]) -> None:
        """Ask for the present state of some wanted topics, over HTTP and at once."""
        self._backfill.catch_up(topics)

    def ask_quote(self, topic: str) -> None:
        """Have bid and ask of a wanted topic asked for over HTTP, if the provider has such."""
        if self.provider.has_quotes:
            self._backfill.ask(QuoteRequest(topic))

    def reconnect(self) -> None:
        """Start every connection over at once, as if nothing had ever been refused."""
        self.provider.forget()
        self._backfill.reset()
        for connection in self._connections:
            if connection.topics:
                connection.reconnect()

    def check(self) -> None:
        """Check every connection and fetch what may have been missed, after time has jumped.

        See `Connection.check`; what is parked stays parked.
        """
        topics: list[str] = []
        for connection in self._connections:
            connection.check()
            if self._poller.running or not connection.parked:
                topics += connection.topics
        if topics:
            self._backfill.catch_up(topics)

    async def close(self) -> None:
        """Close every connection with a close frame and stop all work."""
        await self._work.close()
        await asyncio.gather(*(connection.close() for connection in self._connections))
        await self._connection_tasks.close()

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
            reason=None if worst is None else worst.reason or self._unfetched(),
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
            behind=self._backfill.behind,
            waiting=self._backfill.waiting,
            lag=self._backfill.lag,
            limits=self.provider.limits.text,
            heartbeats=self.provider.limits.silence is not None,
        )

    def malformed(self, text: str) -> None:
        """Report data that cannot be used; of a burst only the first is reported."""
        self._reporting.errors.malformed(text)

    def connection_changed(self, connection: Connection) -> None:
        """Pass it on, and stop polling once every connection is back."""
        if connection.state is State.CONNECTED and not self._topics_down():
            self._stop_polling()
        elif connection.state is State.CONNECTING:
            self._sweeper.connecting(connection.topics)
        self._sink.status_changed(self)

    def connection_established(self, connection: Connection) -> None:
        """Catch up on what was missed: the way to the provider is open, so it may be asked again."""
        self._reporting.errors.well(STREAM)
        self._sweeper.subscribed_anew()
        self._backfill.reset()
        if connection.statistics.reconnects:
            self._sink.restarted(self, connection.topics)
        self._backfill.catch_up(connection.topics)

    def connection_quiet(self, connection: Connection) -> None:
        """Ask over HTTP whether nothing happens or the stream is dead, unless a sweep will find that out."""
        if not self.provider.limits.sweep:
            self._work.start("check of a silence", self._check_silence, connection)

    def connection_lost(self, connection: Connection, error: ProviderError) -> None:
        """Let polling stand in."""
        self._reporting.errors.report(error, STREAM)
        if connection.topics and not self._poller.running:
            self._sink.restarted(self, connection.topics)
            self._poller.start()
        connection.fall_back()

    def connection_reports(self, connection: Connection, reports: Sequence[Report]) -> None:
        """Pass on what the stream says at once, whatever is still being fetched over HTTP."""
        now = self._clock.monotonic()
        if only_prices(reports):
            self._sink.prices(self, reports, now)
            return
        prices: list[PriceReport] = []
        for report in reports:
            if type(report) is PriceReport:
                prices.append(report)
                continue
            if prices:
                self._sink.prices(self, prices, now)
                prices = []
            if isinstance(report, Unfollowed):
                self._sweeper.unfollowed(report)
            elif isinstance(report, SignatureSeen | TokenAccountsRequest | PriceRequest):
                if isinstance(report, SignatureSeen):
                    self._sweeper.streamed(report.signature)
                self._backfill.ask(report)
            else:
                if isinstance(report, TransactionReport):
                    self._sweeper.streamed(report.signature)
                self._reporting.deliver(report, Source.STREAM, now)
        if prices:
            self._sink.prices(self, prices, now)

    def _request_failed(self, error: ProviderError) -> None:
        self._reporting.request_failed(error)
        self._tell_unfetched()

    def _request_succeeded(self) -> None:
        self._reporting.request_succeeded()
        if self._lacks:
            self._tell_unfetched()

    def _unfetched(self) -> str | None:
        return self._backfill.unfetched if self.provider.kind is DataKind.WALLETS else None

    def _tell_unfetched(self) -> None:
        lacks = self._unfetched() is not None
        if lacks is not self._lacks:
            self._lacks = lacks
            self._sink.status_changed(self)

    def _topics_down(self) -> tuple[str, ...]:
        return tuple(
            topic
            for connection in self._connections
            if connection.state is not State.CONNECTED
            for topic in connection.topics
        )

    def _resolved(self, accounts: TokenAccounts) -> None:
        for connection in self._connections:
            if accounts.topic in connection.topics:
                connection.resolve(accounts)

    async def _poll(self) -> None:
        await self._backfill.poll(self._topics_down())
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
            has_news = await self._backfill.has_news(connection.topics)
        except ProviderError as error:
            self._reporting.request_failed(error)
            return
        if not has_news and not connection.in_doubt and any(one.hears for one in self._connections):
            connection.found_quiet()  # by what another connection hears, the provider lives
        elif has_news and not connection.hears:
            text = f"prices move, but the {self.name} stream is silent; connecting anew"
            connection.give_up(ProviderError(ErrorKind.NETWORK, text))

    def _poll_failed(self, error: ProviderError) -> None:
        self._reporting.request_failed(error)
        if error.parks:
            for connection in self._connections:
                connection.refuse_fallback(error)
        self._polled(succeeded=False)
