"""Engines of which none lives long, each going on where the one before was when it was killed.

A tenth of a trial of relays on NATS in which every leader lived for some twenty seconds: pages, limits and
transactions are a tenth of the real ones, calls a second are not.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from bench import OTHER_WALLET, WALLET, settings_for
from msgspec.structs import replace
from virtual_time import VirtualClock, on_virtual_time

from streamcore import StreamError, StreamManager, WalletTransaction
from streamcore.events import ErrorKind
from streamcore.hub import Subscriber
from streamcore.providers import PROVIDERS
from streamcore.providers.helius.provider import HeliusProvider
from streamcore.providers.solana_rpc.history import Pages
from streamcore.streams.checkpoints import Checkpoints, SavedCheckpoint
from streamsim import Emulators

WALLETS = (WALLET, OTHER_WALLET)

LIVES = 20.0
"""Seconds from the start of an engine until it is killed, on average."""

AWAY = 5.0
"""Seconds until the next one starts: a lease."""

IN_TENTHS = {
    **PROVIDERS,
    "helius": replace(
        PROVIDERS["helius"], make=partial(HeliusProvider, pages=Pages(100, 5), whole=Pages(10, 50))
    ),
}
"""The providers, but the wallets' one lists a tenth of what it usually does."""


class Succession:
    """Engines one after the other, and what they keep for the next: the log, and a checkpoint a second."""

    def __init__(self, emulators: Emulators, clock: VirtualClock, key: str) -> None:
        settings = settings_for(emulators, "keyed", "paid", key)
        self.emulators = emulators
        self.clock = clock
        self.chance = random.Random(1)
        self.happened: set[tuple[str, str]] = set()
        self.told: Counter[tuple[str, str]] = Counter()
        self.gaps: list[str] = []
        self.slots: dict[str, dict[str, int]] = {wallet: {} for wallet in WALLETS}
        """The log: signature to slot."""
        self.saved: dict[str, SavedCheckpoint] = {}
        self._settings = settings

    async def transact(self, every: float, most: int) -> None:
        while len(self.happened) < most:
            wallet = self.chance.choice(WALLETS)
            self.happened.add((wallet, self.emulators.chain.live(wallet)))
            await asyncio.sleep(self.chance.expovariate(1 / every))

    @asynccontextmanager
    async def one_leads(self) -> AsyncIterator[None]:
        """Have an engine that starts from what is kept, and keeps nothing more once the block has ended."""
        checkpoints = Checkpoints()
        for wallet, saved in self.saved.items():
            checkpoints.restore(wallet, saved, self.slots[wallet])
        manager = StreamManager(
            self._settings, clock=self.clock, providers=IN_TENTHS, checkpoints=checkpoints
        )
        async with manager:
            events = manager.consumer(100_000)
            keeping = asyncio.create_task(self._keep(events, checkpoints))
            await manager.subscribe_wallets(WALLETS)
            try:
                yield
            finally:
                keeping.cancel()

    async def _keep(self, events: Subscriber, checkpoints: Checkpoints) -> None:
        while True:
            for event in events.take_all():
                if isinstance(event, WalletTransaction):
                    self.told[event.wallet, event.signature] += 1
                    self.slots[event.wallet][event.signature] = event.slot
                elif isinstance(event, StreamError) and event.kind is ErrorKind.GAP and not event.retryable:
                    self.gaps.append(event.message)
            self.saved = checkpoints.saved()
            await asyncio.sleep(1.0)


@pytest.mark.long
@pytest.mark.parametrize(("key", "every"), [("dev", 0.4), ("free", 1.0)])
@on_virtual_time
async def test_no_engine_lives_for_a_whole_fetch_and_yet_every_transaction_is_told_once(
    key: str, every: float
) -> None:
    """106 of the 1,400 were lost where whole transactions are listed, each wallet's from its 501st on.

    Every list began at the same old checkpoint, what was known used up the pages it may have, and then it
    counted as complete.
    """
    clock = VirtualClock()
    async with Emulators(
        seed=7, clock=clock, wallet_rate=0, market_rate=0, keep_transactions=20_000
    ) as emulators:
        succession = Succession(emulators, clock, key)
        async with succession.one_leads():
            await asyncio.sleep(30)
        happening = asyncio.create_task(succession.transact(every, most=1400))
        while not happening.done():
            await asyncio.sleep(AWAY)
            async with succession.one_leads():
                await asyncio.sleep(succession.chance.uniform(0.5, 1.5) * LIVES)
        await happening
        async with succession.one_leads():
            await asyncio.sleep(120)
        assert not succession.happened - succession.told.keys()
        assert not [one for one, times in succession.told.items() if times > 1]
        assert not succession.gaps
