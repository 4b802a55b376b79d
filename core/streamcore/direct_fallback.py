"""An engine that is fed by a relay, and talks to the providers itself while no relay can be reached.

It does so only where ``relay.direct`` asks for it: a dead relay must not send a whole team to the public
hosts, each from an address and with a rate limit of its own, unless that is what its operator wants.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import TYPE_CHECKING

import msgspec

from streamcore.assets.tokens import Token, check_address
from streamcore.candles import CandleSeries, ChartRange
from streamcore.clock import Clock, SystemClock
from streamcore.config.model import Settings
from streamcore.engine import Engine, Snapshot
from streamcore.errors import InputError, NotRunning, ProviderError, UnknownProvider
from streamcore.events import ErrorKind, Event, State, WalletTransaction, price_key
from streamcore.hub import Hub
from streamcore.status import ProviderStatus
from streamcore.tasks import Tasks
from streamcore.token_hits import SearchResult, TokenHit
from streamcore.told_transactions import ToldTransactions

DIRECT_AFTER = 5.0
"""Seconds that the relay must be away: one that restarts is back sooner."""

LOOK_EVERY = 0.5
"""Seconds between two looks at whether the relay is there."""


class DirectFallback:
    """The `Engine` of a terminal with ``relay.direct``: a relay's, and in its absence the providers'."""

    def __init__(
        self,
        settings: Settings,
        relay: Engine,
        direct: Callable[[], Engine],
        *,
        name: str,
        clock: Clock | None = None,
    ) -> None:
        """Make one that is not started.

        Args:
            settings: What is configured.
            relay: The engine that is fed by a relay, not started.
            direct: Makes an engine that talks to the providers, each time one is needed.
            name: The name of the relay's own status.
            clock: Time; the system's, unless a test brings its own.
        """
        self._relay = relay
        self._make_direct = direct
        self._name = name
        self._clock = clock or SystemClock()
        self._hub = Hub(settings.stream.queue_capacity, lambda: self.snapshot().prices.values())
        self._tasks = Tasks("direct fallback", self._clock, failed=self._failed)
        self._direct: Engine | None = None
        """The engine that stands in; ``None`` while the relay is there."""
        self._symbols: list[str] = []
        self._wallets: list[str] = []
        self._told = ToldTransactions()
        self._exit = AsyncExitStack()
        self._closing = False

    async def __aenter__(self) -> DirectFallback:
        """Start the relay's engine, and watch over it."""
        async with AsyncExitStack() as stack:
            stack.callback(self._end)
            await stack.enter_async_context(self._relay)
            stack.push_async_callback(self._tasks.close)
            self._tasks.start_loop("events of the relay", lambda: self._pass_on(self._relay))
            self._tasks.start_loop("watching the relay", self._watch)
            self._exit = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End both engines, and every consumer's iteration."""
        self._closing = True
        await self._exit.aclose()

    def _end(self) -> None:
        self._closing = True
        self._hub.close()

    @property
    def _engine(self) -> Engine:
        return self._direct or self._relay

    # --- standing in ------------------------------------------------------------------------------------

    async def _watch(self) -> None:
        away_since: float | None = self._clock.monotonic()
        while True:
            if self._relay.status(self._name).state is State.CONNECTED:
                away_since = None
            elif away_since is None:
                away_since = self._clock.monotonic()
            if away_since is not None and self._clock.monotonic() - away_since >= DIRECT_AFTER:
                await self._stand_in()
                away_since = None
            await self._clock.sleep(LOOK_EVERY)

    async def _stand_in(self) -> None:
        """Run the providers' engine until the relay is back."""
        self._tell("no relay can be reached: this terminal talks to the providers itself (relay.direct)")
        async with self._make_direct() as direct:
            passing = self._tasks.start("events of the providers", self._pass_on, direct)
            try:
                self._direct = direct
                await self._subscribe_to(direct)
                while self._relay.status(self._name).state is not State.CONNECTED:
                    await self._clock.sleep(LOOK_EVERY)
            finally:
                self._direct = None
                if passing is not None:
                    passing.cancel()
        self._tell("the relay is back")
        for event in self._relay.snapshot().prices.values():
            self._hub.publish(event)

    async def _subscribe_to(self, direct: Engine) -> None:
        await self._subscribe_each(direct.subscribe_prices, self._symbols)
        await self._subscribe_each(direct.subscribe_wallets, self._wallets)

    async def _subscribe_each(
        self, subscribe: Callable[[list[str]], Awaitable[object]], names: Iterable[str]
    ) -> None:
        """Subscribe what the relay knows: it may have tickers of its own, which no provider does."""
        for name in names:
            try:
                await subscribe([name])
            except InputError as error:
                self._tell(str(error), kind=ErrorKind.SUBSCRIPTION)

    async def _pass_on(self, engine: Engine) -> None:
        """Publish what an engine says, transactions that both know only once."""
        async for event in engine.events():
            if isinstance(event, WalletTransaction):
                if not self._is_news(event):
                    continue
            elif engine is self._relay and self._direct is not None and event.provider != self._name:
                continue  # state of providers that are asked directly now; it is told again at the return
            self._hub.publish(event)

    def _is_news(self, event: WalletTransaction) -> bool:
        if self._told.has(event.wallet, event.signature):
            return False
        self._told.add(event.wallet, event.signature)
        return True

    def _tell(self, text: str, *, kind: ErrorKind = ErrorKind.NETWORK) -> None:
        self._failed(ProviderError(kind, text, retryable=True))

    def _failed(self, error: ProviderError) -> None:
        self._hub.publish(error.event(self._name, self._clock.time(), demo=False))

    # --- the engine -------------------------------------------------------------------------------------

    async def subscribe_prices(self, symbols: Iterable[str]) -> Sequence[Token]:
        """See `Engine.subscribe_prices`."""
        wanted = [symbols] if isinstance(symbols, str) else list(symbols)
        tokens = await self._relay.subscribe_prices(wanted)
        self._symbols += wanted
        if self._direct is not None:
            await self._subscribe_each(self._direct.subscribe_prices, wanted)
        return tokens

    async def unsubscribe_prices(self, symbols: Iterable[str]) -> None:
        """See `Engine.unsubscribe_prices`."""
        unwanted = [symbols] if isinstance(symbols, str) else list(symbols)
        await self._relay.unsubscribe_prices(unwanted)
        keys = [self._key(one) for one in unwanted]
        for one in list(self._symbols):
            if (key := self._key(one)) in keys:
                keys.remove(key)
                self._symbols.remove(one)
        if self._direct is not None:
            for one in unwanted:
                with suppress(InputError):  # it was not subscribed there either
                    await self._direct.unsubscribe_prices([one])

    async def subscribe_wallets(self, addresses: Iterable[str]) -> Sequence[str]:
        """See `Engine.subscribe_wallets`."""
        wallets = await self._relay.subscribe_wallets(addresses)
        self._wallets += wallets
        if self._direct is not None:
            await self._direct.subscribe_wallets(wallets)
        return wallets

    async def unsubscribe_wallets(self, addresses: Iterable[str]) -> None:
        """See `Engine.unsubscribe_wallets`."""
        unwanted = [addresses] if isinstance(addresses, str) else list(addresses)
        await self._relay.unsubscribe_wallets(unwanted)
        for one in unwanted:
            if (wallet := check_address(one)) in self._wallets:
                self._wallets.remove(wallet)
        if self._direct is not None:
            await self._direct.unsubscribe_wallets(unwanted)

    def describe(self, symbol: str) -> Token:
        """See `Engine.describe`."""
        return self._engine.describe(symbol)

    def complete(self, prefix: str) -> Sequence[Token]:
        """See `Engine.complete`."""
        return self._engine.complete(prefix)

    async def search(self, text: str) -> SearchResult:
        """See `Engine.search`."""
        return await self._engine.search(text)

    async def name_tokens(self, mints: Iterable[str]) -> Mapping[str, TokenHit]:
        """See `Engine.name_tokens`."""
        return await self._engine.name_tokens(mints)

    async def resolve_wallet(self, name: str) -> str:
        """See `Engine.resolve_wallet`."""
        return await self._engine.resolve_wallet(name)

    @property
    def price_sources(self) -> Mapping[str, str | None]:
        """See `Engine.price_sources`."""
        return self._engine.price_sources

    def ask_quote(self, symbol: str) -> None:
        """See `Engine.ask_quote`."""
        self._engine.ask_quote(symbol)

    def snapshot(self) -> Snapshot:
        """See `Engine.snapshot`."""
        return msgspec.structs.replace(self._engine.snapshot(), statuses=self.statuses())

    async def history(self, symbol: str, span: ChartRange) -> CandleSeries:
        """See `Engine.history`."""
        return await self._engine.history(symbol, span)

    def cached_history(self, symbol: str, span: ChartRange) -> CandleSeries | None:
        """See `Engine.cached_history`; the relay's while the providers have not been asked for any."""
        return self._engine.cached_history(symbol, span) or self._relay.cached_history(symbol, span)

    async def trends(self) -> Mapping[str, CandleSeries]:
        """See `Engine.trends`."""
        return await self._engine.trends()

    def cached_trends(self) -> Mapping[str, CandleSeries]:
        """See `Engine.cached_trends`; the relay's while the providers have not been asked for any."""
        return {**self._relay.cached_trends(), **self._engine.cached_trends()}

    def events(self) -> AsyncIterator[Event]:
        """See `Engine.events`."""
        if self._closing:
            raise NotRunning("the engine has ended and brings nothing any more")
        snapshot = self.snapshot()
        now = self._clock.time()
        return self._hub.subscribe(
            [
                *(status.event(now) for status in snapshot.statuses.values() if not status.standby),
                *snapshot.prices.values(),
            ]
        )

    def drain(self, name: str) -> Sequence[Event]:
        """See `Engine.drain`."""
        if name and name not in self.statuses():
            raise UnknownProvider(name, self.statuses())
        return self._hub.drain(name)

    def statuses(self) -> Mapping[str, ProviderStatus]:
        """See `Engine.statuses`: those of the engine in use, and always the relay's own."""
        if self._direct is None:
            return self._relay.statuses()
        return {**self._direct.statuses(), self._name: self._relay.status(self._name)}

    def status(self, name: str) -> ProviderStatus:
        """See `Engine.status`."""
        statuses = self.statuses()
        if name not in statuses:
            raise UnknownProvider(name, statuses)
        return statuses[name]

    @property
    def is_any_connected(self) -> bool:
        """See `Engine.is_any_connected`."""
        return self._engine.is_any_connected

    @property
    def is_fallback_active(self) -> bool:
        """Whether the providers are asked directly, or polling stands in for a stream."""
        return self._direct is not None or self._relay.is_fallback_active

    async def reconnect(self, name: str) -> None:
        """See `Engine.reconnect`."""
        await (self._relay if name == self._name else self._engine).reconnect(name)

    async def reconnect_all(self) -> None:
        """See `Engine.reconnect_all`."""
        await self._relay.reconnect_all()
        if self._direct is not None:
            await self._direct.reconnect_all()

    def _key(self, symbol: str) -> str:
        token = self._relay.describe(symbol)
        return price_key(token.symbol, token.mint)


if TYPE_CHECKING:
    _ENGINE: type[Engine] = DirectFallback  # so that the type checker compares it with the protocol
