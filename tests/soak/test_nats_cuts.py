"""Relays in one process whose lines to NATS are cut every moment: no await that a cut finds unprepared.

`test_relays_on_nats` waits for what it has done to relays as processes; here the cuts follow each other
within milliseconds, and what asyncio says of tasks that were left behind is heard.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cluster_bench import leads, opened, relay_in
from fleet_terminals import Onlooker, Wanderer, until
from free_port import LOOPBACK
from nats_server import NatsPath, NatsServer, needs_nats_server
from relay_bench import WALLETS

from streamcore.relay import Relay
from streamsim import Emulators

pytestmark = [needs_nats_server, pytest.mark.soak]

SEED = int(os.environ.get("SOAK_SEED", "1"))
SECONDS = float(os.environ.get("SOAK_SECONDS", "120"))
SYMBOL = "SOL"
FOLLOWED = WALLETS[:2]
PATIENCE = 120.0


@asynccontextmanager
async def running(work: Any) -> AsyncIterator[asyncio.Task[None]]:
    """Run something until the block ends."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})


async def harm(paths: list[NatsPath], server: NatsServer, chance: random.Random) -> None:
    """Do something to one line, or to the server, and undo it."""
    if chance.random() < 0.05:
        await asyncio.to_thread(server.restart)
    path, kind = chance.choice(paths), chance.random()
    if kind < 0.45:
        path.cut()
    elif kind < 0.6:
        path.silence()
    elif kind < 0.8:
        path.slow(seconds=chance.uniform(0.01, 0.3), rate=200_000.0)
    else:
        path.reset()
    await asyncio.sleep(chance.choice((0.01, 0.05, 0.2, 1.0, 2.5)))
    if 0.6 <= kind < 0.8:
        path.cut()  # with answers on their way
    path.heal()
    await asyncio.sleep(chance.choice((0.02, 0.1, 0.3, 1.0, 3.0)))


async def most_leaders(relays: list[Relay], found: list[int]) -> None:
    """Keep how many have led at once."""
    while True:
        found[0] = max(found[0], sum(map(leads, relays)))
        await asyncio.sleep(0.02)


@pytest.mark.timeout(3600)
async def test_cuts_at_every_moment_lose_and_double_nothing_and_leave_no_task_behind(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, said: complaints.append(said["message"]))
    happened: set[tuple[str, str]] = set()
    leaders = [0]
    async with AsyncExitStack() as stack:
        server = stack.enter_context(NatsServer(tmp_path / "nats"))
        emulators = await stack.enter_async_context(
            Emulators(wallet_rate=0, market_rate=5, keep_transactions=100_000)
        )
        paths = [await stack.enter_async_context(NatsPath(server)) for _ in range(3)]
        relays = [
            await stack.enter_async_context(relay_in(tmp_path / str(number), path.nats_url, emulators))
            for number, path in enumerate(paths)
        ]
        await opened(*relays)
        urls = [f"ws://{LOOPBACK}:{relay.address[1]}" for relay in relays]
        onlooker = await stack.enter_async_context(Onlooker(urls, SYMBOL, FOLLOWED))
        wanderer = Wanderer(urls, SYMBOL, FOLLOWED, random.Random(chance.random()))
        await stack.enter_async_context(running(wanderer.wander(stays=(0.2, 4.0))))
        await stack.enter_async_context(running(most_leaders(relays, leaders)))
        assert await until(lambda: emulators.helius.wallets >= set(FOLLOWED), PATIENCE)

        async def transact() -> None:
            while True:
                wallet = chance.choice(FOLLOWED)
                happened.add((wallet, emulators.chain.live(wallet)))
                await asyncio.sleep(chance.expovariate(1 / 0.15))

        cuts = 0
        async with running(transact()):
            loop = asyncio.get_running_loop()
            ends_at = loop.time() + SECONDS
            while loop.time() < ends_at:
                await harm(paths, server, chance)
                cuts += 1

        def all_is_told() -> bool:
            wanderer.count()
            return onlooker.told.keys() >= happened and wanderer.told.keys() >= happened

        await until(all_is_told, PATIENCE)
        print(f"\n{len(happened)} transactions, {cuts} times something was done to a line")
        for one in (onlooker, wanderer):
            assert happened - one.told.keys() == set()
            assert [each for each in happened if one.told[each] > 1] == []
            assert one.gaps == []
        assert leaders == [1]
    assert complaints == []
