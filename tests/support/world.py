"""A small world to be cruel to: the real manager, the emulators, the way between them, and the whole truth.

Whoever drives it calls its deeds in any order, at any time; it keeps the books of what must have come out
of the engine by then and of what must never come.
"""

from __future__ import annotations

import asyncio
import gc
import random
from collections import Counter
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench import Bench, bench
from virtual_time import VirtualClock

from streamcore import PriceUpdate, State, StatusChange, StreamError, WalletTransaction
from streamcore.assets.tokens import TokenTable
from streamcore.streams.state import TRANSITIONS
from streamsim import Fault

SYMBOLS = ("SOL", "BTC", "BONK", "JUP", "WIF")
WALLETS = (
    "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T",
    "9NyDcAEUByTTNosYMzuWQEuUSfgXCHTNhwQmSWEf5fXq",
    "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU",
    "8psNvWTrdNTiVRNzAgsou9kETXNJm2SXZyaKuJraVRtf",
)
PROVIDERS = ("birdeye", "helius")

SWITCHES: tuple[tuple[Fault, dict[str, Any]], ...] = (
    (Fault.REFUSE_UPGRADE, {"status": 503}),
    (Fault.REFUSE_UPGRADE, {"status": 429, "retry_after": 5.0}),
    (Fault.SLOW_UPGRADE, {"seconds": 3.0}),
    (Fault.ACCEPT_AND_CLOSE, {}),
    (Fault.STALL, {}),
    (Fault.STALL_SLOTS, {}),
    (Fault.WITHHOLD_WELCOME, {}),
    (Fault.DELAY_ACK, {"seconds": 2.0}),
    (Fault.WITHHOLD_ACK, {}),
    (Fault.NOTIFY_BEFORE_ACK, {}),
    (Fault.REJECT_SUBSCRIBE, {}),
    (Fault.DUPLICATE, {}),
    (Fault.OUT_OF_ORDER, {}),
    (Fault.MALFORMED_JSON, {}),
    (Fault.BINARY_GARBAGE, {}),
    (Fault.UNKNOWN_TYPE, {}),
    (Fault.STRING_NUMBERS, {}),
    (Fault.NULL_PRICE, {}),
    (Fault.EXTRA_FIELDS, {}),
    (Fault.EMPTY_SYMBOL, {}),
    (Fault.HTTP_STATUS, {"status": 500}),
    (Fault.HTTP_STATUS, {"status": 429}),
    (Fault.HTTP_SLOW, {"seconds": 4.0}),
    (Fault.HTTP_DROP, {}),
    (Fault.HTTP_GARBAGE, {}),
)
"""Faults of a server that somebody may turn on, with their terms."""

WAYS: tuple[tuple[Fault, dict[str, Any]], ...] = (
    (Fault.REFUSE_CONNECT, {}),
    (Fault.RESET, {"times": 1}),
    (Fault.HALF_OPEN, {}),
    (Fault.SLOW_LINK, {"seconds": 0.5, "rate": 20_000.0}),
    (Fault.SPLIT, {"size": 200}),
    (Fault.MERGE, {"seconds": 0.3}),
    (Fault.CUT, {"size": 5000, "times": 1}),
)
"""The same, of the way to it."""

MOMENTS = ("drop", "close", "freeze", "error", "reconnect")
"""What happens once."""


