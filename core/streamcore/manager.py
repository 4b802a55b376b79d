"""The public door of the engine: who wants what, which provider serves it, and what consumers receive."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack
from types import TracebackType

from streamcore.clock import Clock, SystemClock
from streamcore.errors import InputError, ProviderError, UnknownProvider
from streamcore.events import (
    DataKind,
    Event,
    PriceUpdate,
    Source,
    State,
    StreamError,
    WalletTransaction,
)
from streamcore.hub import Hub
from streamcore.ledger import Ledger
from streamcore.network import HttpClient
from streamcore.prices import PriceBook
from streamcore.provider_stream import ProviderStream
from streamcore.providers import create
from streamcore.providers.base import AnchorReport, PriceReport, Report, TransactionReport
from streamcore.settings import Settings
from streamcore.sources import choose
from streamcore.status import ProviderStatus
from streamcore.subscriptions import References
from streamcore.tokens import Token, TokenTable, check_address
from streamcore.transactions import interpret, wallets_touched

STATUS_EVERY = 10.0
"""Seconds between the status events that come without a change."""

CLOCK_LOOK = 2.0
"""Seconds between two looks at whether time has jumped."""

CLOCK_JUMP = 5.0
"""Seconds by which the wall clock must leave the monotonic one behind to be called a jump.

