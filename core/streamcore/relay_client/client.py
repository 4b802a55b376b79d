"""The engine that is fed by a relay: what the relay says, offered as an `Engine`.

Messages travel one way: socket → `Connection` → `RelayCodec` → `RelayFeed` with its `Mirror` → hub →
consumers. What this terminal wants travels the other way, whole: the relay is told everything that is wanted
whenever that changes.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING

import msgspec

from streamcore.assets.instruments import Instrument
from streamcore.assets.tokens import Token, matching
from streamcore.candles import CandleSeries, ChartRange
from streamcore.clock import Clock, SystemClock, wait_for
from streamcore.config.model import Settings
from streamcore.config.surroundings import read_surroundings
from streamcore.engine import Engine, Snapshot
from streamcore.errors import (
    AlreadyStarted,
    EncodingMissing,
    NotRunning,
    ProviderError,
    SettingsError,
    UnknownProvider,
)
from streamcore.events import ErrorKind, Event, State
from streamcore.history.live import with_present
from streamcore.hub import Hub
from streamcore.net.network import Network
from streamcore.net.transport import Transport
from streamcore.relay_client.control import Control
from streamcore.relay_client.feed import RelayFeed
from streamcore.relay_client.lookups import Lookups
from streamcore.relay_client.past import Past
from streamcore.relay_client.provider import RelayProvider, impatient
from streamcore.relay_client.quotes import RelayQuotes
from streamcore.relay_client.search import RelaySearch
from streamcore.relay_client.subscriptions import Subscriptions, asked_as
from streamcore.status import ProviderStatus
from streamcore.streams.connection import Connection
from streamcore.streams.time_jumps import watch_for_time_jumps
from streamcore.tasks import Tasks
from streamcore.token_hits import SearchResult, TokenHit
from streamcore.tracking.statuses import STATUS_EVERY
from streamcore.wire.encodings import encoding
from streamcore.wire.messages import Request

if TYPE_CHECKING:
    from streamcore.recording import Capture

NOT_STARTED = "the engine has not been started: ask it inside `async with RelayClient(…) as engine:`"
ENDED = "the engine has ended and brings nothing any more: make a new RelayClient"

LEAST_CAPACITY = 10_000
"""Events that wait for a consumer at least: a relay sends a thousand transactions at once to who has missed
more, and several such frames may come before the consumer has its turn."""

FIRST_HELLO = 3.0
"""Seconds that the first subscription waits for the relay's hello, which tells what its tickers mean."""

MAX_MESSAGE_BYTES = 8 << 20
"""The longest message taken from a relay, decompressed."""

_LOGGER = logging.getLogger(__name__)


