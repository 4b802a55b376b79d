"""The model of random tests: the real manager, the emulators behind proxies, and what must come of them.

A test calls the actions of a `World` in any order, at any time. The world knows which events the engine must
have sent by then, and which it must never send. Every price source has a market of its own here, so that a
price shows which source it is from.
"""

from __future__ import annotations

import asyncio
import gc
import random
from collections import Counter, defaultdict
from contextlib import AsyncExitStack
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from bench import NAMES, Bench, Sources, bench
from virtual_time import VirtualClock

from streamcore import PriceUpdate, State, StatusChange, StreamError, WalletTransaction
from streamcore.assets.tokens import TokenTable
from streamcore.streams.state import TRANSITIONS
from streamsim import Emulators, Fault
from streamsim.birdeye.server import BirdeyeServer
from streamsim.coinbase.server import CoinbaseServer
from streamsim.dexscreener.server import DexScreenerServer
from streamsim.jupiter.server import JupiterServer
from streamsim.kraken.server import KrakenServer
from streamsim.servers.exchange import ExchangeServer, asset_key
from streamsim.world.market import Market, Trade

SYMBOLS = ("SOL", "BTC", "BONK", "JUP", "WIF", "PNUT", "JLP")
"""Kraken lists the first five, Coinbase PNUT, and no exchange JLP."""

WALLETS = (
    "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T",
    "9NyDcAEUByTTNosYMzuWQEuUSfgXCHTNhwQmSWEf5fXq",
    "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU",
    "8psNvWTrdNTiVRNzAgsou9kETXNJm2SXZyaKuJraVRtf",
)
STREAMING = ("birdeye", "kraken", "coinbase", "helius", "solana")
"""The providers with a stream."""

TRADE_EVERY = 15.0
"""Seconds between two trades during a recovery: a polled source shows only by prices that it works."""

PATIENCE_FOR: dict[Sources, float] = {"keyed": 400.0, "all": 400.0, "public": 2000.0}
"""Seconds within which every transaction must have come after all faults have ended."""

POLLED_ONLY = frozenset({State.DISCONNECTED, State.FALLBACK, State.FAILED})
"""The states of a provider without a stream."""

FIRST_PUBLIC = dict.fromkeys(SYMBOLS, "kraken") | {"PNUT": "coinbase", "JLP": "jupiter"}
"""The provider that serves each symbol without keys, when all are well."""


