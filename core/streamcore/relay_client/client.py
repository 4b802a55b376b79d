"""The engine that is fed by a relay: what the relay says, offered as an `Engine`.

Messages travel one way: socket → `Connection` → `RelayCodec` → `Mirror` → hub → consumers. What this terminal
wants travels the other way, whole: the relay is told everything that is wanted whenever that changes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING

import msgspec

from streamcore.assets.instruments import Instrument, Venue, understand
from streamcore.assets.listings import exchange_tickers
from streamcore.assets.names import names_given
from streamcore.assets.tokens import Token, TokenTable, check_address, is_address, matching
from streamcore.assets.wallet_names import NO_NAME, wallet_name
from streamcore.candles import CandleSeries, ChartRange
from streamcore.clock import Clock, SystemClock, wait_for
from streamcore.config.model import Settings
from streamcore.config.surroundings import read_surroundings
from streamcore.engine import Engine, Snapshot
from streamcore.errors import (
    AlreadyStarted,
    EncodingMissing,
    InputError,
    MalformedMessage,
    NotRunning,
    ProviderError,
    SettingsError,
    UnknownProvider,
)
from streamcore.events import ErrorKind, Event, State
from streamcore.hub import Hub
from streamcore.net.network import Network
from streamcore.net.transport import Transport
from streamcore.providers.base import Delivery, Report
from streamcore.providers.batching import batches
from streamcore.relay_client.clock_skew import ClockSkew
from streamcore.relay_client.codec import RelayCodec, Wishes
from streamcore.relay_client.lookups import Lookups, read_items
from streamcore.relay_client.news import News
from streamcore.relay_client.past import Past
from streamcore.relay_client.source import RelaySource
from streamcore.relay_client.statuses import mirrored, relay_status
from streamcore.search.token_search import checked_text
from streamcore.status import ProviderStatus
from streamcore.streams.connection import Connection
from streamcore.streams.error_reports import ErrorReports
from streamcore.streams.subscriptions import References
from streamcore.streams.time_jumps import watch_for_time_jumps
from streamcore.tasks import Tasks
from streamcore.text import printable
from streamcore.token_hits import SearchResult, TokenHit
from streamcore.tracking.statuses import STATUS_EVERY
from streamcore.wire.encodings import encoding
from streamcore.wire.messages import (
    Answer,
    Found,
    Frame,
    Hello,
    Position,
    Reconnect,
    Refused,
    Request,
    Restart,
    Wanted,
)
from streamcore.wire.mirror import Mirror

if TYPE_CHECKING:
    from streamcore.recording import Capture

NOT_STARTED = "the engine has not been started: ask it inside `async with RelayClient(…) as engine:`"
ENDED = "the engine has ended and brings nothing any more: make a new RelayClient"

FIRST_HELLO = 3.0
"""Seconds that the first subscription waits for the relay's hello, which tells what its tickers mean."""

MAX_MESSAGE_BYTES = 8 << 20
"""The longest message taken from a relay, decompressed."""

MOST_TOKENS = 10_000
"""Tickers of its own that a relay may have."""

NAMES_PER_QUESTION = 50
"""Mints in one question: a text of the wire has at most 4,096 characters."""

_LOGGER = logging.getLogger(__name__)


class _NamedWallet(msgspec.Struct, frozen=True):
    """The answer to the question for a wallet."""

    address: str = ""


