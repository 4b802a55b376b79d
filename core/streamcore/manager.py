"""The public door of the engine: who wants what, which provider serves it, and what consumers receive."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence, Set
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import TypeAlias

import msgspec

from streamcore.assets.tokens import Token, TokenTable
from streamcore.clock import Clock, SystemClock
from streamcore.config.model import Settings
from streamcore.config.selection import choose
from streamcore.errors import InputError, ProviderError, SettingsError, UnknownProvider
from streamcore.events import DataKind, Event, Source, State, StreamError
from streamcore.hub import Hub
from streamcore.net.network import Network
from streamcore.net.transport import Transport
from streamcore.providers import create
from streamcore.providers.base import (
    CheckpointReport,
    PriceReport,
    Provider,
    Refusal,
    Report,
    TransactionReport,
)
from streamcore.status import ProviderStatus
from streamcore.streams.checkpoints import Checkpoints
from streamcore.streams.polled_stream import PolledStream
from streamcore.streams.provider_stream import ProviderStream, ReportSource
from streamcore.tracking.prices import PriceTracker
from streamcore.tracking.wallets import WalletTracker

STATUS_EVERY = 10.0
"""Seconds between the status events that come without a change."""

CLOCK_LOOK = 2.0
"""Seconds between two looks at whether time has jumped."""

CLOCK_JUMP = 5.0
"""Seconds by which the wall clock must leave the monotonic one behind to be called a jump.

The monotonic clock of Linux and macOS stands still while a laptop sleeps.
"""

NOT_STARTED = "cannot be watched: the manager has not been started"

NO_DEMO = "this program brings no demo servers: hand them in, as in StreamManager(settings, demo=embedded)"

DemoServers: TypeAlias = Callable[[Settings, Set[DataKind], Clock], AbstractAsyncContextManager[Settings]]
"""Serves some kinds of data from emulated providers for as long as its context lasts.