The monotonic clock of Linux and macOS stands still while a laptop sleeps.
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

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        """``clock``: time and chance; the system's, unless a test brings its own."""
        self.settings = settings
        self.tokens = TokenTable(settings.tokens)
        self._clock = clock or SystemClock()
        self._hub = Hub(settings.stream.queue_capacity)
        self._book = PriceBook()
        self._ledger = Ledger()
        self._streams: dict[DataKind, ProviderStream] = {}
        self._mints = References()
        self._wallets = References()
        self._watched: dict[str, Token] = {}
        self._exit = AsyncExitStack()

    async def __aenter__(self) -> StreamManager:
        """Start.

        Raises:
            SettingsError: The settings ask for a provider that cannot be used.
        """
        sources = choose(self.settings)
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(
                HttpClient(self._clock, timeout=self.settings.stream.connect_timeout)
            )
            demo_kinds = frozenset(source.kind for source in sources if source.demo)
            settings = self.settings
            if demo_kinds:
                # only now: most programs never need the emulators
                from streamcore.demo import embedded

                settings = await stack.enter_async_context(embedded(settings, demo_kinds, self._clock))
            for source in sources:
                provider = create(source.provider, settings, http, self._clock)
                self._streams[source.kind] = stream = ProviderStream(
                    provider, settings, self._clock, self._ledger, self, demo=source.demo
                )
                stack.push_async_callback(stream.close)
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
        stream = self._stream(DataKind.PRICES)
        tokens = [self.tokens.resolve(symbol) for symbol in symbols]
        for token in tokens:
            self._watched.setdefault(token.mint, token)
            self._mints.add(token.mint)
        stream.want(tuple(self._mints))
        return tokens

    async def unsubscribe_prices(self, symbols: Iterable[str]) -> None:
        """Undo one `subscribe_prices` for each; what nobody wants any more is unsubscribed.

        Raises:
            InputError: One of them is no token that is known; nothing has been changed.
        """
        stream = self._stream(DataKind.PRICES)
        for token in [self.tokens.resolve(symbol) for symbol in symbols]:
            if self._mints.remove(token.mint):
                self._watched.pop(token.mint, None)
                self._book.forget(token.mint)
        stream.want(tuple(self._mints))

    async def subscribe_wallets(self, addresses: Iterable[str]) -> list[str]:
        """Watch the transactions of wallets; every call adds one reference to each.

        Returns:
            The addresses, stripped of white space.

        Raises:
            InputError: One of them is no Solana address; nothing has been changed.
        """
        stream = self._stream(DataKind.WALLETS)
        wallets = [check_address(address) for address in addresses]
        for wallet in wallets:
            self._wallets.add(wallet)
            self._ledger.watch(wallet, self._clock.time())
        stream.want(tuple(self._wallets))
        return wallets

    async def unsubscribe_wallets(self, addresses: Iterable[str]) -> None:
        """Undo one `subscribe_wallets` for each; what nobody wants any more is unsubscribed.

        Raises:
            InputError: One of them is no Solana address; nothing has been changed.
        """
        stream = self._stream(DataKind.WALLETS)
        for wallet in [check_address(address) for address in addresses]:
            if self._wallets.remove(wallet):
                self._ledger.forget(wallet)
        stream.want(tuple(self._wallets))

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
        self._named(name).reconnect()

    async def reconnect_all(self) -> None:
        """`reconnect` every provider in use."""
        for stream in self._streams.values():
            stream.reconnect()

    # What the streams report

    def report(self, stream: ProviderStream, report: Report, source: Source, asked: float) -> bool:
        """Turn what a provider said into events; return whether it was news."""
        match report:
            case PriceReport():
                return self._price(stream, report, source, asked)
            case TransactionReport():
                return self._transaction(stream, report, source)
            case AnchorReport(topic=topic, anchor=anchor, history=history):
                self._ledger.begin(topic, anchor, history)
        return False

    def trouble(self, stream: ProviderStream, error: ProviderError) -> None:
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

    def restarted(self, stream: ProviderStream, topics: Sequence[str]) -> None:
        """Let the next price of each topic be a snapshot."""
        if stream.provider.kind is DataKind.PRICES:
            for topic in topics:
                self._book.restart(topic)

    def status_changed(self, stream: ProviderStream) -> None:
        """Publish a status event."""
        self._hub.publish(self._status(stream).event(self._clock.time()))

    def _price(self, stream: ProviderStream, report: PriceReport, source: Source, asked: float) -> bool:
        token = self._token(report.topic)
        if token is None:
            return False  # unsubscribed while it was on its way, or never asked for
        # an answer over HTTP that restores a stream is still an answer over HTTP
        source = Source.STREAM if source is Source.STREAM else Source.POLL
        merge = self._book.merge(
            token.mint,
            {"price": report.price, "change_24h": report.change_24h, "volume_24h": report.volume_24h},
            source=source,
            complete=report.complete,
            now=self._clock.monotonic(),
            asked=asked,
        )
        if merge.refused:
            fields = ", ".join(merge.refused)
            stream.unusable(f"{stream.name} sent an impossible {fields} for {token.symbol}; it was left out")
        if not merge.confirmed:
            return False
        self._hub.publish(
            PriceUpdate(
                provider=stream.name,
                ts=self._clock.time(),
                demo=stream.demo,
                symbol=token.symbol,
                address=token.mint,
                kind=merge.kind,
                source=source,
                price=merge.price,
                change_24h=merge.change_24h,
                volume_24h=merge.volume_24h,
                changed=merge.changed,
            )
        )
        return "price" in merge.changed

    def _transaction(self, stream: ProviderStream, report: TransactionReport, source: Source) -> bool:
        news = False
        streamed = source is Source.STREAM
        for wallet in wallets_touched(report.transaction, self._ledger.wallets):
            if not self._ledger.record(wallet, report.signature, report.slot, streamed=streamed):
                continue
            news = True
            meaning = interpret(report.transaction, wallet, self._symbol_of)
            self._hub.publish(
                WalletTransaction(
                    provider=stream.name,
                    ts=self._clock.time(),
                    demo=stream.demo,
                    wallet=wallet,
                    signature=report.signature,
                    slot=report.slot,
                    block_time=report.block_time,
                    type=meaning.type,
                    summary=meaning.summary,
                    sol_change=meaning.sol_change,
                    fee=meaning.fee,
                    token_changes=meaning.token_changes,
                    counterparty=meaning.counterparty,
                    program=meaning.program,
                    error=meaning.error,
                    source=source,
                )
            )
        return news

    def _token(self, topic: str) -> Token | None:
        """Return the watched token of a mint, or of a ticker as generic frames name it."""
        token = self._watched.get(topic)
        if token is not None:
            return token
        ticker = topic.removeprefix("$").casefold()
        return next((token for token in self._watched.values() if token.symbol.casefold() == ticker), None)

    def _symbol_of(self, mint: str) -> str | None:
        token = self.tokens.by_mint(mint)
        return None if token is None else token.symbol

    def _status(self, stream: ProviderStream) -> ProviderStatus:
        return stream.status(self._hub.dropped[stream.name])

    def _named(self, name: str) -> ProviderStream:
        for stream in self._streams.values():
            if stream.name == name:
                return stream
        raise UnknownProvider(name, (stream.name for stream in self._streams.values()))

    def _stream(self, kind: DataKind) -> ProviderStream:
        stream = self._streams.get(kind)
        if stream is None:
            reason = "cannot be watched: " + (
                f"stream.enable_{kind} is off" if self._streams else "the manager has not been started"
            )
            raise InputError(str(kind), reason)
        return stream

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
            for stream in self._streams.values():
                self.status_changed(stream)
