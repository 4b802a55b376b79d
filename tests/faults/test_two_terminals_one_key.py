"""Two programs with one free key: the limit is shared, and neither of them loses anything by that."""

from __future__ import annotations

import asyncio

import pytest
from bench import OTHER_WALLET, WALLET, bench
from virtual_time import VirtualClock, on_virtual_time

from streamcore import Source, StreamManager, WalletTransaction


@pytest.mark.long
@on_virtual_time
async def test_bursts_are_told_completely_and_soon_by_both() -> None:
    """Row b of issue 11: 14 of 36 transactions were missing in both 28 s later."""
    async with (
        bench(clock=VirtualClock(1), helius="free") as table,
        StreamManager(table.manager.settings, clock=VirtualClock(2)) as other,
    ):
        table.helius.rpc.rate = 6.0  # less than both keep to together
        seen: list[WalletTransaction] = []

        async def note() -> None:
            async for event in other.events():
                if isinstance(event, WalletTransaction):
                    seen.append(event)

        noting = asyncio.create_task(note())
        for manager in (table.manager, other):
            await manager.subscribe_wallets([WALLET, OTHER_WALLET])
        await table.connected("helius")
        await asyncio.sleep(60)
        happened: dict[str, float] = {}
        for _ in range(3):
            happened |= {table.ledger.sol_in(WALLET): table.clock.time() for _ in range(12)}
            await asyncio.sleep(4)
        await asyncio.sleep(24)
        for events in (table.all(WalletTransaction), seen):
            assert {event.signature for event in events} == set(happened)
            assert max(event.ts - happened[event.signature] for event in events) < 8.0
            assert len(events) == len(happened)
            assert {event.source for event in events} <= {Source.STREAM, Source.BACKFILL}
        noting.cancel()
