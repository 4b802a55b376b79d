"""What the connection to a relay brings, and what becomes of it: state, events, answers and errors."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from operator import attrgetter

import msgspec

from streamcore.clock import Clock
from streamcore.config.serving import RelaySettings
from streamcore.errors import IN_AN_EXPLORER, MalformedMessage, ProviderError
from streamcore.events import ErrorKind, PriceUpdate, State
from streamcore.hub import Hub
from streamcore.providers.reports import Delivery, Report
from streamcore.relay_client.clock_skew import ClockSkew
from streamcore.relay_client.codec import RelayCodec
from streamcore.relay_client.late_prices import LatePrices
from streamcore.relay_client.lookups import Lookups
from streamcore.relay_client.news import News
from streamcore.relay_client.price_sources import PriceSources
from streamcore.relay_client.provider import RelayProvider
from streamcore.relay_client.statuses import mirrored, relay_status
from streamcore.relay_client.subscriptions import Subscriptions
from streamcore.status import ProviderStatus
from streamcore.streams.connection import Connection
from streamcore.streams.error_reports import ErrorReports
from streamcore.text import printable
from streamcore.wire.encoding import Encoding
from streamcore.wire.messages import Answer, Found, Frame, Hello, Position, Refused, Request, Restart, Wanted
from streamcore.wire.mirror import Mirror


class RelayFeed:
    """The `Listener` of the connection to a relay: keeps what the relay says, and publishes what is news."""

    def __init__(
        self,
        settings: RelaySettings,
        encoding: Encoding,
        clock: Clock,
        hub: Hub,
        *,
        subscriptions: Subscriptions,
        lookups: Lookups,
        unsent: Callable[[], Sequence[Request]],
    ) -> None:
        """Make one that has heard nothing.

        Args:
            settings: Names the relays.
            encoding: How messages are written.
            clock: Time.
            hub: Passes events on to the consumers.
            subscriptions: What this terminal wants.
            lookups: The questions that wait for an answer.
            unsent: Returns what else is to be asked now, and forgets it.
        """
        self._interval = settings.interval
        self._encoding = encoding
        self._clock = clock
        self._hub = hub
        self._subscriptions = subscriptions
        self._lookups = lookups
        self._unsent = unsent
        self._skew = ClockSkew()
        self._late = LatePrices()
        self._limits = ""
        self._news = News(clock, subscriptions.wallets)
        self.reports = ErrorReports(clock, self._told)
        """The errors that are told."""
        self.provider = RelayProvider(settings, clock, self._codec)
        self.mirror = Mirror()
        """What the relay has said of prices and providers."""
        self.sources = PriceSources(clock, subscriptions, self.mirror)
        """Where the price of each row comes from."""
        self.is_live = False
        """Whether what the mirror says of the providers is what the relay says now."""
        self._was_live = False
        """Whether the connection that there is now, or was last, has brought a hello."""
        self.may_control = True
        """Whether the relay lets this terminal start providers over."""
        self.greeted = asyncio.Event()
        """Set once a relay has said what its tickers mean."""

    @property
    def shift(self) -> float:
        """Seconds to add to the relay's clock to get this computer's."""
        return self._skew.seconds

    def has_told(self, provider: str) -> bool:
        """Whether consumers have ever been told how a provider is, or the relay."""
        return self._news.has_told(provider)

    def statuses(self, connection: Connection) -> dict[str, ProviderStatus]:
        """Return the providers' statuses as the relay tells them, and its own last."""
        found = mirrored(
            self.mirror.statuses, self._hub.dropped, host=self.provider.blamed, reachable=self.is_live
        )
        found[self.provider.name] = self._own_status(connection)
        return found

    def publish_statuses(self, connection: Connection) -> None:
        """Publish every status of a provider at work, whether it has changed or not."""
        now = self._clock.time()
        for status in self.statuses(connection).values():
            if not status.standby:
                self._hub.publish(status.event(now))

    def time_jumped(self) -> None:
        """Measure anew how far the clocks are apart: this one has been set, or has stood still."""
        self._skew.restart()

    def connection_changed(self, connection: Connection) -> None:
        """See `Listener`: publish how the relay is, and that nothing is known of the providers without it."""
        if self.is_live and connection.state is not State.CONNECTED:
            self.is_live = False
            self._publish_changed(self.statuses(connection).values())
        else:
            self._publish_changed([self._own_status(connection)])

    def connection_established(self, connection: Connection) -> None:
        """See `Listener`."""
        self.provider.established()
        self.reports.well(self.provider.name)

    def connection_lost(self, connection: Connection, error: ProviderError) -> None:
        """See `Listener`: what was asked is not answered any more; a person hears why."""
        # one that was there may be back at once
        self._lookups.lost(error, everywhere=self.provider.all_failed and not self._was_live)
        self._was_live = False
        self.reports.report(error, self.provider.name)

    def connection_quiet(self, connection: Connection) -> None:
        """See `Listener`: nothing stands in for a relay."""

    def connection_reports(self, connection: Connection, reports: Sequence[Report]) -> None:
        """See `Listener`: take what the relay says.

        Raises:
            ProviderError: It makes no sense; the connection is closed and the next one starts whole.
        """
        try:
            for report in reports:
                if isinstance(report, Delivery):
                    self._take(report.answer, connection)
        except MalformedMessage as error:
            raise ProviderError(ErrorKind.PROTOCOL, f"the relay sent {error.reason}") from error

    def _codec(self) -> RelayCodec:
        return RelayCodec(
            self._encoding,
            self._interval,
            wishes=self._subscriptions.wishes,
            requests=self._unsent,
            since=self._begin,
        )

    def _begin(self, hello: Hello) -> Position | None:
        """Let the mirror begin a connection. Done while the hello is read: the answer to it needs this."""
        self.mirror.relay = self.provider.host
        self._skew.restart()
        self._skew.arrived(hello.t / 1000, self._clock.time())
        self.mirror.hello(hello, self._skew.seconds)
        self.sources.restart()
        return self.mirror.since

    def _framed(self, frame: Frame) -> None:
        now, t = self._clock.monotonic(), frame.t / 1000
        shift = self._skew.arrived(t, self._clock.time())
        age = self._clock.time() - shift - t
        self._late.arrived(age, self.mirror.prices, now)
        events = self._late.to_tell(self.mirror.frame(frame, shift), age, self.mirror.prices, now)
        prices = [event for event in events if isinstance(event, PriceUpdate)]
        for _, together in groupby(prices, attrgetter("provider")):
            self._hub.publish_together(list(together))
        for event in events[len(prices) :]:  # prices come first
            if self._news.is_news(event):
                self._hub.publish(event)

    def _take(self, answer: Answer, connection: Connection) -> None:
        match answer:
            case Frame():
                self._framed(answer)
            case Hello():
                self._greet(answer, connection)
            case Wanted():
                self._wanted(answer)
            case Found():
                self._lookups.found(answer)
            case Refused():
                if not self._lookups.refused(answer):
                    self._tell(ErrorKind.SUBSCRIPTION, f"refused: {printable(answer.message)}")
            case Restart():
                seconds = answer.in_ms / 1000
                self._tell(ErrorKind.SERVER, f"the relay restarts in {seconds:g} s", retryable=True)

    def _greet(self, hello: Hello, connection: Connection) -> None:
        self._subscriptions.learn(hello)
        self._lookups.reached()
        self._was_live = True
        self.may_control = hello.control
        most = hello.limits
        self._limits = (
            f"{most.symbols} symbols and {most.wallets} wallets a terminal, "
            f"{most.messages_per_minute} messages a minute"
        )
        self.is_live = True
        self.greeted.set()
        self._publish_changed(self.statuses(connection).values())

    def _wanted(self, wanted: Wanted) -> None:
        self.mirror.wanted(wanted)
        self.sources.rows_changed()
        if wanted.recovered is False:
            reason = "the relay's log does not reach back to where this terminal stopped"
            self._tell(ErrorKind.GAP, f"transactions may be missing: {reason}; {IN_AN_EXPLORER}")
        for what, reason in self._subscriptions.refuse(wanted.refused).items():
            self._tell(ErrorKind.SUBSCRIPTION, f"refused {printable(what, 60)}: {reason}")

    def _own_status(self, connection: Connection) -> ProviderStatus:
        return relay_status(
            self.provider,
            connection,
            demo=self.mirror.demo,
            topics=self._subscriptions.topics,
            dropped=self._hub.dropped[self.provider.name],
            limits=self._limits,
        )

    def _tell(self, kind: ErrorKind, text: str, *, retryable: bool = False) -> None:
        self._told(ProviderError(kind, text, retryable=retryable))

    def _told(self, error: ProviderError) -> None:
        event = error.event(self.provider.name, self._clock.time(), demo=self.mirror.demo)
        self._hub.publish(msgspec.structs.replace(event, relay=self.provider.blamed))

    def _publish_changed(self, statuses: Iterable[ProviderStatus]) -> None:
        now = self._clock.time()
        for status in statuses:
            event = status.event(now)
            if not status.standby and self._news.is_news(event):
                self._hub.publish(event)