class MarketsApart(Emulators):
    """Emulators whose price sources each have a market of their own."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        servers = {
            "birdeye": BirdeyeServer,
            "kraken": KrakenServer,
            "coinbase": CoinbaseServer,
            "jupiter": JupiterServer,
            "dexscreener": DexScreenerServer,
        }
        self.markets = {name: Market(self.clock, options["seed"]) for name in servers}
        for name, server in servers.items():
            setattr(self, name, server(self.clock, self.markets[name], lambda mints: None))


class World:
    """What is subscribed, what has happened, and which events about it the engine has sent."""

    def __init__(self, table: Bench, markets: dict[str, Market], sources: Sources, seed: int) -> None:
        self.table = table
        self.markets = markets
        self.sources: Sources = sources
        self.providers = NAMES[sources]
        self.manager = table.manager
        self.clock = table.clock
        self.rng = random.Random(seed)
        self.prices: Counter[str] = Counter()
        """Subscribed symbols, with the number of subscriptions."""
        self.wallets: Counter[str] = Counter()
        self.due: dict[tuple[str, str], float] = {}
        """(wallet, signature) of events that must still come, and when the transaction happened."""
        self.told: Counter[tuple[str, str]] = Counter()
        self.sent = 0
        """How many (wallet, signature) pairs had to come so far."""
        self.faults = 0
        self.tokens = TokenTable({})
        self._sure: set[str] = set()
        self._states = dict.fromkeys(self.providers, State.DISCONNECTED)
        self._last_price: dict[str, PriceUpdate] = {}
        self._traded: defaultdict[tuple[str, str | None], set[Decimal]] = defaultdict(set)
        """(provider, the market's key) to every price there has been."""
        for name, market in markets.items():
            market.listen(partial(self._noted, name))
        table.ledger.listen(self._recorded)
        for symbol in SYMBOLS:
            self.trade(symbol)  # the markets begin with the same prices

    # Actions

    async def subscribe_price(self, symbol: str) -> None:
        self.prices[symbol] += 1
        await self.manager.subscribe_prices([symbol])

    async def unsubscribe_price(self, symbol: str) -> None:
        await self.manager.unsubscribe_prices([symbol])
        self.prices[symbol] -= 1
        if self.prices[symbol] <= 0:
            del self.prices[symbol]
            self._last_price.pop(symbol, None)

    async def subscribe_wallet(self, wallet: str) -> None:
        self.wallets[wallet] += 1
        await self.manager.subscribe_wallets([wallet])

    async def unsubscribe_wallet(self, wallet: str) -> None:
        await self.manager.unsubscribe_wallets([wallet])
        self.wallets[wallet] -= 1
        if self.wallets[wallet] <= 0:
            del self.wallets[wallet]
            self._sure.discard(wallet)
            for pair in [pair for pair in self.due if pair[0] == wallet]:
                del self.due[pair]

    def transact(self, wallet: str) -> str:
        return self.table.ledger.live(wallet)

    def trade(self, symbol: str) -> None:
        """Trade a symbol on every market that has it, at prices whose last digit shows the market."""
        for number, name in enumerate(self.markets, 1):
            if (key := self._key(name, symbol)) is not None:
                cents = 10 * self.rng.randrange(100, 1_000_000) + number
                self.markets[name].trade(key, price=Decimal(cents) / 100)

    def set_fault(self, provider: str, fault: Fault, terms: dict[str, Any]) -> None:
        """Turn a fault of a server on."""
        self.faults += 1
        getattr(self.table, provider).faults.set(fault, **terms)

    def set_network_fault(self, provider: str, fault: Fault, terms: dict[str, Any]) -> None:
        """Turn a fault of the network before a server on."""
        self.faults += 1
        self.table.network[provider].set(fault, **terms)

    async def happen(self, provider: str, moment: str) -> None:
        """Do one of `random_faults.ACTIONS`."""
        if provider not in STREAMING and moment != "reconnect":
            return
        self.faults += 1
        server = getattr(self.table, provider)
        match moment:
            case "drop":
                server.drop()
            case "close":
                await server.close_clients(1012, "restart")
            case "freeze":
                server.freeze()
            case "error":
                await server.send_error("something went wrong", code=-32000)
            case "reconnect":
                await self.manager.reconnect(provider)

    def heal(self, provider: str) -> None:
        """End every fault of a provider and of the network before it."""
        if provider in STREAMING:
            getattr(self.table, provider).thaw()
        getattr(self.table, provider).faults.clear()
        self.table.network[provider].clear()

    def sleep_like_a_laptop(self, seconds: float) -> None:
        self.faults += 1
        self.clock.jump(seconds)

    # Checks

    def look(self) -> None:
        """Check the events that the engine has sent since the last call, and fail at the first wrong one."""
        seen, self.table.seen = self.table.seen, []
        for event in seen:
            match event:
                case StatusChange(provider=name, state=state):
                    before, self._states[name] = self._states[name], state
                    allowed = TRANSITIONS[before] if name in STREAMING else POLLED_ONLY
                    assert state is before or state in allowed, (name, before, state)
                case WalletTransaction(wallet=wallet, signature=signature):
                    self.told[wallet, signature] += 1
                    assert self.told[wallet, signature] == 1, f"{signature} came twice for {wallet}"
                    self.due.pop((wallet, signature), None)
                case PriceUpdate(symbol=symbol, price=price, provider=name):
                    traded = self._traded[name, self._key(name, symbol)]
                    assert price is None or price in traded, f"{symbol} was never {price} at {name}"
                    self._last_price[symbol] = event
                case StreamError(message=message):
                    assert "the log has the details" not in message, message

    def _key(self, name: str, symbol: str) -> str | None:
        """Return the key of a symbol on the market of a provider; ``None``: the provider does not list it."""
        server = getattr(self.table, name)
        if isinstance(server, ExchangeServer):
            return asset_key(symbol) if symbol in server.listed else None
        return self.tokens.resolve(symbol).mint

    def _noted(self, name: str, trade: Trade) -> None:
        self._traded[name, trade.mint].add(trade.price)

    def _recorded(self, transaction: Any) -> None:
        for wallet in self._sure:
            owners = transaction.owners_changed
            if wallet in transaction.keys or wallet in owners:
                self.due[wallet, transaction.signature] = self.clock.monotonic()
                self.sent += 1

    def begin(self) -> None:
        """From now on no transaction of the subscribed wallets may be missed."""
        self._sure = set(self.wallets)

    def preferred(self, symbol: str) -> str:
        """Return the provider that serves a symbol when all are well."""
        return FIRST_PUBLIC[symbol] if self.sources == "public" else "birdeye"

    def restored(self) -> bool:
        """Return whether Birdeye's and Helius' newest connections have exactly the subscriptions they should.

        An older connection may be half-open: dead, without the server having noticed. Whether the other
        providers have their subscriptions shows in the events.
        """
        if self.sources == "public":
            return True
        mints = {self.tokens.resolve(symbol).mint for symbol in self.prices}
        birdeye, helius = self.table.birdeye.clients, self.table.helius.clients
        filters = [held.filter for held in helius[-1].subscriptions.values()] if helius else []
        included = {wallet for wanted in filters if wanted is not None for wallet in wanted.include}
        return (not mints or (birdeye != () and set(birdeye[-1].clauses) == mints)) and (
            not self.wallets or included == set(self.wallets)
        )

    def connected(self) -> bool:
        """Return whether every provider has the state it must have when all is well."""
        sources = {self.preferred(symbol) for symbol in self.prices}
        if self.wallets:
            sources.add("solana" if self.sources == "public" else "helius")
        return all(self._lamp_is_right(name, name in sources) for name in self.providers)

    def _lamp_is_right(self, name: str, in_use: bool) -> bool:
        status = self.manager.status(name)
        if name not in STREAMING:
            return status.idle is not in_use and not status.poll_failed
        state = State.CONNECTED if in_use else State.DISCONNECTED
        listening = not in_use or getattr(self.table, name).connections > 0
        return status.state is state is self._states[name] and listening and not status.stale

    def prices_are_true(self) -> bool:
        return all(map(self._is_true, self.prices))

    def _is_true(self, symbol: str) -> bool:
        name = self.preferred(symbol)
        truth = self.markets[name].truth(str(self._key(name, symbol)))
        known = self._last_price.get(symbol)
        return (
            truth is not None and known is not None and (known.provider, known.price) == (name, truth.price)
        )

    async def settle(self, within: float = 400.0) -> None:
        """End every fault and wait until all is well again; fail when it does not become so."""
        for name in self.providers:
            self.heal(name)
        for name in self.providers:
            # without a reconnect, refused topics are requested again only later
            await self.manager.reconnect(name)
        await self._until(lambda: self.connected() and self.restored(), within, "not connected as wanted")
        for symbol in self.prices:
            self.trade(symbol)
        await self._until(self.prices_are_true, 90.0, "a price is not the truth")
        # a public node answers few requests per second, so catching up after many faults takes long
        await self._until(lambda: not self.due, PATIENCE_FOR[self.sources], "lost")
        self.begin()

    async def _until(self, condition: Any, within: float, what: str) -> None:
        began = traded = self.clock.monotonic()
        self.look()
        while not condition():
            now = self.clock.monotonic()
            assert now < began + within, (what, self.explanation())
            if now > traded + TRADE_EVERY:
                traded = now
                for symbol in self.prices:
                    self.trade(symbol)
            await asyncio.sleep(0.1)
            self.look()

    def explanation(self) -> str:
        """Return a description of the present state, for the message of a failed test."""
        statuses = [
            f"{s.provider}: {s.state} ({s.reason}), attempt {s.attempt}, parked {s.parked}, {s.breaker}"
            for s in self.manager.statuses().values()
        ]
        held = f"held {set(self.table.birdeye.price_subscriptions)} {set(self.table.helius.wallets)}"
        known = {symbol: (event.provider, event.price) for symbol, event in self._last_price.items()}
        wanted = f"wanted {set(self.prices)} {set(self.wallets)}"
        now = self.clock.monotonic()
        missing = [f"{w[:4]}/{s[:6]} {now - at:.0f} s ago" for (w, s), at in list(self.due.items())[:10]]
        sources = f"from {dict(self.manager.price_sources)}, known {known}"
        return "; ".join([*statuses, held, wanted, sources, f"{len(self.due)} due: {missing}"])


def open_sockets() -> int:
    """Return how many sockets this process has open; 0 where ``/proc`` does not tell."""
    gc.collect()
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        return 0
    links = []
    for entry in folder.iterdir():
        try:
            links.append(str(entry.readlink()))
        except OSError:
            continue  # the one that lists this folder
    return sum(link.startswith("socket:") for link in links)


class WorldSetup:
    """Starts and closes a `World`, and checks that no task and no socket is left."""

    def __init__(self, seed: int, sources: Sources = "keyed", **options: Any) -> None:
        self._seed = seed
        self._sources: Sources = sources
        self._made: list[MarketsApart] = []
        self._options = options
        self._stack = AsyncExitStack()

    async def enter(self) -> World:
        self._sockets = open_sockets()
        self._tasks = len(asyncio.all_tasks())
        table = await self._stack.enter_async_context(
            bench(
                self._sources,
                clock=VirtualClock(self._seed),
                proxies=True,
                emulated=self._emulators,
                **self._options,
            )
        )
        return World(table, self._made[-1].markets, self._sources, self._seed)

    def _emulators(self, **options: Any) -> MarketsApart:
        self._made.append(MarketsApart(**options))
        return self._made[-1]

    async def leave(self) -> None:
        """Close everything.

        Raises:
            AssertionError: A task or a socket is left.
        """
        await self._stack.aclose()
        await asyncio.sleep(1)  # what was cancelled last ends in the next turns
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert not left, left
        assert open_sockets() <= self._sockets, "a socket is left"
