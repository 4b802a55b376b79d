"""A trial of relays: transactions and prices whose truth is known, faults one by one, and the account.

`Trial` runs relays over emulated providers, one alone or several on a NATS server, with terminals that use
all of them. `relay_faults` has what can happen to it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any, Self

import httpx
from fleet_terminals import Onlooker, Wanderer, until
from free_port import LOOPBACK
from nats_server import NatsPath, NatsServer
from relay_fleet import ConnectionWatch, RelayProcess, ended

from streamcore.clock import SystemClock
from streamsim import Emulators, Proxy
from streamsim.world.catalog import SOL

SYMBOL = "SOL"
WALLETS = ("GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T", "9NyDcAEUByTTNosYMzuWQEuUSfgXCHTNhwQmSWEf5fXq")

PRICE_EVERY = 0.05
"""Seconds between two prices, each higher than all before it."""
LOWEST = Decimal(150)
STEP = Decimal("0.001")

RECOVERED = 120.0
"""Seconds until prices come again after any fault."""
UNDER_WAY = 120.0
"""Seconds until everything runs, at first."""
SETTLED = 600.0
"""Seconds for the last transactions to reach everybody when no fault is left: they may have to be fetched."""


@dataclass
class Account:
    """What was seen of a trial."""

    happened: set[tuple[str, str]] = field(default_factory=set)
    """Every transaction, by wallet and signature."""
    faults: Counter[str] = field(default_factory=Counter)
    recoveries: dict[str, list[float]] = field(default_factory=dict)
    """Seconds until every terminal had a price that was made after a fault, by fault."""
    lost: Counter[str] = field(default_factory=Counter)
    doubled: Counter[str] = field(default_factory=Counter)
    """Transactions, by terminal."""
    seconds: float = 0.0

    def rows(self) -> list[tuple[str, str]]:
        """Return what it comes to, as rows of a table."""
        rows = [
            ("transactions", f"{len(self.happened):,} in {self.seconds:.0f} s"),
            ("faults", f"{self.faults.total()}"),
            ("lost, by terminal", ", ".join(f"{name} {count}" for name, count in sorted(self.lost.items()))),
            ("doubled", ", ".join(f"{name} {count}" for name, count in sorted(self.doubled.items()))),
        ]
        for fault, count in sorted(self.faults.items()):
            times = self.recoveries.get(fault, [])
            text = f"prices again after {median(times):.1f} s, {max(times):.1f} s at most" if times else ""
            rows.append((f"{fault}: {count}", text))
        return rows


class Trial:
    """Relays, terminals, and what happens at the providers; an asynchronous context manager."""

    def __init__(self, folder: Path, *, relays: int, on_nats: bool, every: float, seed: int) -> None:
        """Make one.

        Args:
            folder: For everything it writes.
            relays: How many.
            on_nats: Whether they share a NATS server; one alone needs none.
            every: Seconds from one transaction to the next, on average.
            seed: For what happens by chance.
        """
        assert on_nats or relays == 1
        self.chance = random.Random(seed)
        self.beyond_lease = (1.0, 3.0)
        """Seconds for which a leader stands still after its lease has ended, at least and at most."""
        self.account = Account()
        self.server = NatsServer(folder / "nats") if on_nats else None
        self.paths: list[NatsPath] = []
        """The network between each relay and the server."""
        self.doors: list[Proxy] = []
        """The network between terminals and each relay."""
        self.relays: list[RelayProcess] = []
        self.watch: ConnectionWatch
        self.emulators: Emulators
        self.onlookers: list[Onlooker] = []
        self.wanderer: Wanderer
        self._folder = folder
        self._count = relays
        self._every = every
        self._prices = 0
        self._fault = ""
        self._fault_began = 0.0
        self._timed = False
        self._happening = asyncio.Event()
        self._stack = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Start everything, and return when every terminal is told prices and every wallet is followed."""
        async with AsyncExitStack() as stack:
            emulators = Emulators(wallet_rate=0, market_rate=0, keep_transactions=100_000)
            self.emulators = await stack.enter_async_context(emulators)
            if self.server is not None:
                stack.enter_context(self.server)
            for number in range(self._count):
                arguments: list[str] = []
                if self.server is not None:
                    path = await stack.enter_async_context(NatsPath(self.server))
                    self.paths.append(path)
                    arguments = ["--nats", path.nats_url]
                relay = RelayProcess(number, self._folder, self.emulators, lambda given=arguments: given)
                self.relays.append(relay)
                self.doors.append(await stack.enter_async_context(Proxy(relay.port, SystemClock())))
            stack.enter_context(ended(self.relays))
            self.watch = ConnectionWatch(self.emulators, self.relays)
            stack.push_async_callback(self._end_tasks)
            for relay in self.relays:
                relay.start()
            self._spawn(self.watch.watch(), self._trade())
            urls = [f"ws://{LOOPBACK}:{door.port}" for door in self.doors]
            for number in range(2):
                turned = urls[number % len(urls) :] + urls[: number % len(urls)]
                self.onlookers.append(await stack.enter_async_context(Onlooker(turned, SYMBOL, WALLETS)))
            self.wanderer = Wanderer(urls, SYMBOL, WALLETS, random.Random(self.chance.random()))
            self._spawn(self.wanderer.wander(stays=(0.3, 8.0)))
            assert await self.prices_come(UNDER_WAY), self.said()
            assert await until(self._is_followed, UNDER_WAY), self.said()
            self._began = time.monotonic()
            self._happening.set()
            self._spawn(self._transact())
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything."""
        await self._stack.aclose()

    def said(self) -> str:
        """Return what everybody last said, for a failure."""
        prices = ", ".join(f"{one.price}" for one in self._terminals())
        lines = [f"leading: {self.watch.leaders() or 'nobody'}; newest price {self._newest}, told {prices}"]
        for one in self.relays:
            state = "stands still" if one.is_paused else "runs" if one.runs else "is dead"
            lines.append(f"relay {one.number} ({one.life}, {one.url}) {state}: {one.said[-1500:]}")
        if self.server is not None:
            log = self.server.log.read_text(encoding="utf-8")[-2000:]
            lines.append(f"the server {'runs' if self.server.runs else 'is dead'}: {log}")
        return "\n".join(lines)

    # --- what happens -----------------------------------------------------------------------------------

    async def _trade(self) -> None:
        while True:
            self._prices += 1
            self.emulators.market.trade(SOL, price=self._newest)
            await asyncio.sleep(PRICE_EVERY)

    async def _transact(self) -> None:
        while self._happening.is_set():
            wallet = self.chance.choice(WALLETS)
            self.account.happened.add((wallet, self.emulators.chain.live(wallet)))
            await asyncio.sleep(self.chance.expovariate(1 / self._every))

    def _is_followed(self) -> bool:
        return self.emulators.helius.wallets >= set(WALLETS)

    # --- what is looked at ------------------------------------------------------------------------------

    def _terminals(self) -> Sequence[Onlooker | Wanderer]:
        return [*self.onlookers, self.wanderer]

    async def prices_come(self, within: float) -> bool:
        """Wait until every terminal has a price that was made after this call; return whether it did."""
        present = self._newest + STEP
        return await until(lambda: all(one.price >= present for one in self._terminals()), within)

    @property
    def _newest(self) -> Decimal:
        return LOWEST + self._prices * STEP

    def begins(self, fault: str, *, timed: bool) -> None:
        """Count a fault, and time it from now on if that is wanted."""
        self.account.faults[fault] += 1
        self._fault, self._timed = fault, timed
        self.begins_now()

    def begins_now(self) -> None:
        """Time the present fault from now on, for now terminals are without prices, or could have them."""
        self._fault_began = time.monotonic()

    async def recovers(self) -> None:
        """Wait for prices at every terminal that were made after this call, and keep how long it took."""
        assert await self.prices_come(RECOVERED), f"no prices after: {self._fault}\n{self.said()}"
        if self._timed:
            times = self.account.recoveries.setdefault(self._fault, [])
            times.append(time.monotonic() - self._fault_began)

    async def all_is_well(self) -> None:
        """Wait until every relay says that it is ready."""
        async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
            end = time.monotonic() + UNDER_WAY
            while not await self._are_ready(client):
                assert time.monotonic() < end, f"a relay is not ready again\n{self.said()}"
                await asyncio.sleep(0.1)

    async def _are_ready(self, client: httpx.AsyncClient) -> bool:
        for relay in self.relays:
            try:
                answer = await client.get(f"http://{LOOPBACK}:{relay.port}/readyz")
            except httpx.HTTPError:
                return False
            if answer.status_code != 200:
                return False
        return True

    @property
    def longest_overlap(self) -> float:
        """Seconds for which two relays that ran were connected to the same provider at most."""
        return max(one.longest for one in self.watch.overlaps.values())

    def overlap_rows(self) -> list[tuple[str, str]]:
        """Return what the providers have seen of it, as rows of a table."""
        rows = []
        for name, one in sorted(self.watch.overlaps.items()):
            text = f"{one.times} times, {one.longest:.2f} s at most"
            rows.append((f"two relays connected to {name} at once", text))
            paused = f"{one.longest_with_paused:.1f} s at most"
            rows.append((f"the same, with those that stood still (`{name}`)", paused))
        return rows

    async def leader(self) -> RelayProcess:
        """Return the relay that talks to the providers, as soon as there is exactly one."""
        assert await until(lambda: self.watch.leader() is not None, UNDER_WAY), self.said()
        found = self.watch.leader()
        assert found is not None
        return found

    async def settle(self) -> None:
        """Let no more happen, wait until everybody was told everything, and write the account."""
        self._happening.clear()
        await asyncio.sleep(3 * self._every)
        account = self.account
        account.seconds = time.monotonic() - self._began

        def all_is_told() -> bool:
            self.wanderer.count()
            return all(one.told.keys() >= account.happened for one in self._terminals())

        await until(all_is_told, SETTLED)
        self.count()

    def count(self) -> None:
        """Write into the account what each terminal has not been told, or more than once."""
        account = self.account
        terminals = {f"terminal {number}": one for number, one in enumerate(self.onlookers, 1)}
        for name, one in {**terminals, "wanderer": self.wanderer}.items():
            account.lost[name] = len(account.happened - one.told.keys())
            account.doubled[name] = sum(one.told[each] > 1 for each in account.happened)

    def _spawn(self, *work: Coroutine[Any, Any, None]) -> None:
        self._tasks += [asyncio.create_task(one) for one in work]

    async def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()
        for found in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(found, Exception):
                raise found