class World:
    """What is wanted, what has happened, and what the engine has said of it."""

    def __init__(self, table: Bench, seed: int) -> None:
        self.table = table
        self.manager = table.manager
        self.clock = table.clock
        self.rng = random.Random(seed)
        self.prices: Counter[str] = Counter()
        """Symbols wanted, with how often."""
        self.wallets: Counter[str] = Counter()
        self.due: dict[tuple[str, str], float] = {}
        """(wallet, signature) that must come, and when it happened; taken out when it has."""
        self.told: Counter[tuple[str, str]] = Counter()
        self.sent = 0
        """Transactions that must come, (wallet, signature) pairs."""
        self.faults = 0
        self.tokens = TokenTable({})
        self._sure: set[str] = set()
        self._states = dict.fromkeys(PROVIDERS, State.DISCONNECTED)
        self._read = 0
        self._last_price: dict[str, PriceUpdate] = {}
        table.ledger.listen(self._recorded)

    # Deeds

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

    def trade(self, symbol: str, price: Decimal | None = None) -> None:
        self.table.market.trade(self.tokens.resolve(symbol).mint, price=price)

    def spoil(self, provider: str, fault: Fault, terms: dict[str, Any]) -> None:
        """Turn a fault of a server on."""
        self.faults += 1
        getattr(self.table, provider).faults.set(fault, **terms)

    def spoil_way(self, provider: str, fault: Fault, terms: dict[str, Any]) -> None:
        """Turn a fault of the way to a server on."""
        self.faults += 1
        self.table.network[provider].set(fault, **terms)

    async def happen(self, provider: str, moment: str) -> None:
        """Let something happen once."""
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
        """End every fault of a provider and of the way to it."""
        getattr(self.table, provider).thaw()
        getattr(self.table, provider).faults.clear()
        self.table.network[provider].clear()

    def sleep_like_a_laptop(self, seconds: float) -> None:
        self.faults += 1
        self.clock.jump(seconds)

    # Books

    def look(self) -> None:
        """Take in what the engine has said, and fail at the first thing that must never be."""
        seen, self.table.seen = self.table.seen, []
        for event in seen:
            match event:
                case StatusChange(provider=name, state=state):
                    before, self._states[name] = self._states[name], state
                    assert state is before or state in TRANSITIONS[before], (name, before, state)
                case WalletTransaction(wallet=wallet, signature=signature):
                    self.told[wallet, signature] += 1
                    assert self.told[wallet, signature] == 1, f"{signature} came twice for {wallet}"
                    self.due.pop((wallet, signature), None)
                case PriceUpdate(symbol=symbol, price=price):
                    assert price is None or price > 0
                    self._last_price[symbol] = event
                case StreamError(message=message):
                    assert "the log has the details" not in message, message

    def _recorded(self, transaction: Any) -> None:
        for wallet in self._sure:
            owners = transaction.owners_changed
            if wallet in transaction.keys or wallet in owners:
                self.due[wallet, transaction.signature] = self.clock.monotonic()
                self.sent += 1

    def begin(self) -> None:
        """From now on nothing that happens to the wanted wallets may be missed."""
        self._sure = set(self.wallets)

    @property
    def surely_watched(self) -> frozenset[str]:
        """The wallets of which nothing may be missed."""
        return frozenset(self._sure)

    def restored(self) -> bool:
        """Whether the emulators hold exactly the subscriptions that are wanted, on the newest connection.

        An older one may be a ghost: a half-open link of which the server has not heard that it is dead.
        """
        mints = {self.tokens.resolve(symbol).mint for symbol in self.prices}
        birdeye, helius = self.table.birdeye.clients, self.table.helius.clients
        filters = [held.filter for held in helius[-1].subscriptions.values()] if helius else []
        included = {wallet for wanted in filters if wanted is not None for wallet in wanted.include}
        return (not mints or (birdeye != () and set(birdeye[-1].clauses) == mints)) and (
            not self.wallets or included == set(self.wallets)
        )

    def connected(self) -> bool:
        wanted = {"birdeye": self.prices, "helius": self.wallets}
        return all(
            self.manager.status(name).state is (State.CONNECTED if what else State.DISCONNECTED)
            for name, what in wanted.items()
        )

    def prices_are_true(self) -> bool:
        for symbol in self.prices:
            truth = self.table.market.truth(self.tokens.resolve(symbol).mint)
            known = self._last_price.get(symbol)
            if truth is None or known is None or known.price != truth.price:
                return False
        return True

    async def settle(self, within: float = 400.0) -> None:
        """End every fault and wait until all is well again; fail when it does not become so."""
        for name in PROVIDERS:
            self.heal(name)
            if self.manager.status(name).parked:
                await self.manager.reconnect(name)
        await self._until(lambda: self.connected() and self.restored(), within, "not connected as wanted")
        for symbol in self.prices:
            self.trade(symbol)
        await self._until(self.prices_are_true, 90.0, "a price is not the truth")
        await self._until(lambda: not self.due, within, "lost")
        self.begin()

    async def _until(self, condition: Any, within: float, what: str) -> None:
        until = self.clock.monotonic() + within
        self.look()
        while not condition():
            assert self.clock.monotonic() < until, (what, self.explanation())
            await asyncio.sleep(0.1)
            self.look()

    def explanation(self) -> str:
        """Say what is wrong."""
        statuses = [
            f"{s.provider}: {s.state} ({s.reason}), attempt {s.attempt}, parked {s.parked}, {s.breaker}"
            for s in self.manager.statuses().values()
        ]
        held = f"held {set(self.table.birdeye.price_subscriptions)} {set(self.table.helius.wallets)}"
        wanted = f"wanted {set(self.prices)} {set(self.wallets)}"
        now = self.clock.monotonic()
        missing = [f"{w[:4]}/{s[:6]} {now - at:.0f} s ago" for (w, s), at in list(self.due.items())[:10]]
        return "; ".join([*statuses, held, wanted, f"{len(self.due)} due: {missing}"])


def open_sockets() -> int:
    """Return how many sockets this process has open, as far as the system tells."""
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


class Stage:
    """A world that is entered and left, and that must leave nothing behind."""

    def __init__(self, seed: int, **options: Any) -> None:
        self._seed = seed
        self._options = options
        self._stack = AsyncExitStack()

    async def enter(self) -> World:
        self._sockets = open_sockets()
        self._tasks = len(asyncio.all_tasks())
        table = await self._stack.enter_async_context(
            bench(clock=VirtualClock(self._seed), proxies=True, **self._options)
        )
        return World(table, self._seed)

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
