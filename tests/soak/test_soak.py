"""Hours of random faults on virtual time; run them with ``pytest -m soak -s`` to see their tables."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from bench import NAMES, Sources
from random_faults import ACTIONS, NETWORK_FAULTS, SERVER_FAULTS
from virtual_time import on_virtual_time
from world import STREAMING, SYMBOLS, WALLETS, World, WorldSetup

from streamcore import PriceUpdate

HOUR = 3600.0
TICK = 0.5
"""Seconds between two moves of the world."""
FAULT_EVERY = 2.5
"""Seconds between two faults, on average."""
FAULT_LASTS = 5.0
"""Seconds a fault lasts, on average."""
SETTLE_EVERY = 400.0
"""Seconds of trouble until everything is healed and every book is compared."""
TRANSACTIONS: dict[Sources, tuple[int, ...]] = {
    "keyed": (1, 1, 2, 2, 3),
    "all": (1, 1, 2, 2, 3),
    "public": (0, 0, 0, 1, 1),
}
"""How many happen in a tick, one of these; a public node answers four questions a second and no more."""
LEAST: dict[Sources, tuple[int, int]] = {
    "keyed": (10_000, 1_000),
    "all": (10_000, 1_000),
    "public": (1_500, 700),
}
"""Transactions and faults that an hour must have had; after faults a public node needs its time."""
SEED = int(os.environ.get("SOAK_SEED", "1"))


def resident() -> float:
    """Return the memory of this process in MiB, 0.0 where the system does not tell."""
    statistics = Path("/proc/self/statm")
    return int(statistics.read_text().split()[1]) * 4096 / 2**20 if statistics.exists() else 0.0


class Trouble:
    """Turns random faults on and off again, and counts them by name."""

    def __init__(self, world: World) -> None:
        self.names: Counter[str] = Counter()
        self._world = world
        self._rng = world.rng
        self._tasks: set[asyncio.Task[None]] = set()

    async def make(self) -> None:
        provider = self._rng.choice(self._world.providers)
        lasts = self._rng.expovariate(1 / FAULT_LASTS)
        match self._rng.choices(["switch", "way", "moment", "sleep"], [10, 5, 4, 1])[0]:
            case "switch":
                self._spoil(provider, self._world.set_fault, SERVER_FAULTS, lasts)
            case "way":
                self._spoil(provider, self._world.set_network_fault, NETWORK_FAULTS, lasts)
            case "moment":
                provider = self._rng.choice([name for name in self._world.providers if name in STREAMING])
                moment = self._rng.choice(ACTIONS)
                self.names[moment] += 1
                await self._world.happen(provider, moment)
                if moment == "freeze":
                    self._heal_later(provider, lasts)
            case _:
                self.names["sleep"] += 1
                self._world.sleep_like_a_laptop(self._rng.uniform(6, 600))

    def _spoil(self, provider: str, spoil: Any, choice: Any, lasts: float) -> None:
        fault, terms = self._rng.choice(choice)
        self.names[fault] += 1
        spoil(provider, fault, terms)
        self._heal_later(provider, lasts)

    def _heal_later(self, provider: str, seconds: float) -> None:
        async def heal() -> None:
            await asyncio.sleep(seconds)
            self._world.heal(provider)

        task = asyncio.create_task(heal())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("sources", NAMES)
@on_virtual_time
async def test_an_hour_of_random_faults_loses_nothing_and_doubles_nothing(sources: Sources) -> None:
    began = time.monotonic()
    stage = WorldSetup(SEED, sources, keep_transactions=6000)
    world = await stage.enter()
    for symbol in SYMBOLS:
        await world.subscribe_price(symbol)
    for wallet in WALLETS:
        await world.subscribe_wallet(wallet)
    await asyncio.sleep(3)
    await world.settle()
    trouble = Trouble(world)
    first = largest = resident()
    polled = backfilled = moved = 0
    served: dict[str, str] = {}
    next_settling = SETTLE_EVERY
    settlings = 0
    longest_settling = 0.0
    while world.clock.monotonic() < HOUR:
        await asyncio.sleep(TICK)
        for _ in range(world.rng.choice(TRANSACTIONS[sources])):
            world.transact(world.rng.choice(WALLETS))
        world.trade(world.rng.choice(SYMBOLS))
        if world.rng.random() < TICK / FAULT_EVERY:
            await trouble.make()
        for event in world.table.seen:
            polled += getattr(event, "source", "") == "poll" and hasattr(event, "signature")
            backfilled += getattr(event, "source", "") == "backfill"
            if isinstance(event, PriceUpdate):
                moved += served.get(event.symbol, event.provider) != event.provider
                served[event.symbol] = event.provider
        world.look()
        largest = max(largest, resident())
        if world.clock.monotonic() > next_settling:
            await trouble.end()
            started = world.clock.monotonic()
            await world.settle()
            longest_settling = max(longest_settling, world.clock.monotonic() - started)
            settlings += 1
            next_settling = world.clock.monotonic() + SETTLE_EVERY
    await trouble.end()
    await world.settle()
    statuses = world.manager.statuses()
    rows = {
        "simulated time": f"{world.clock.monotonic():.0f} s in {time.monotonic() - began:.0f} s",
        "transactions sent": world.sent,
        "seen": sum(world.told.values()),
        "by the stream / backfilled / polled": (
            f"{sum(world.told.values()) - backfilled - polled} / {backfilled} / {polled}"
        ),
        "doubled": sum(count > 1 for count in world.told.values()),
        "lost": len(world.due),
        "rows that moved to another source": moved,
        "faults": world.faults,
        "reconnects": " / ".join(f"{name} {status.reconnects}" for name, status in statuses.items()),
        "unusable frames": sum(status.malformed for status in statuses.values()),
        "longest recovery after the last fault": f"{longest_settling:.0f} s",
        "books compared": settlings + 1,
        "memory at first / at most": f"{first:.0f} / {largest:.0f} MiB",
    }
    await stage.leave()
    print(f"\n| sources: {sources} | |")
    for name, value in rows.items():
        print(f"| {name} | {value} |")
    print("\n".join(f"|   {name} | {count} |" for name, count in sorted(trouble.names.items())))
    transactions, faults = LEAST[sources]
    assert world.sent >= transactions
    assert world.faults >= faults
    assert moved or sources == "keyed"
    assert not world.due
    assert rows["doubled"] == 0
    assert largest - first < 250
