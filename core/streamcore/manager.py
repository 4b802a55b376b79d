"""The engine that talks to providers: makes its parts, connects them, and is the one door to all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING

import msgspec

from streamcore.assets.instruments import Instrument
from streamcore.assets.tokens import Token, TokenTable
from streamcore.candles import CandleSeries, ChartRange
from streamcore.clock import Clock, SystemClock
from streamcore.config.cache import CacheFolder
from streamcore.config.demo import DemoServers, with_demo
from streamcore.config.locations import cache_folder
from streamcore.config.model import Settings
from streamcore.config.selection import choose
from streamcore.config.surroundings import NOWHERE, read_surroundings
from streamcore.engine import Engine, Snapshot
from streamcore.errors import AlreadyStarted, NotRunning, ProviderError, UnknownProvider
from streamcore.events import DataKind, Event, State
from streamcore.history.live import with_present
from streamcore.history.price_history import PriceHistory
from streamcore.history.source_order import SourceOrder
from streamcore.history.sources import history_sources
from streamcore.hub import Hub, Subscriber
from streamcore.net.network import Network
from streamcore.net.transport import Transport
from streamcore.providers import PROVIDERS, create, key_hint
from streamcore.providers.descriptor import Descriptor
from streamcore.search.sources import search_sources
from streamcore.search.token_search import TokenSearch
from streamcore.search.wallet_names import WalletNames
from streamcore.status import ProviderStatus
from streamcore.streams.checkpoints import Checkpoints
from streamcore.streams.error_reports import ErrorReports
from streamcore.streams.factory import Stream, make_stream
from streamcore.streams.reporting import ReportSource
from streamcore.streams.time_jumps import watch_for_time_jumps
from streamcore.tasks import Tasks
from streamcore.token_hits import SearchResult, TokenHit
from streamcore.tracking.prices import PriceTracker
from streamcore.tracking.statuses import STATUS_EVERY, Statuses
from streamcore.tracking.trackers import Trackers
from streamcore.tracking.wallets import WalletTracker

if TYPE_CHECKING:
    from streamcore.recording import Capture

NOT_STARTED = "the engine has not been started: ask it inside `async with StreamManager(…) as manager:`"
STARTED_BEFORE = "this engine has been started before, and can be started once: make a new StreamManager"
ENDED = "the engine has ended and brings nothing any more: make a new StreamManager"


class _Parts(msgspec.Struct, frozen=True):
    """The parts that answer consumers, once the engine has been started."""

    prices: PriceTracker
    wallets: WalletTracker
    history: PriceHistory
    search: TokenSearch
    names: WalletNames

    def with_present(self, instrument: Instrument, series: CandleSeries) -> CandleSeries:
        """Return a series with the present price in it; see `streamcore.history.live.with_present`."""
        return with_present(series, self.prices.latest(instrument))


class StreamManager:
    """Owns the provider connections and passes on what they bring: the `Engine` that talks to providers.

    Use it as an asynchronous context manager, once::

        async with StreamManager(Settings.load()) as manager:
            await manager.subscribe_prices(["SOL", "BTC"])
            async for event in manager.events():
                ...

    A provider connects when something of it is wanted, and disconnects when nothing is any more.
    Leaving the context closes every connection and ends every consumer's iteration.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        transport: Transport | None = None,
        providers: Mapping[str, Descriptor] = PROVIDERS,
        demo: DemoServers | None = None,
        remember: bool = False,
        capture: Capture | None = None,
        checkpoints: Checkpoints | None = None,
    ) -> None:
        """Make a manager; entering its context starts it.

        Args:
            settings: What is configured.
            clock: Time and random numbers; the system's, unless a test brings its own.
            transport: The way to the providers; the real network, unless a test or a recording stands in its
                place. Whoever hands one in closes it.
            providers: Makes each provider by its name.
            demo: Serves demo data where ``settings`` ask for it; `streamsim.demo.embedded` does.
            remember: Keep in this user's cache folder, for the next run, what exchanges list; otherwise
                nothing is written.
            capture: Keeps everything that goes over the transport. Whoever hands one in closes it.
            checkpoints: Remembers which transactions have been reported; restored ones make this manager go
                on where an earlier one ended.
        """
        self.settings = settings
        self.tokens = TokenTable(settings.tokens)
        self._clock = clock or SystemClock()
        self._transport = transport
        self._providers = providers
        self._demo = demo
        self._capture = capture
        folder = cache_folder() if remember else None
        self._cache = None if folder is None else CacheFolder(folder)
        self._hub = Hub(settings.stream.queue_capacity, lambda: self.snapshot().prices.values())
        self._checkpoints = checkpoints or Checkpoints()
        self._streams: dict[str, Stream] = {}
        hub = self._hub
        self._statuses = Statuses(
            self._streams, self._clock, dropped=hub.dropped, hint=self._hint, publish=hub.publish
        )
        self._parts: _Parts | None = None
        self._trackers = Trackers(self._statuses, self._clock, publish=hub.publish)
        internal_errors = ErrorReports(self._clock, self._internal_error)
        self._tasks = Tasks("engine", self._clock, failed=internal_errors.report)
        self._exit = AsyncExitStack()
        self._started = False
        self._closing = False

    async def __aenter__(self) -> StreamManager:
        """Start.

        Raises:
            AlreadyStarted: It has been started before.
            SettingsError: The settings ask for a provider that cannot be used, or for demo data and nobody
                serves it; or the environment names a proxy or certificates that cannot be used.
        """
        if self._started:
            raise AlreadyStarted(STARTED_BEFORE)
        self._started = True
        async with AsyncExitStack() as stack:
            stack.callback(self._end)
            clock, transport = self._clock, self._transport
            if transport is None:
                network = Network(
                    clock,
                    timeout=self.settings.stream.connect_timeout,
                    # in the demo everything stays on this machine
                    surroundings=NOWHERE if self.settings.demo else read_surroundings(),
                    streams=self.settings.stream.transport,
                )
                transport = await stack.enter_async_context(network)
            settings = await stack.enter_async_context(with_demo(self.settings, clock, self._demo))
            if self._capture is not None:
                transport = self._capture.around(transport, settings, configured=self.settings)
            for source in choose(self.settings):
                provider = create(source.provider, settings, transport, clock, providers=self._providers)
                stream = make_stream(
                    provider, settings, transport, clock, self._checkpoints, self._trackers, demo=source.demo
                )
                self._streams[provider.name] = stream
                stack.push_async_callback(stream.close)
            parts = self._parts = self._make_parts(settings, transport)
            self._trackers.attach(parts.prices, parts.wallets)
            stack.push_async_callback(self._tasks.close)
            self._tasks.start_loop("status every ten seconds", self._publish_statuses)
            watch = partial(watch_for_time_jumps, self._clock, self._time_jumped)
            self._tasks.start_loop("watching for jumps of time", watch)
            self._start_market_lists(parts.prices)
            self._exit = stack.pop_all()
        return self

    def _make_parts(self, settings: Settings, transport: Transport) -> _Parts:
        tokens, clock, publish = self.tokens, self._clock, self._hub.publish
        pricing, following = self._streams_of(DataKind.PRICES), self._streams_of(DataKind.WALLETS)
        together = self._hub.publish_together
        prices = PriceTracker(
            pricing,
            tokens,
            clock,
            publish=publish,
            publish_together=together,
            quiet_after=settings.stream.sweep_interval,
        )
        wallets = WalletTracker(following, tokens, self._checkpoints, clock, publish=publish)
        live = [stream.provider for stream in pricing]
        sources = history_sources(settings, transport, clock, live, self._providers)
        venues = {provider.name: provider.venue for provider in live}
        order = SourceOrder(sources, live_source=prices.source_of, venues=venues)
        in_use = {name: stream.provider for name, stream in self._streams.items()}
        lists = search_sources(settings, transport, clock, in_use, self._providers)
        return _Parts(
            prices=prices,
            wallets=wallets,
            history=PriceHistory(order, clock, self._tasks),
            search=TokenSearch(lists, tokens, clock),
            names=WalletNames(transport, settings, clock),
        )

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection with a close frame, and end every consumer's iteration."""
        self._closing = True
        self._trackers.end()
        await self._exit.aclose()

    def _end(self) -> None:
        self._closing = True  # also when it could not be started
        self._hub.close()

    async def subscribe_prices(self, symbols: Iterable[str]) -> list[Token]:
        """See `Engine.subscribe_prices`."""
        return self._running().prices.subscribe(symbols)

    async def unsubscribe_prices(self, symbols: Iterable[str]) -> None:
        """See `Engine.unsubscribe_prices`; what nobody wants any more is unsubscribed at its provider."""
        self._running().prices.unsubscribe(symbols)

    async def subscribe_wallets(self, addresses: Iterable[str]) -> list[str]:
        """See `Engine.subscribe_wallets`."""
        return self._running().wallets.subscribe(addresses)

    async def unsubscribe_wallets(self, addresses: Iterable[str]) -> None:
        """See `Engine.unsubscribe_wallets`; what nobody wants any more is unsubscribed at its provider."""
        self._running().wallets.unsubscribe(addresses)

    async def resolve_wallet(self, name: str) -> str:
        """See `Engine.resolve_wallet`."""
        return await self._running().names.resolve(name)

    def describe(self, symbol: str) -> Token:
        """See `Engine.describe`."""
        return self._started_parts().prices.symbols.describe(symbol)

    def complete(self, prefix: str) -> list[Token]:
        """See `Engine.complete`."""
        return self._started_parts().prices.symbols.complete(prefix)

    async def search(self, text: str) -> SearchResult:
        """See `Engine.search`."""
        return await self._running().search.search(text)

    async def name_tokens(self, mints: Iterable[str]) -> Mapping[str, TokenHit]:
        """See `Engine.name_tokens`."""
        return await self._running().search.name(mints)

    @property
    def price_sources(self) -> Mapping[str, str | None]:
        """See `Engine.price_sources`."""
        return {} if self._parts is None else self._parts.prices.sources

    def ask_quote(self, symbol: str) -> None:
        """See `Engine.ask_quote`."""
        self._running().prices.ask_quote(symbol)

    def snapshot(self) -> Snapshot:
        """See `Engine.snapshot`."""
        prices = {} if self._parts is None else self._parts.prices.snapshot()
        return Snapshot(ts=self._clock.time(), prices=prices, statuses=self.statuses())

    async def history(self, symbol: str, span: ChartRange) -> CandleSeries:
        """See `Engine.history`."""
        parts = self._running()
        instrument = parts.prices.symbols.instrument(symbol)
        return parts.with_present(instrument, await parts.history.series(instrument, span))

    def cached_history(self, symbol: str, span: ChartRange) -> CandleSeries | None:
        """See `Engine.cached_history`."""
        parts = self._started_parts()
        instrument = parts.prices.symbols.instrument(symbol)
        known = parts.history.cached(instrument, span)
        return None if known is None else parts.with_present(instrument, known)

    async def trends(self) -> Mapping[str, CandleSeries]:
        """See `Engine.trends`."""
        parts = self._running()
        await parts.history.refresh_trends(lambda: parts.prices.instruments)
        return self.cached_trends()

    def cached_trends(self) -> Mapping[str, CandleSeries]:
        """See `Engine.cached_trends`."""
        parts = self._started_parts()
        return parts.history.trends(parts.prices.instruments)

    def events(self) -> AsyncIterator[Event]:
        """See `Engine.events`."""
        return self.consumer()

    def consumer(self, capacity: int | None = None) -> Subscriber:
        """Attach a consumer as `events` does, and return it as what it is, for one that takes in batches.

        ``capacity``: how many events may wait for it, if not ``stream.queue_capacity``.

        Raises:
            NotRunning: The engine has ended.
        """
        if self._closing:
            raise NotRunning(ENDED)
        first: list[Event] = [*self._statuses.known(), *self.snapshot().prices.values()]
        return self._hub.subscribe(first, capacity=capacity)

    def drain(self, name: str) -> list[Event]:
        """See `Engine.drain`."""
        return self._hub.drain(self._stream_named(name).name if name else name)

    def statuses(self) -> dict[str, ProviderStatus]:
        """See `Engine.statuses`."""
        return self._statuses.all()

    def status(self, name: str) -> ProviderStatus:
        """See `Engine.status`."""
        return self._statuses.of(self._stream_named(name))

    @property
    def is_any_connected(self) -> bool:
        """See `Engine.is_any_connected`."""
        return any(status.state is State.CONNECTED for status in self.statuses().values())

    @property
    def is_fallback_active(self) -> bool:
        """See `Engine.is_fallback_active`."""
        return any(status.fallback for status in self.statuses().values())

    async def reconnect(self, name: str) -> None:
        """See `Engine.reconnect`."""
        parts = self._running()
        stream = self._stream_named(name)
        stream.reconnect()
        parts.history.forget()
        self._trackers.forgive(stream)

    async def reconnect_all(self) -> None:
        """See `Engine.reconnect_all`."""
        self._running()
        for name in self._streams:
            await self.reconnect(name)

    def _start_market_lists(self, prices: PriceTracker) -> None:
        for stream in self._streams_of(DataKind.PRICES):
            if (markets := stream.provider.markets) is not None:
                keep = partial(markets.keep, self._cache, prices.markets_changed)
                self._tasks.start_loop(f"{stream.name} markets", keep)

    def _hint(self, stream: ReportSource) -> str:
        return "" if stream.demo else key_hint(stream.name, self.settings)

    def _stream_named(self, name: str) -> Stream:
        if name not in self._streams:
            raise UnknownProvider(name, self._streams)
        return self._streams[name]

    def _streams_of(self, kind: DataKind) -> list[Stream]:
        return [stream for stream in self._streams.values() if stream.provider.kind is kind]

    def _running(self) -> _Parts:
        if self._closing:
            raise NotRunning(ENDED)
        return self._started_parts()

    def _started_parts(self) -> _Parts:
        if self._parts is None:
            raise NotRunning(NOT_STARTED)
        return self._parts

    def _internal_error(self, error: ProviderError) -> None:
        self._hub.publish(error.event("", self._clock.time(), demo=False))

    def _time_jumped(self) -> None:
        for stream in self._streams.values():
            stream.check()

    async def _publish_statuses(self) -> None:
        while True:
            await self._clock.sleep(STATUS_EVERY)
            self._trackers.pass_time()
            self._statuses.publish_all()


if TYPE_CHECKING:
    _ENGINE: type[Engine] = StreamManager  # so that the type checker compares it with the protocol
