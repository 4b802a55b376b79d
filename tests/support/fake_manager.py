"""A fake engine: it records the requests of the app, and sends the events that a test gives it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from streamcore.assets.instruments import Venue, understand
from streamcore.assets.tokens import Token, TokenTable, check_address
from streamcore.candles import CandleSeries, ChartRange
from streamcore.config.model import Settings
from streamcore.engine import Snapshot
from streamcore.errors import ProviderError
from streamcore.events import DataKind, ErrorKind, Event, State
from streamcore.status import ProviderStatus
from streamcore.token_hits import SearchResult, TokenHit


def status(provider: str = "birdeye", **more: Any) -> ProviderStatus:
    fields: dict[str, Any] = {
        "provider": provider,
        "kind": DataKind.WALLETS if provider == "helius" else DataKind.PRICES,
        "demo": False,
        "state": State.CONNECTED,
        "reason": None,
        "since": 1_793_311_000.0,
        "attempt": 0,
        "retry_at": None,
        "parked": False,
        "idle": False,
        "fallback": False,
        "stale": False,
        "subscriptions": 3,
        "topics": ("SOL", "BTC", "BONK"),
        "connections": 1,
        "latency_ms": 41.2,
        "messages_received": 812,
        "messages_sent": 4,
        "bytes_received": 241_222,
        "bytes_sent": 830,
        "malformed": 0,
        "dropped": 0,
        "reconnects": 1,
        "uptime": 200.0,
        "last_message_at": 1_793_311_199.0,
        "limits": "100 tokens a connection, 7 requests/s",
    }
    return ProviderStatus(**{**fields, **more})


class FakeManager:
    """A `streamcore.Engine`; tickers and addresses are checked by the real table.

    ``breaks_at`` holds what its methods raise, by their names.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.tokens = TokenTable(settings.tokens)
        self.asked: list[tuple[str, tuple[str, ...]]] = []
        self.closed = False
        self.exchanges = False
        self.price_sources: dict[str, str | None] = {}
        self.breaks_at_start: Exception | None = None
        self.breaks_at: dict[str, Exception] = {}
        self.current: dict[str, ProviderStatus] = {
            "birdeye": status("birdeye"),
            "helius": status("helius", subscriptions=1, topics=("wallet",)),
        }
        self.cached_series: dict[tuple[str, ChartRange], CandleSeries] = {}
        """What `cached_history` returns, by symbol and range."""
        self.fresh_series: dict[tuple[str, ChartRange], CandleSeries] = {}
        """What `history` returns, once `history_gate` is open; of what is not here there is no history."""
        self.history_gate = asyncio.Event()
        self.history_gate.set()
        self.trend_series: dict[str, CandleSeries] = {}
        self.found: dict[str, SearchResult] = {}
        """What a search finds, by the text; nothing for others."""
        self.searched: list[str] = []
        self.names: dict[str, TokenHit] = {}
        """What mints are called."""
        self.named: list[tuple[str, ...]] = []
        """The mints that were asked for, call by call."""
        self.wallets: dict[str, str | Exception] = {}
        """What names of wallets lead to, or why they lead nowhere."""
        self.looked_up: list[str] = []
        self.search_waits: asyncio.Event | None = None
        """What every search waits for."""
        self._queue: asyncio.Queue[Event | Exception] = asyncio.Queue()

    def set_status(self, provider: str, **changes: Any) -> None:
        self.current[provider] = msgspec.structs.replace(self.current[provider], **changes)

    def tell(self, *events: Event | Exception) -> None:
        for event in events:
            self._queue.put_nowait(event)

    async def __aenter__(self) -> FakeManager:
        if self.breaks_at_start is not None:
            raise self.breaks_at_start
        return self

    async def __aexit__(self, *error: object) -> None:
        self.closed = True

    def describe(self, symbol: str) -> Token:
        return understand(symbol, self.tokens, exchanges=self.exchanges).described(
            Venue.EXCHANGE if self.exchanges else Venue.CHAIN
        )

    def complete(self, prefix: str) -> list[Token]:
        return [self.describe(token.symbol) for token in self.tokens.complete(prefix)]

    async def search(self, text: str) -> SearchResult:
        self._break_at("search")
        self.searched.append(text)
        if self.search_waits is not None:
            await self.search_waits.wait()
        return self.found.get(text, SearchResult(hits=()))

    async def name_tokens(self, mints: Iterable[str]) -> Mapping[str, TokenHit]:
        asked = tuple(mints)
        self.named.append(asked)
        self._break_at("name_tokens")
        return {mint: self.names[mint] for mint in asked if mint in self.names}

    async def resolve_wallet(self, name: str) -> str:
        self._break_at("resolve_wallet")
        self.looked_up.append(name)
        found = self.wallets[name]
        if isinstance(found, Exception):
            raise found
        return found

    def _break_at(self, what: str) -> None:
        if what in self.breaks_at:
            raise self.breaks_at[what]

    async def subscribe_prices(self, symbols: Iterable[str]) -> list[Token]:
        self._break_at("subscribe_prices")
        tokens = [self.describe(symbol) for symbol in symbols]
        self.asked.append(("subscribe_prices", tuple(token.symbol for token in tokens)))
        return tokens

    async def unsubscribe_prices(self, symbols: Iterable[str]) -> None:
        self.asked.append(("unsubscribe_prices", tuple(self.describe(s).symbol for s in symbols)))

    async def subscribe_wallets(self, addresses: Iterable[str]) -> list[str]:
        self._break_at("subscribe_wallets")
        wallets = [check_address(address) for address in addresses]
        self.asked.append(("subscribe_wallets", tuple(wallets)))
        return wallets

    async def unsubscribe_wallets(self, addresses: Iterable[str]) -> None:
        self.asked.append(("unsubscribe_wallets", tuple(addresses)))

    async def history(self, symbol: str, span: ChartRange) -> CandleSeries:
        symbol = self.describe(symbol).symbol
        self.asked.append(("history", (symbol, span)))
        await self.history_gate.wait()
        self._break_at("history")
        if (symbol, span) not in self.fresh_series:
            raise ProviderError(ErrorKind.SUBSCRIPTION, f"no source has a history of {symbol}")
        self.cached_series[symbol, span] = self.fresh_series[symbol, span]
        return self.fresh_series[symbol, span]

    def cached_history(self, symbol: str, span: ChartRange) -> CandleSeries | None:
        return self.cached_series.get((self.describe(symbol).symbol, span))

    def ask_quote(self, symbol: str) -> None:
        self._break_at("ask_quote")
        self.asked.append(("ask_quote", (self.describe(symbol).symbol,)))

    async def trends(self) -> Mapping[str, CandleSeries]:
        self.asked.append(("trends", ()))
        return self.cached_trends()

    def cached_trends(self) -> Mapping[str, CandleSeries]:
        return self.trend_series

    async def events(self) -> AsyncIterator[Event]:
        while True:
            event = await self._queue.get()
            if isinstance(event, Exception):
                raise event
            yield event

    def snapshot(self) -> Snapshot:
        return Snapshot(ts=0.0, prices={}, statuses=self.statuses())

    def drain(self, name: str) -> list[Event]:
        return []

    def statuses(self) -> dict[str, ProviderStatus]:
        return dict(self.current)

    def status(self, name: str) -> ProviderStatus:
        return self.current[name]

    @property
    def is_any_connected(self) -> bool:
        return any(status.state is State.CONNECTED for status in self.current.values())

    @property
    def is_fallback_active(self) -> bool:
        return any(status.fallback for status in self.current.values())

    async def reconnect(self, name: str) -> None:
        self.asked.append(("reconnect", (name,)))

    async def reconnect_all(self) -> None:
        self.asked.append(("reconnect_all", ()))

    def asked_for(self, what: str) -> Sequence[tuple[str, ...]]:
        return [arguments for name, arguments in self.asked if name == what]