class RelayClient:
    """The `Engine` that talks to a relay instead of the providers.

    Use it as an asynchronous context manager, once, as a `streamcore.StreamManager`. Its events are those of
    the relay's engine, with ``relay`` set and times by this computer's clock. Beside the providers' statuses
    there is one named ``relay``. While the relay cannot be reached, nothing is asked of the providers: every
    status says so, and prices stay as they were last.
    """

    name = RelaySource.name
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
        self._hub = Hub(settings.stream.queue_capacity)
        self._mirror = Mirror()
        self._skew = ClockSkew()
        self._source = RelaySource(settings.relay, self._clock, self._codec)
        self._lookups = Lookups(self._clock, self._changed)
        self._past = Past(self._lookups, self._clock, shift=lambda: self._skew.seconds)
        self._requests: list[Request] = []
        self._last_request = 0
        self._revision = 0
        self._symbols = References()
        self._wallets = References()
        self._instruments: dict[str, Instrument] = {}
        self._refused: dict[str, str] = {}
        """Each symbol or wallet that the relay refuses to the reason that was told."""
        self._tokens = TokenTable(settings.tokens)
        self._exchanges = True
        self._limits = ""
        self._greeted = asyncio.Event()
        self._reports = ErrorReports(self._clock, self._told)
        self._tasks = Tasks("relay client", self._clock, failed=self._reports.report)
        self._connection: Connection | None = None
        self._is_mirror_live = False
        """Whether what the mirror says of the providers is what the relay says now."""
        self._news = News(self._clock, self._wallets)
        self._exit = AsyncExitStack()
        self._started = False
        self._closing = False

    # --- start and end ----------------------------------------------------------------------------------

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
                self._source, self.settings, self._clock, self, transport=transport, tasks=self._tasks
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
        self._lookups.lost(ProviderError(ErrorKind.NETWORK, "the engine has ended"))
        self._hub.close()

    # --- what is wanted ---------------------------------------------------------------------------------

    async def subscribe_prices(self, symbols: Iterable[str]) -> list[Token]:
        """See `Engine.subscribe_prices`; the first call waits a moment for the relay, which knows tickers."""
        connection = self._running()
        if not self._greeted.is_set() and not connection.parked:
            try:
                await wait_for(self._clock, self._greeted.wait(), FIRST_HELLO)
            except TimeoutError:
                _LOGGER.info("the relay has not said hello yet; tickers are read as this program knows them")
        instruments = self._understood(symbols)
        for instrument in instruments:
            if self._symbols.add(instrument.key):
                self._instruments[instrument.key] = instrument
        self._changed()
        return [self._described(instrument) for instrument in instruments]

    async def unsubscribe_prices(self, symbols: Iterable[str]) -> None:
        """See `Engine.unsubscribe_prices`."""
        self._running()
        for instrument in self._understood(symbols):
            if self._symbols.remove(instrument.key):
                del self._instruments[instrument.key]
                self._refused.pop(_asked(instrument), None)
        self._changed()

    async def subscribe_wallets(self, addresses: Iterable[str]) -> list[str]:
        """See `Engine.subscribe_wallets`."""
        self._running()
        wallets = [check_address(address) for address in names_given(addresses)]
        for wallet in wallets:
            self._wallets.add(wallet)
        self._changed()
        return wallets

    async def unsubscribe_wallets(self, addresses: Iterable[str]) -> None:
        """See `Engine.unsubscribe_wallets`."""
        self._running()
        for wallet in [check_address(address) for address in names_given(addresses)]:
            if self._wallets.remove(wallet):
                self._refused.pop(wallet, None)
        self._changed()

    def describe(self, symbol: str) -> Token:
        """See `Engine.describe`; as the relay has it, as soon as it has said hello."""
        self._running()
        return self._described(self._understand(symbol))

    def complete(self, prefix: str) -> list[Token]:
        """See `Engine.complete`."""
        tickers = {*self._tokens.tickers, *(exchange_tickers() if self._exchanges else ())}
        return matching(prefix, {ticker: self.describe(ticker) for ticker in tickers})

    def _understood(self, symbols: Iterable[str]) -> list[Instrument]:
        return [self._understand(symbol) for symbol in names_given(symbols)]

    def _understand(self, symbol: str) -> Instrument:
        return understand(symbol, self._tokens, exchanges=self._exchanges)

    def _described(self, instrument: Instrument) -> Token:
        row = self._mirror.rows.get(instrument.key)
        if row is not None:
            return Token(symbol=row.symbol, name=row.name, mint=row.mint or "")
        return instrument.described(Venue.EXCHANGE if self._exchanges else Venue.CHAIN)

    def _wishes(self) -> Wishes:
        symbols = tuple(_asked(self._instruments[key]) for key in self._symbols)
        return Wishes(symbols, tuple(self._wallets))

    def _changed(self) -> None:
        """Have the codec look at what is wanted, and ask what is to be asked."""
        self._revision += 1
        if self._connection is not None:
            self._connection.set_topics((f"revision {self._revision}",))

    def _unsent(self) -> list[Request]:
        requests, self._requests = self._requests, []
        return [*requests, *self._lookups.requests()]

    # --- what is known ----------------------------------------------------------------------------------

    @property
    def price_sources(self) -> Mapping[str, str | None]:
        """See `Engine.price_sources`; the source of a row without a price yet is the relay."""
        found: dict[str, str | None] = {}
        for key, instrument in self._instruments.items():
            price = self._mirror.prices.get(key)
            unknown = None if _asked(instrument) in self._refused else self._source.name
            found[key] = unknown if price is None else price.provider
        return found

    def snapshot(self) -> Snapshot:
        """See `Engine.snapshot`."""
        prices = {key: event.as_snapshot() for key, event in self._mirror.prices.items()}
        return Snapshot(ts=self._clock.time(), prices=prices, statuses=self.statuses())

    def events(self) -> AsyncIterator[Event]:
        """See `Engine.events`."""
        if self._closing:
            raise NotRunning(ENDED)
        now = self._clock.time()
        known = [status.event(now) for status in self.statuses().values()] if self._news.has_statuses else []
        return self._hub.subscribe([*known, *self.snapshot().prices.values()])

    def drain(self, name: str) -> list[Event]:
        """See `Engine.drain`."""
        if name and name not in self.statuses():
            raise UnknownProvider(name, self.statuses())
        return self._hub.drain(name)

    def statuses(self) -> dict[str, ProviderStatus]:
        """See `Engine.statuses`: the providers' as the relay tells them, and its own last."""
        if self._connection is None:
            return {}
        found = mirrored(
            self._mirror.statuses, self._hub.dropped, host=self._source.host, reachable=self._is_mirror_live
        )
        found[self._source.name] = self._own_status(self._connection)
        return found

    def status(self, name: str) -> ProviderStatus:
        """See `Engine.status`."""
        statuses = self.statuses()
        if name not in statuses:
            raise UnknownProvider(name, statuses)
        return statuses[name]

    def _own_status(self, connection: Connection) -> ProviderStatus:
        return relay_status(
            self._source,
            connection,
            demo=self._mirror.demo,
            topics=(*self._symbols, *self._wallets),
            dropped=self._hub.dropped[self._source.name],
            limits=self._limits,
        )

    @property
    def is_any_connected(self) -> bool:
        """Whether the relay is there, and at least one provider streams to it."""
        return self._is_mirror_live and any(
            status.state is State.CONNECTED for status in self._mirror.statuses.values()
        )

    @property
    def is_fallback_active(self) -> bool:
        """See `Engine.is_fallback_active`."""
        return any(status.fallback for status in self._mirror.statuses.values())

    # --- what is asked once -----------------------------------------------------------------------------

    async def history(self, symbol: str, span: ChartRange) -> CandleSeries:
        """See `Engine.history`."""
        instrument = self._understand(symbol)
        self._running()
        return await self._past.series(instrument.key, _asked(instrument), span)

    def cached_history(self, symbol: str, span: ChartRange) -> CandleSeries | None:
        """See `Engine.cached_history`."""
        return self._past.cached(self._understand(symbol).key, span)

    async def trends(self) -> Mapping[str, CandleSeries]:
        """See `Engine.trends`."""
        self._running()
        return await self._past.trends(lambda: self._symbols)

    def cached_trends(self) -> Mapping[str, CandleSeries]:
        """See `Engine.cached_trends`."""
        return self._past.cached_trends(self._symbols)

    async def search(self, text: str) -> SearchResult:
        """See `Engine.search`."""
        wanted = checked_text(text)
        self._running()
        items = read_items(await self._lookups.ask("search", wanted), SearchResult)
        return items[0] if items else SearchResult(hits=())

    async def name_tokens(self, mints: Iterable[str]) -> Mapping[str, TokenHit]:
        """See `Engine.name_tokens`."""
        wanted = [check_address(mint) for mint in mints]
        self._running()
        found: dict[str, TokenHit] = {}
        for batch in batches(wanted, NAMES_PER_QUESTION):
            answer = await self._lookups.ask("names", ",".join(batch))
            found |= {hit.mint: hit for hit in read_items(answer, TokenHit) if hit.mint in batch}
        return found

    async def resolve_wallet(self, name: str) -> str:
        """See `Engine.resolve_wallet`; the relay looks the name up."""
        wanted = wallet_name(name)
        if wanted is None:
            raise InputError(name, NO_NAME)
        self._running()
        items = read_items(await self._lookups.ask("wallet", wanted), _NamedWallet)
        if not items or not is_address(items[0].address):
            text = f"the relay sent no address for {wanted}"
            raise ProviderError(ErrorKind.PROTOCOL, text)
        return items[0].address

    async def reconnect(self, name: str) -> None:
        """See `Engine.reconnect`; the relay is asked for a provider's, which needs the right to control."""
        connection = self._running()
        if name == self._source.name:
            connection.reconnect()
        elif name in self._mirror.statuses:
            self._request_reconnect(name)
        else:
            raise UnknownProvider(name, self.statuses())

    async def reconnect_all(self) -> None:
        """See `Engine.reconnect_all`: the relay where it is not there, else all its providers."""
        connection = self._running()
        if self._is_mirror_live:
            self._request_reconnect(None)
        else:
            connection.reconnect()

    def _request_reconnect(self, name: str | None) -> None:
        self._last_request += 1
        self._requests.append(Reconnect((1 << 30) + self._last_request, name))
        self._changed()

    def _running(self) -> Connection:
        if self._closing:
            raise NotRunning(ENDED)
        if self._connection is None:
            raise NotRunning(NOT_STARTED)
        return self._connection

    # --- the connection ---------------------------------------------------------------------------------

    def _codec(self) -> RelayCodec:
        return RelayCodec(
            self._encoding,
            self.settings.relay.interval,
            wishes=self._wishes,
            requests=self._unsent,
            since=self._greet,
        )

    def _greet(self, hello: Hello) -> Position | None:
        """Let the mirror begin a connection. Done while the hello is read: the answer to it needs this."""
        self._mirror.relay = self._source.host
        self._skew.restart()
        self._skew.arrived(hello.t / 1000, self._clock.time())
        self._mirror.hello(hello, self._skew.seconds)
        return self._mirror.since

    def connection_changed(self, connection: Connection) -> None:
        """See `Listener`: publish how the relay is, and that nothing is known of the providers without it."""
        if self._is_mirror_live and connection.state is not State.CONNECTED:
            self._is_mirror_live = False
            self._publish_changed(self.statuses().values())
        else:
            self._publish_changed([self._own_status(connection)])

    def connection_established(self, connection: Connection) -> None:
        """See `Listener`."""
        self._source.established()
        self._reports.well(self._source.name)

    def connection_lost(self, connection: Connection, error: ProviderError) -> None:
        """See `Listener`: what was asked is not answered any more; a person hears why."""
        self._lookups.lost(error)
        self._reports.report(error, self._source.name)

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
                    self._take(report.answer)
        except MalformedMessage as error:
            raise ProviderError(ErrorKind.PROTOCOL, f"the relay sent {error.reason}") from error

    def _take(self, answer: Answer) -> None:
        match answer:
            case Frame():
                shift = self._skew.arrived(answer.t / 1000, self._clock.time())
                for event in self._mirror.frame(answer, shift):
                    if self._news.is_news(event):
                        self._hub.publish(event)
            case Hello():
                self._greeted_by(answer)
            case Wanted():
                self._wanted(answer)
            case Found():
                self._lookups.found(answer)
            case Refused():
                if not self._lookups.refused(answer):
                    self._tell(ErrorKind.SUBSCRIPTION, f"the relay refuses: {printable(answer.message)}")
            case Restart():
                seconds = answer.in_ms / 1000
                self._tell(ErrorKind.SERVER, f"the relay restarts in {seconds:g} s", retryable=True)

    def _greeted_by(self, hello: Hello) -> None:
        if len(hello.tokens) > MOST_TOKENS:
            raise MalformedMessage(f"{len(hello.tokens)} tickers")
        self._exchanges = hello.exchanges
        most = hello.limits
        self._limits = (
            f"{most.symbols} symbols and {most.wallets} wallets a terminal, "
            f"{most.messages_per_minute} messages a minute"
        )
        try:
            self._tokens = TokenTable({**self.settings.tokens, **hello.tokens})
        except SettingsError as error:
            raise MalformedMessage(f"a ticker that cannot be: {printable(error.allowed)}") from None
        self._is_mirror_live = True
        self._greeted.set()
        self._publish_changed(self.statuses().values())

    def _wanted(self, wanted: Wanted) -> None:
        self._mirror.wanted(wanted)
        if wanted.recovered is False:
            reason = "the relay's log does not reach back to where this terminal stopped"
            self._tell(ErrorKind.GAP, f"transactions may be missing: {reason}")
        asked = {*map(_asked, self._instruments.values()), *self._wallets}
        refused = {one.what: printable(one.message) for one in wanted.refused if one.what in asked}
        for what, reason in refused.items():
            if self._refused.get(what) != reason:
                self._tell(ErrorKind.SUBSCRIPTION, f"the relay refuses {printable(what, 60)}: {reason}")
        self._refused = refused

    # --- telling ----------------------------------------------------------------------------------------

    def _told(self, error: ProviderError) -> None:
        event = error.event(self._source.name, self._clock.time(), demo=self._mirror.demo)
        self._hub.publish(msgspec.structs.replace(event, relay=self._source.host))

    def _tell(self, kind: ErrorKind, text: str, *, retryable: bool = False) -> None:
        self._told(ProviderError(kind, text, retryable=retryable))

    def _publish_changed(self, statuses: Iterable[ProviderStatus]) -> None:
        now = self._clock.time()
        for status in statuses:
            event = status.event(now)
            if not status.standby and self._news.is_news(event):
                self._hub.publish(event)

    async def _publish_statuses(self) -> None:
        while True:
            await self._clock.sleep(STATUS_EVERY)
            now = self._clock.time()
            for status in self.statuses().values():
                if not status.standby:
                    self._hub.publish(status.event(now))

    def _time_jumped(self) -> None:
        self._skew.restart()
        if self._connection is not None:
            self._connection.check()


def _asked(instrument: Instrument) -> str:
    """Return the text by which a relay understands the very same instrument."""
    return instrument.mint if instrument.by_mint and instrument.mint is not None else instrument.symbol


if TYPE_CHECKING:
    _ENGINE: type[Engine] = RelayClient  # so that the type checker compares it with the protocol