class RelayClient:
    """The `Engine` that talks to a relay instead of the providers.

    Use it as an asynchronous context manager, once, as a `streamcore.StreamManager`. Its events are those of
    the relay's engine, with ``relay`` set and times by this computer's clock. Beside the providers' statuses
    there is one named ``relay``. While the relay cannot be reached, nothing is asked of the providers: every
    status says so, and prices stay as they were last.
    """

    name = RelayProvider.name
    """The name of its own status."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        transport: Transport | None = None,
        capture: Capture | None = None,
    ) -> None:
        """Make one that is not connected; entering its context connects it.

        Args:
            settings: ``relay.url`` names at least one relay.
            clock: Time and random numbers; the system's, unless a test brings its own.
            transport: The network; the real one, unless a test brings its own, and closes it.
            capture: Keeps everything that goes over the transport. Whoever hands one in closes it.

        Raises:
            SettingsError: No relay is named, or ``relay.encoding`` needs a library that is not installed.
        """
        if not settings.relay.url:
            raise SettingsError("relay.url", None, "expected the URL of a relay", "the settings")
        # what a relay sends is never longer than its answer about the trends of a few hundred rows
        most = min(settings.stream.max_message_bytes, MAX_MESSAGE_BYTES)
        stream = msgspec.structs.replace(settings.stream, max_message_bytes=most)
        self.settings = msgspec.structs.replace(settings, stream=stream)
        self._clock = clock or SystemClock()
        self._transport = transport
        self._capture = capture
        try:
            self._encoding = encoding(settings.relay.encoding)
        except EncodingMissing as error:
            name = str(settings.relay.encoding)
            raise SettingsError("relay.encoding", name, str(error), "the settings") from error
        self._capacity = max(settings.stream.queue_capacity, LEAST_CAPACITY)
        self._hub = Hub(settings.stream.queue_capacity, lambda: self.snapshot().prices.values())
        self._lookups = Lookups(self._clock, self._changed)
        self._revision = 0
        self._control = Control()
        self._subscriptions = Subscriptions(settings.tokens)
        self._feed = RelayFeed(
            settings.relay,
            self._encoding,
            self._clock,
            self._hub,
            subscriptions=self._subscriptions,
            lookups=self._lookups,
            unsent=self._unsent,
        )
        self._past = Past(self._lookups, self._clock, shift=lambda: self._feed.shift)
        self._search = RelaySearch(self._lookups)
        self._tasks = Tasks("relay client", self._clock, failed=self._feed.reports.report)
        self._quotes = RelayQuotes(
            self._lookups, self._tasks, self._clock, is_live=lambda: self._feed.is_live
        )
        self._connection: Connection | None = None
        self._exit = AsyncExitStack()
        self._started = False
        self._closing = False

    async def __aenter__(self) -> RelayClient:
        """Start to connect; returns at once, connected or not.

        Raises:
            AlreadyStarted: It has been started before.
            SettingsError: The environment names a proxy or certificates that cannot be used.
        """
        if self._started:
            raise AlreadyStarted("this engine has been started before: make a new RelayClient")
        self._started = True
        async with AsyncExitStack() as stack:
            stack.callback(self._end)
            transport = self._transport
            if transport is None:
                stream = self.settings.stream
                network = Network(
                    self._clock,
                    timeout=stream.connect_timeout,
                    surroundings=read_surroundings(),
                    streams=stream.transport,
                )
                transport = await stack.enter_async_context(network)
            if self._capture is not None:
                transport = self._capture.around(transport, self.settings, configured=self.settings)
            self._connection = connection = Connection(
                self._feed.provider,
                msgspec.structs.replace(self.settings, backoff=impatient(self.settings.backoff)),
                self._clock,
                self._feed,
                transport=transport,
                tasks=self._tasks,
            )
            stack.push_async_callback(self._tasks.close)
            stack.push_async_callback(connection.close)
            self._tasks.start_loop("status every ten seconds", self._publish_statuses)
            self._tasks.start_loop(
                "watching for jumps of time", partial(watch_for_time_jumps, self._clock, self._time_jumped)
            )
            self._changed()
            connection.start()
            self._exit = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection with a close frame, and end every consumer's iteration."""
        self._closing = True
        await self._exit.aclose()

    def _end(self) -> None:
        self._closing = True
        self._lookups.lost(ProviderError(ErrorKind.NETWORK, "the engine has ended"), everywhere=True)
        self._hub.close()

    async def subscribe_prices(self, symbols: Iterable[str]) -> list[Token]:
        """See `Engine.subscribe_prices`; the first call waits a moment for the relay, which knows tickers."""
        connection = self._running()
        if not self._feed.greeted.is_set() and not connection.parked:
            try:
                await wait_for(self._clock, self._feed.greeted.wait(), FIRST_HELLO)
            except TimeoutError:
                _LOGGER.info("the relay has not said hello yet; tickers are read as this program knows them")
        instruments = self._subscriptions.add_symbols(symbols)
        self._changed()
        return [self._described(instrument) for instrument in instruments]

    async def unsubscribe_prices(self, symbols: Iterable[str]) -> None:
        """See `Engine.unsubscribe_prices`."""
        self._running()
        self._subscriptions.remove_symbols(symbols)
        self._changed()

    async def subscribe_wallets(self, addresses: Iterable[str]) -> list[str]:
        """See `Engine.subscribe_wallets`."""
        self._running()
        wallets = self._subscriptions.add_wallets(addresses)
        self._changed()
        return wallets

    async def unsubscribe_wallets(self, addresses: Iterable[str]) -> None:
        """See `Engine.unsubscribe_wallets`."""
        self._running()
        self._subscriptions.remove_wallets(addresses)
        self._changed()

    def describe(self, symbol: str) -> Token:
        """See `Engine.describe`; as the relay has it, as soon as it has said hello."""
        self._connected()
        return self._described(self._subscriptions.understand(symbol))

    def complete(self, prefix: str) -> list[Token]:
        """See `Engine.complete`."""
        return matching(prefix, {ticker: self.describe(ticker) for ticker in self._subscriptions.tickers})

    def _described(self, instrument: Instrument) -> Token:
        return self._subscriptions.described(instrument, self._feed.mirror.rows.get(instrument.key))

    def _changed(self) -> None:
        """Have the codec look at what is wanted, and ask what is to be asked."""
        self._revision += 1
        if self._connection is not None:
            self._connection.set_topics((f"revision {self._revision}",))

    def _unsent(self) -> list[Request]:
        return [*self._control.requests(), *self._lookups.requests()]

    @property
    def price_sources(self) -> Mapping[str, str | None]:
        """See `Engine.price_sources`; the source of a row without a price yet is the relay."""
        return self._feed.sources.find()

    def ask_quote(self, symbol: str) -> None:
        """See `Engine.ask_quote`; the relay asks, once for all its terminals."""
        self._running()
        instrument = self._subscriptions.understand(symbol)
        if instrument.key in self._subscriptions.symbols:
            self._quotes.want(instrument.key)

    def snapshot(self) -> Snapshot:
        """See `Engine.snapshot`."""
        known, given_up = self._feed.mirror.prices, self._subscriptions.given_up
        given_up &= known.keys()
        prices = {key: event.as_snapshot() for key, event in known.items() if key not in given_up}
        return Snapshot(ts=self._clock.time(), prices=prices, statuses=self.statuses())

    def events(self) -> AsyncIterator[Event]:
        """See `Engine.events`."""
        if self._closing:
            raise NotRunning(ENDED)
        now = self._clock.time()
        statuses = self.statuses().items()
        known = [status.event(now) for name, status in statuses if self._feed.has_told(name)]
        return self._hub.subscribe([*known, *self.snapshot().prices.values()], capacity=self._capacity)

    def drain(self, name: str) -> list[Event]:
        """See `Engine.drain`."""
        if name and name not in self.statuses():
            raise UnknownProvider(name, self.statuses())
        return self._hub.drain(name)

    def statuses(self) -> dict[str, ProviderStatus]:
        """See `Engine.statuses`: the providers' as the relay tells them, and its own last."""
        return {} if self._connection is None else self._feed.statuses(self._connection)

    def status(self, name: str) -> ProviderStatus:
        """See `Engine.status`."""
        statuses = self.statuses()
        if name not in statuses:
            raise UnknownProvider(name, statuses)
        return statuses[name]

    @property
    def is_any_connected(self) -> bool:
        """Whether the relay is there, and at least one provider streams to it."""
        return self._feed.is_live and any(
            status.state is State.CONNECTED for status in self._feed.mirror.statuses.values()
        )

    @property
    def is_fallback_active(self) -> bool:
        """See `Engine.is_fallback_active`."""
        return any(status.fallback for status in self._feed.mirror.statuses.values())

    async def history(self, symbol: str, span: ChartRange) -> CandleSeries:
        """See `Engine.history`."""
        self._running()
        instrument = self._subscriptions.understand(symbol)
        series = await self._past.series(instrument.key, asked_as(instrument), span)
        return with_present(series, self._feed.mirror.prices.get(instrument.key))

    def cached_history(self, symbol: str, span: ChartRange) -> CandleSeries | None:
        """See `Engine.cached_history`."""
        self._connected()
        key = self._subscriptions.understand(symbol).key
        known = self._past.cached(key, span)
        return None if known is None else with_present(known, self._feed.mirror.prices.get(key))

    async def trends(self) -> Mapping[str, CandleSeries]:
        """See `Engine.trends`."""
        self._running()
        return await self._past.trends(lambda: self._subscriptions.symbols)

    def cached_trends(self) -> Mapping[str, CandleSeries]:
        """See `Engine.cached_trends`."""
        self._connected()
        return self._past.cached_trends(self._subscriptions.symbols)

    async def search(self, text: str) -> SearchResult:
        """See `Engine.search`."""
        self._running()
        return await self._search.search(text)

    async def name_tokens(self, mints: Iterable[str]) -> Mapping[str, TokenHit]:
        """See `Engine.name_tokens`."""
        self._running()
        return await self._search.name(mints)

    async def resolve_wallet(self, name: str) -> str:
        """See `Engine.resolve_wallet`; the relay looks the name up."""
        self._running()
        return await self._search.resolve(name)

    async def reconnect(self, name: str) -> None:
        """See `Engine.reconnect`; the relay is asked for a provider's, which needs the right to control."""
        connection = self._running()
        if name == self.name:
            connection.reconnect()
        elif name in self._feed.mirror.statuses:
            self._request_reconnect(name)
        else:
            raise UnknownProvider(name, self.statuses())

    async def reconnect_all(self) -> None:
        """See `Engine.reconnect_all`: the relay where it is not there, else all its providers."""
        connection = self._running()
        if self._feed.is_live:
            self._request_reconnect(None)
        else:
            connection.reconnect()

    def _request_reconnect(self, name: str | None) -> None:
        # while no relay is there nobody knows what the token allows; the next one will say
        self._control.reconnect(name, allowed=self._feed.may_control or not self._feed.is_live)
        self._changed()

    def _running(self) -> Connection:
        if self._closing:
            raise NotRunning(ENDED)
        return self._connected()

    def _connected(self) -> Connection:
        """Return the connection, also after the end."""
        if self._connection is None:
            raise NotRunning(NOT_STARTED)
        return self._connection

    async def _publish_statuses(self) -> None:
        while True:
            await self._clock.sleep(STATUS_EVERY)
            if self._connection is not None:
                self._feed.publish_statuses(self._connection)

    def _time_jumped(self) -> None:
        self._feed.time_jumped()
        if self._connection is not None:
            self._connection.check()


if TYPE_CHECKING:
    _ENGINE: type[Engine] = RelayClient  # so that the type checker compares it with the protocol
