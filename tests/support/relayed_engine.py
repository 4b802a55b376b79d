"""An engine for tests of a relay: it says what a test publishes, and notes what is asked of it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import fake_manager
import msgspec
import sample_events

from streamcore.assets.instruments import Instrument, Venue, understand
from streamcore.assets.tokens import Token, TokenTable, check_address
from streamcore.candles import CandleSeries, ChartRange
from streamcore.clock import SystemClock
from streamcore.engine import Snapshot
from streamcore.errors import UnknownProvider
from streamcore.events import Event, PriceUpdate, State
from streamcore.hub import Hub, Subscriber
from streamcore.status import ProviderStatus
from streamcore.streams.checkpoints import Checkpoints
from streamcore.token_hits import SearchResult, TokenHit


class RelayedEngine:
    """An engine that is a `streamcore.relay.bus.Bus`, with an exchange (kraken) and a node (helius)."""

    def __init__(self, checkpoints: Checkpoints | None = None) -> None:
        self.hub = Hub(10_000)
        self.checkpoints = checkpoints or Checkpoints()
        self.tokens = TokenTable()
        self.symbols: dict[str, Instrument] = {}
        self.understood: dict[str, Instrument] = {}
        self.wallets: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self.numbers = itertools.count(1)
        self.price_sources: dict[str, str | None] = {}
        self.current: dict[str, ProviderStatus] = {
            "kraken": fake_manager.status("kraken", topics=(), last_message_at=None),
            "helius": fake_manager.status("helius", topics=(), last_message_at=None),
        }
        self.prices: dict[str, PriceUpdate] = {}
        self.answers: dict[str, Any] = {}
        self.questions: list[tuple[str, ...]] = []
        self.fetched_trends: Mapping[str, CandleSeries] = {}

    # --- what a test does -------------------------------------------------------------------------------

    def price(self, symbol: str, value: str, **more: Any) -> PriceUpdate:
        """Publish a price of a symbol, as the exchange has it."""
        instrument = self.understood.get(symbol)
        if instrument is None:
            instrument = self.understood[symbol] = understand(symbol, self.tokens, exchanges=True)
        fields = {"provider": "kraken", "address": instrument.address_at(Venue.EXCHANGE), **more}
        event = sample_events.price(instrument.symbol, value, **fields)
        self.prices[instrument.key] = event
        self.hub.publish(event)
        return event

    def transaction(self, wallet: str, **more: Any) -> str:
        """Publish a transaction of a wallet once, as a tracker does; return its signature."""
        number = next(self.numbers)
        signature = more.pop("signature", f"sig{number}")
        fields = {"ts": SystemClock().time(), "wallet": wallet, "slot": number, **more}
        event = sample_events.transaction(signature, **fields)
        if self.checkpoints.record(wallet, event.signature, event.slot, streamed=True):
            self.hub.publish(event)
        return event.signature

    def say(self, *events: Event) -> None:
        for event in events:
            self.hub.publish(event)

    def set_status(self, provider: str, **changes: Any) -> None:
        self.current[provider] = msgspec.structs.replace(self.current[provider], **changes)
        self.hub.publish(self.current[provider].event(sample_events.status().ts))

    # --- the engine -------------------------------------------------------------------------------------

    async def __aenter__(self) -> RelayedEngine:
        return self

    async def __aexit__(self, *error: object) -> None:
        self.hub.close()

    def describe(self, symbol: str) -> Token:
        return understand(symbol, self.tokens, exchanges=True).described(Venue.EXCHANGE)

    def complete(self, prefix: str) -> list[Token]:
        return self.tokens.complete(prefix)

    async def subscribe_prices(self, symbols: Iterable[str]) -> list[Token]:
        found = []
        for symbol in symbols:
            self.asked.append(("subscribe", symbol))
            instrument = understand(symbol, self.tokens, exchanges=True)
            self.symbols[instrument.key] = instrument
            self.price_sources[instrument.key] = "kraken"
            found.append(self.describe(symbol))
        return found

    async def unsubscribe_prices(self, symbols: Iterable[str]) -> None:
        for symbol in symbols:
            self.asked.append(("unsubscribe", symbol))
            key = understand(symbol, self.tokens, exchanges=True).key
            self.symbols.pop(key)
            self.prices.pop(key, None)
            self.price_sources.pop(key)

    async def subscribe_wallets(self, addresses: Iterable[str]) -> list[str]:
        found = [check_address(address) for address in addresses]
        for address in found:
            self.asked.append(("watch", address))
            self.wallets.append(address)
            self.checkpoints.watch(address, sample_events.status().ts)
        return found

    async def unsubscribe_wallets(self, addresses: Iterable[str]) -> None:
        for address in addresses:
            self.asked.append(("unwatch", address))
            self.wallets.remove(address)
            self.checkpoints.forget(address)

    def snapshot(self) -> Snapshot:
        prices = {key: event.as_snapshot() for key, event in self.prices.items()}
        return Snapshot(ts=sample_events.status().ts, prices=prices, statuses=self.current)

    def events(self) -> AsyncIterator[Event]:
        return self.consumer()

    def consumer(self, capacity: int | None = None) -> Subscriber:
        return self.hub.subscribe(self.snapshot().prices.values(), capacity=capacity)

    async def history(self, symbol: str, span: ChartRange) -> CandleSeries:
        return await self._asked("history", symbol, span)

    def cached_history(self, symbol: str, span: ChartRange) -> CandleSeries | None:
        return None

    def ask_quote(self, symbol: str) -> None:
        self.asked.append(("ask_quote", symbol))

    async def trends(self) -> Mapping[str, CandleSeries]:
        self.fetched_trends = await self._asked("trends")
        return self.fetched_trends

    def cached_trends(self) -> Mapping[str, CandleSeries]:
        return self.fetched_trends

    async def search(self, text: str) -> SearchResult:
        return await self._asked("search", text)

    async def name_tokens(self, mints: Iterable[str]) -> Mapping[str, TokenHit]:
        return await self._asked("name_tokens", *mints)

    async def resolve_wallet(self, name: str) -> str:
        return await self._asked("resolve_wallet", name)

    async def _asked(self, what: str, *arguments: object) -> Any:
        """Answer as a test has said in `answers`: with a value, an error, or what a future brings."""
        answer = self.answers[what]
        if isinstance(answer, asyncio.Future):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        self.questions.append((what, *map(str, arguments)))
        return answer

    def drain(self, name: str) -> list[Event]:
        return self.hub.drain(name)

    def statuses(self) -> Mapping[str, ProviderStatus]:
        return dict(self.current)

    def status(self, name: str) -> ProviderStatus:
        if name not in self.current:
            raise UnknownProvider(name, self.current)
        return self.current[name]

    @property
    def is_any_connected(self) -> bool:
        return any(one.state is State.CONNECTED for one in self.current.values())

    @property
    def is_fallback_active(self) -> bool:
        return any(one.fallback for one in self.current.values())

    async def reconnect(self, name: str) -> None:
        self.status(name)
        self.asked.append(("reconnect", name))

    async def reconnect_all(self) -> None:
        self.asked.append(("reconnect", "*"))
