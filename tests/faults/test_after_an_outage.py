"""When an outage ends all is shown soon: no rest, no retry plan and no sweep stands in between."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from bench import BONK, WALLET, bench
from virtual_time import VirtualClock, on_virtual_time

from streamcore import ErrorKind, PriceUpdate, StreamError, WalletTransaction
from streamsim import Fault

pytestmark = pytest.mark.long


@pytest.mark.parametrize("seconds", [20.0, 130.0])
@on_virtual_time
async def test_the_price_of_a_quiet_token_and_what_was_missed_come_with_the_stream(seconds: float) -> None:
    """Row a of issue 11: after 130 s the price came after 104 s and the transaction after 108 s."""
    async with bench(clock=VirtualClock(), sweep_interval=600.0) as table:
        await table.manager.subscribe_prices(["BONK"])
        await table.manager.subscribe_wallets([WALLET])
        await table.connected("birdeye")
        await table.connected("helius")
        await asyncio.sleep(60)
        for server in (table.birdeye, table.helius):
            server.faults.set(Fault.REFUSE_UPGRADE, status=503)
            server.faults.set(Fault.HTTP_STATUS, status=503)
            server.drop()
        await asyncio.sleep(seconds / 2)
        missed = table.ledger.sol_in(WALLET)
        table.market.trade(BONK, price=Decimal("0.00009"), volume_usd=Decimal(10))
        await asyncio.sleep(seconds / 2)
        for server in (table.birdeye, table.helius):
            server.faults.clear()
        await table.manager.reconnect_all()
        ended_at = table.clock.time()
        price = await table.first(PriceUpdate, price=Decimal("0.00009"), within=10)
        transaction = await table.first(WalletTransaction, signature=missed, within=10)
        assert max(price.ts, transaction.ts) - ended_at < 3.0
        await asyncio.sleep(1300)
        assert not [
            event for event in table.all(StreamError, kind=ErrorKind.GAP) if "left out" in event.message
        ]
        assert table.manager.status("helius").reconnects == 1


@on_virtual_time
async def test_a_sign_in_page_that_goes_away_is_followed_by_prices_soon() -> None:
    """Row a of issue 11: polled tokens had nothing 15 s after it had ended; rests grew to five minutes."""
    async with bench("public", clock=VirtualClock(), prices="jupiter") as table:
        table.jupiter.faults.set(Fault.HTTP_GARBAGE)
        await table.manager.subscribe_prices(["SOL"])
        await asyncio.sleep(600)
        error = await table.first(StreamError, provider="jupiter")
        assert error.message.endswith("answers with a web page: does this network want a sign-in first?")
        table.jupiter.faults.clear()
        await table.first(PriceUpdate, symbol="SOL", within=15)


@on_virtual_time
async def test_a_person_who_reconnects_a_polled_source_is_served_at_once() -> None:
    """Row c of issue 11."""
    async with bench("public", clock=VirtualClock(), prices="jupiter") as table:
        table.jupiter.faults.set(Fault.HTTP_STATUS, status=500)
        await table.manager.subscribe_prices(["SOL"])
        await asyncio.sleep(600)
        table.jupiter.faults.clear()
        await table.manager.reconnect("jupiter")
        await table.first(PriceUpdate, symbol="SOL", within=1)