Yields settings that lead there.
"""

_LOGGER = logging.getLogger(__name__)


class StreamManager:
    """Owns the provider connections and passes on what they bring.

    Use it as an asynchronous context manager::

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
        demo: DemoServers | None = None,
    ) -> None:
        """Make a manager; entering its context starts it.

        Args:
            settings: What is configured.
            clock: Time and chance; the system's, unless a test brings its own.
            transport: The way to the providers; the real network, unless a test or a recording stands in its
                place. Whoever hands one in closes it.
            demo: Serves demo data where ``settings`` ask for it; `streamsim.demo.embedded` does.
        """
        self.settings = settings
        self.tokens = TokenTable(settings.tokens)
        self._clock = clock or SystemClock()
        self._transport = transport
        self._demo = demo
        self._hub = Hub(settings.stream.queue_capacity)
        self._checkpoints = Checkpoints()
        self._streams: dict[str, ProviderStream | PolledStream] = {}
        self._prices: PriceTracker | None = None
        self._wallets: WalletTracker | None = None
        self._told: dict[str, tuple[object, ...]] = {}
        """What the last status event of each provider said that is worth one of its own."""
        self._exit = AsyncExitStack()
        self._closing = False

    async def __aenter__(self) -> StreamManager:
        """Start.

        Raises:
            SettingsError: The settings ask for a provider that cannot be used, or for demo data and nobody
                serves it.
        """
        sources = choose(self.settings)
        async with AsyncExitStack() as stack:
            transport = self._transport
            if transport is None:
                network = Network(self._clock, timeout=self.settings.stream.connect_timeout)
                transport = await stack.enter_async_context(network)
            demo_kinds = frozenset(source.kind for source in sources if source.demo)
            settings = self.settings
            if demo_kinds:
                if self._demo is None:
                    raise SettingsError("demo", True, NO_DEMO, "given")
                settings = await stack.enter_async_context(self._demo(settings, demo_kinds, self._clock))
            for source in sources:
                provider = create(source.provider, settings, transport, self._clock)
                stream = self._stream(provider, settings, transport, demo=source.demo)
                self._streams[provider.name] = stream
                stack.push_async_callback(stream.close)
            self._prices = PriceTracker(
                self._serving(DataKind.PRICES),
                self.tokens,
                self._clock,
                publish=self._hub.publish,
                trouble=self.trouble,
            )
            self._wallets = WalletTracker(
                self._serving(DataKind.WALLETS),
                self.tokens,
                self._checkpoints,
                self._clock,
                publish=self._hub.publish,
            )
            beat = asyncio.create_task(self._beat(), name="status every ten seconds")
            stack.callback(beat.cancel)
            watch = asyncio.create_task(self._watch_clock(), name="watching for jumps of time")
            stack.callback(watch.cancel)
            self._exit = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection with a close frame, and end every consumer's iteration."""
        self._closing = True
        try:
            await self._exit.aclose()
        finally:
            self._hub.close()

    async def subscribe_prices(self, symbols: Iterable[str]) -> list[Token]:
        """Watch the price of tokens; every call adds one reference to each.

        Args:
            symbols: Tickers in any case, with or without ``$``, or mint addresses.

        Returns:
            What each symbol stands for, in order.

        Raises:
            InputError: One of them is no token that is known; nothing has been changed.
        """
        return self._desk().subscribe(symbols)

    async def unsubscribe_prices(self, symbols: Iterable[str]) -> None:
        """Undo one `subscribe_prices` for each; what nobody wants any more is unsubscribed.

        Raises:
            InputError: One of them is no token that is known; nothing has been changed.
        """
        self._desk().unsubscribe(symbols)

    async def subscribe_wallets(self, addresses: Iterable[str]) -> list[str]:
        """Watch the transactions of wallets; every call adds one reference to each.

        Returns:
            The addresses, stripped of white space.

        Raises:
            InputError: One of them is no Solana address; nothing has been changed.
        """
        return self._chain().subscribe(addresses)

    async def unsubscribe_wallets(self, addresses: Iterable[str]) -> None:
        """Undo one `subscribe_wallets` for each; what nobody wants any more is unsubscribed.

        Raises:
            InputError: One of them is no Solana address; nothing has been changed.
        """
        self._chain().unsubscribe(addresses)

    def describe(self, symbol: str) -> Token:
        """Return what a symbol stands for with the sources in use, whether it is watched or not.

        ``mint`` is empty for an asset that is no Solana token, or not the same everywhere: ``BTC`` is bitcoin
        on an exchange and a wrapped token on the chain. Such a row is named by its ``symbol``, every other
        by its ``mint``.

        Raises:
            InputError: It is no token that is known.
        """
        return self._desk().describe(symbol)

    def complete(self, prefix: str) -> list[Token]:
        """Return what a ticker or name that begins with ``prefix`` may become, each as `describe` has it.

        Tickers that begin so come first; an empty prefix returns everything that has a name.
        """
        return self._desk().complete(prefix)

    @property
    def price_sources(self) -> Mapping[str, str | None]:
        """What each watched symbol's row is named by (see `describe`) to the provider that serves it now.

        ``None``: no source in use has it.
        """
        return {} if self._prices is None else self._prices.sources

    def events(self) -> AsyncIterator[Event]:
        """Attach a consumer and return its events from now on, in a bounded buffer of its own.

        A consumer that falls behind gets the newest price of each token and every transaction that the
        buffer could keep; what gave way is counted in ``dropped`` of the status. The iteration ends when
        the manager does.
        """
        return self._hub.subscribe()

    def drain(self, name: str) -> list[Event]:
        """Return a provider's events since the last drain that its buffer still holds, oldest first.

        Raises:
            UnknownProvider: No such provider is in use.
        """
        return self._hub.drain(self._named(name).name)

    def statuses(self) -> dict[str, ProviderStatus]:
        """Return the status of every provider in use, by name."""
        return {stream.name: self._status(stream) for stream in self._streams.values()}

    def status(self, name: str) -> ProviderStatus:
        """Return the status of one provider.

        Raises:
            UnknownProvider: No such provider is in use.
        """
        return self._status(self._named(name))

    @property
    def is_any_connected(self) -> bool:
        """Whether at least one provider streams."""
        return any(status.state is State.CONNECTED for status in self.statuses().values())

    @property
    def is_fallback_active(self) -> bool:
        """Whether polling stands in for at least one provider's stream."""
        return any(status.fallback for status in self.statuses().values())

    async def reconnect(self, name: str) -> None:
        """Start a provider's stream over at once, also a parked one; waits for nothing.

        Raises:
            UnknownProvider: No such provider is in use.
        """
        stream = self._named(name)
        stream.reconnect()
        if stream.provider.kind is DataKind.PRICES:
            self._desk().forgive(name)

    async def reconnect_all(self) -> None:
        """`reconnect` every provider in use."""
        for name in self._streams:
            await self.reconnect(name)

    # What the streams report

    def report(self, stream: ReportSource, report: Report, source: Source, as_of: float) -> bool:
        """Turn what a provider said into events; return whether it was news."""
        match report:
            case PriceReport():
                return self._desk().report(stream, report, source, as_of)
            case TransactionReport():
                return self._chain().report(stream, report, source)
            case CheckpointReport(topic=topic, checkpoint=checkpoint, history=history):
                self._checkpoints.begin(topic, checkpoint, history)
            case Refusal(error=error):
                if stream.provider.kind is DataKind.PRICES:
                    self._desk().refused(stream, report, source)
                else:
                    self.trouble(stream, error)
        return False

    def trouble(self, stream: ReportSource, error: ProviderError) -> None:
        """Publish an error event."""
        self._hub.publish(
            StreamError(
                provider=stream.name,
                ts=self._clock.time(),
                demo=stream.demo,
                kind=error.kind,
                message=error.message,
                retryable=error.retryable,
            )
        )

    def restarted(self, stream: ReportSource, topics: Sequence[str]) -> None:
        """Let the next price of each topic be a snapshot."""
        if stream.provider.kind is DataKind.PRICES:
            self._desk().restarted(stream, topics)

    def status_changed(self, stream: ReportSource) -> None:
        """Publish a status event if there is news in it, and let data come from whom it now should."""
        event = self._status(stream).event(self._clock.time())
        news = (event.state, event.reason, event.attempt, event.fallback, event.stale)
        if self._told.get(stream.name) != news:
            self._told[stream.name] = news
            self._hub.publish(event)
        if self._closing:
            return
        desk = self._desk() if stream.provider.kind is DataKind.PRICES else self._chain()
        desk.reroute()

    def _stream(
        self, provider: Provider, settings: Settings, transport: Transport, *, demo: bool
    ) -> ProviderStream | PolledStream:
        if provider.endpoint() is None:
            return PolledStream(provider, settings, self._clock, self._checkpoints, self, demo=demo)
        return ProviderStream(
            provider, settings, self._clock, self._checkpoints, self, transport=transport, demo=demo
        )

    def _status(self, stream: ReportSource) -> ProviderStatus:
        status = stream.status(self._hub.dropped[stream.name])
        first = self._serving(stream.provider.kind)[0]
        if status.idle and first is not stream:
            status = msgspec.structs.replace(status, standby=True)
        return status

    def _named(self, name: str) -> ProviderStream | PolledStream:
        if name not in self._streams:
            raise UnknownProvider(name, self._streams)
        return self._streams[name]

    def _serving(self, kind: DataKind) -> list[ProviderStream | PolledStream]:
        return [stream for stream in self._streams.values() if stream.provider.kind is kind]

    def _desk(self) -> PriceTracker:
        if self._prices is None:
            raise InputError(str(DataKind.PRICES), NOT_STARTED)
        return self._prices

    def _chain(self) -> WalletTracker:
        if self._wallets is None:
            raise InputError(str(DataKind.WALLETS), NOT_STARTED)
        return self._wallets

    async def _watch_clock(self) -> None:
        offset = self._clock.time() - self._clock.monotonic()
        while True:
            slept = self._clock.monotonic()
            await self._clock.sleep(CLOCK_LOOK)
            before, offset = offset, self._clock.time() - self._clock.monotonic()
            # a loop that was held up (a stopped process) shows as a sleep that took too long
            held_up = self._clock.monotonic() - slept - CLOCK_LOOK
            if abs(offset - before) > CLOCK_JUMP or held_up > CLOCK_JUMP:
                _LOGGER.info("time has jumped; every connection is checked")
                for stream in self._streams.values():
                    stream.check()

    async def _beat(self) -> None:
        while True:
            await self._clock.sleep(STATUS_EVERY)
            self._desk().pass_time()
            for stream in self._streams.values():
                status = self._status(stream)
                if not status.standby:
                    self._hub.publish(status.event(self._clock.time()))
