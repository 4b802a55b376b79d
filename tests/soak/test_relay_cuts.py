"""Terminals of a relay that are cut at random, in every encoding: nothing lost, nothing doubled."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from relay_bench import WALLETS, Terminal, running
from relayed_engine import RelayedEngine

from streamcore.relay.limits import RelayLimits
from streamcore.relay.server import Relay
from streamcore.streams.checkpoints import Checkpoints
from streamcore.wire.encodings import NAMES
from streamcore.wire.mirror import Mirror

pytestmark = pytest.mark.long

SYMBOLS = ("SOL", "BTC", "ETH", "BONK")
LIMITS = RelayLimits(clients=1000)


class Restless:
    """A terminal that is cut again and again, and what it was told over all its connections."""

    def __init__(self, name: str, chance: random.Random) -> None:
        self.name = name
        self.mirror = Mirror()
        self.chance = chance
        self.told: list[str] = []
        self.cuts = 0
        self.current: Terminal | None = None

    async def connect(self, relay: Relay) -> None:
        self.current = await Terminal(relay, self.name, mirror=self.mirror).open()
        wanted = await self.current.want(SYMBOLS, WALLETS[:2])
        assert wanted.recovered in (None, True)

    async def cut(self) -> None:
        assert self.current is not None
        await self.current.abort()
        self.told += self.current.transactions()
        self.current = None
        self.cuts += 1

    async def live(self, relay: Relay, cuts: int) -> None:
        for _ in range(cuts):
            await asyncio.sleep(self.chance.uniform(0.0, 0.15))
            await self.cut()
            await self.connect(relay)

    async def ends_like(self, engine: RelayedEngine, transactions: int) -> None:
        """Wait until it has been told everything, compare it with the engine, and cut it."""
        current, missing = self.current, transactions - len(self.told)
        assert current is not None
        await current.until(lambda: len(current.transactions()) >= missing)
        await current.until(
            lambda: self.prices() == {key: str(one.price) for key, one in engine.prices.items()}
        )
        await self.cut()

    def prices(self) -> dict[str, str]:
        return {key: str(event.price) for key, event in self.mirror.prices.items()}


async def happen(engine: RelayedEngine, chance: random.Random, count: int, told: list[str]) -> None:
    for number in range(count):
        told.append(engine.transaction(chance.choice(WALLETS[:2])))
        engine.price(chance.choice(SYMBOLS), f"{chance.randint(1, 10**6)}.{number % 100:02}")
        if not number % 5:
            await asyncio.sleep(0.005)


async def cut_at_random(folder: Path, *, cuts: int, transactions: int, restarts: int) -> str:
    """Have terminals cut at random while transactions happen, and the relay restart in between.

    Returns:
        A row of the table in README for each terminal.
    """
    chance = random.Random(14)
    happened: list[str] = []
    terminals = [Restless(name, chance) for name in NAMES]
    engine = RelayedEngine(Checkpoints())
    rounds = restarts + 1
    for _ in range(rounds):
        engine.asked.clear()
        engine.wallets.clear()
        served = {"wallet_addresses": WALLETS[:2]}
        async with running(folder, engine, limits=LIMITS, served=served) as (relay, _):
            for one in terminals:
                await one.connect(relay)  # what happens before the very first time is no terminal's business
            await asyncio.gather(
                happen(engine, chance, transactions // rounds, happened),
                *(one.live(relay, cuts // rounds // len(terminals)) for one in terminals),
            )
            for one in terminals:
                await one.ends_like(engine, len(happened))
    for one in terminals:
        assert len(one.told) == len(set(one.told))
        assert one.told == happened, one.name
    assert sum(one.cuts for one in terminals) >= cuts - rounds * len(terminals)
    return "\n".join(
        f"| {one.name} | {one.cuts} cuts, {restarts} restarts | {len(happened):,} | {len(set(one.told)):,} "
        f"| {len(one.told) - len(set(one.told))} | {len({*happened} - {*one.told})} |"
        for one in terminals
    )


async def test_a_few_cuts_lose_and_double_nothing(tmp_path: Path) -> None:
    await cut_at_random(tmp_path, cuts=36, transactions=600, restarts=1)


@pytest.mark.soak
@pytest.mark.timeout(1800)
async def test_five_hundred_cuts_over_ten_thousand_transactions_lose_and_double_nothing(
    tmp_path: Path,
) -> None:
    print("\n" + await cut_at_random(tmp_path, cuts=500, transactions=10_000, restarts=4))
