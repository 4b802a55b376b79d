"""Every transaction once: whatever breaks, nothing is lost, nothing is doubled, and a gap is called a gap."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from functools import partial

import pytest
from bench import OTHER_WALLET, SOL, WALLET, Bench, bench
from msgspec.structs import replace
from virtual_time import VirtualClock, on_virtual_time

from streamcore import ErrorKind, PriceUpdate, Source, State, StatusChange, StreamError, WalletTransaction
from streamcore.providers import PROVIDERS
from streamcore.providers.helius.provider import HeliusProvider
from streamcore.providers.solana_rpc.history import Pages
from streamsim import Fault

pytestmark = pytest.mark.long


def signatures(table: Bench, **fields: object) -> list[str]:
    return [event.signature for event in table.all(WalletTransaction, **fields)]


def all_once(table: Bench, wallet: str = WALLET) -> bool:
    """Whether what was told of the wallet is what happened to it, each once."""
    truth = table.ledger.signatures_of(wallet, history=False)
    return sorted(signatures(table, wallet=wallet)) == sorted(truth)


async def watching(table: Bench) -> None:
    await table.manager.subscribe_wallets([WALLET])
    await table.connected("helius")
    await asyncio.sleep(2)  # what was there before is history, and known by now


async def outage(table: Bench, seconds: float) -> None:
    """Lose the stream and everything over HTTP for a while."""
    table.helius.faults.set(Fault.REFUSE_UPGRADE)
    table.helius.faults.set(Fault.HTTP_DROP)
    table.helius.drop()
    await asyncio.sleep(seconds)
    table.helius.faults.clear()


@pytest.mark.parametrize("key", ["dev", "free"])
@on_virtual_time
async def test_what_happened_in_a_gap_is_recovered_in_order_and_marked(key: str) -> None:
    async with bench(clock=VirtualClock(), helius=key) as table:
        await watching(table)
        known = table.ledger.sol_in(WALLET)
        await table.first(WalletTransaction, within=20, signature=known)
        table.helius.faults.set(Fault.HTTP_DROP)
        table.helius.faults.set(Fault.REFUSE_UPGRADE)
        table.helius.drop()
        missed = []
        for shape in (table.ledger.sol_in, table.ledger.spl_in, table.ledger.sol_out_v1, table.ledger.swap):
            missed.append(shape(WALLET))
            await asyncio.sleep(0.5)
        await asyncio.sleep(1)
        table.helius.faults.clear()
        await table.manager.reconnect("helius")
        live = table.ledger.sol_out(WALLET)
        await table.until(lambda: len(table.all(WalletTransaction)) == 6, within=90)
        assert signatures(table) == [known, *missed, live]
        sources = {event.source for event in table.all(WalletTransaction)[1:5]}
        assert sources <= {Source.BACKFILL, Source.POLL}
        await asyncio.sleep(180)
        assert all_once(table)


@on_virtual_time
async def test_many_gaps_in_a_row_lose_and_double_nothing() -> None:
    async with bench(clock=VirtualClock(), wallet_rate=0.5) as table:
        await table.manager.subscribe_wallets([WALLET, OTHER_WALLET])
        for _ in range(6):
            await asyncio.sleep(25)
            await outage(table, 10)
        await asyncio.sleep(100)
        await table.until(lambda: all_once(table) and all_once(table, OTHER_WALLET), within=200)
        assert len(table.all(WalletTransaction)) > 100


@on_virtual_time
async def test_an_index_that_lags_behind_the_stream_is_looked_at_a_second_time() -> None:
    async with bench(clock=VirtualClock()) as table:
        await watching(table)
        table.helius.rpc.lag = 12.0
        table.helius.faults.set(Fault.REFUSE_UPGRADE, times=1)
        table.helius.drop()
        missed = [table.ledger.sol_in(WALLET), table.ledger.spl_in(WALLET)]
        await table.manager.reconnect("helius")
        await table.connected("helius")
        await table.until(lambda: sorted(signatures(table)) == sorted(missed), within=40)
        await asyncio.sleep(180)
        assert all_once(table)
        status = table.manager.status("helius")
        assert (status.gaps_filled, status.recovered) == (1, 2)


@on_virtual_time
async def test_a_recovery_that_fails_is_told_and_made_good_later() -> None:
    async with bench(clock=VirtualClock()) as table:
        await watching(table)
        table.helius.faults.set(Fault.HTTP_STATUS, status=503)
        table.helius.drop()
        missed = table.ledger.spl_in(WALLET)
        await table.until(lambda: table.manager.status("helius").reconnects == 1, within=10)
        gap = await table.first(StreamError, kind=ErrorKind.GAP, within=60)
        assert "slot" in gap.message
        assert gap.retryable
        live = table.ledger.sol_in(WALLET)
        await table.first(WalletTransaction, signature=live)
        assert missed not in signatures(table)
        table.helius.faults.clear()
        await table.first(WalletTransaction, signature=missed, within=400, source=Source.BACKFILL)
        await asyncio.sleep(180)
        assert all_once(table)


@on_virtual_time
async def test_a_subscription_that_died_in_silence_is_found_by_the_sweep() -> None:
    async with bench(clock=VirtualClock(), sweep_interval=60.0) as table:
        await watching(table)
        table.helius.faults.set(Fault.STALL)  # slots go on, so the connection seems well
        began = table.clock.monotonic()
        missed = [table.ledger.sol_in(WALLET), table.ledger.spl_in(WALLET), table.ledger.sol_out_v1(WALLET)]
        await table.until(lambda: len(signatures(table)) == 3, within=130)
        assert table.clock.monotonic() - began < 125
        assert signatures(table) == missed
        assert {event.source for event in table.all(WalletTransaction)} == {Source.BACKFILL}
        told = await table.first(StreamError, kind=ErrorKind.GAP)
        assert "subscribing anew" in told.message
        table.helius.faults.clear()
        await table.until(lambda: table.manager.status("helius").reconnects == 1, within=10)
        await table.connected("helius")
        await asyncio.sleep(1)
        live = table.ledger.sol_in(WALLET)
        await table.first(WalletTransaction, signature=live, source=Source.STREAM)


@on_virtual_time
async def test_what_a_stream_left_out_is_found_though_it_told_what_came_later() -> None:
    async with bench(clock=VirtualClock(), sweep_interval=60.0) as table:
        await watching(table)
        await asyncio.sleep(20)
        table.helius.faults.set(Fault.STALL)
        left_out = table.ledger.sol_in(WALLET)
        table.helius.faults.clear()
        for _ in range(4):
            await asyncio.sleep(5)
            table.ledger.sol_in(WALLET)
        await table.first(WalletTransaction, signature=left_out, within=130, source=Source.BACKFILL)


SHORT_SIGHTED = {
    **PROVIDERS,
    "helius": replace(
        PROVIDERS["helius"], make=partial(HeliusProvider, pages=Pages(10, 2), whole=Pages(2, 10))
    ),
}
"""The providers, but the wallets' one fills no gap of more than twenty transactions."""


@pytest.mark.parametrize("key", ["dev", "free"])
@on_virtual_time
async def test_a_gap_too_long_to_fill_is_shown_with_its_slots(key: str) -> None:
    async with bench(clock=VirtualClock(), helius=key, wallet_rate=0.0, providers=SHORT_SIGHTED) as table:
        await watching(table)
        known = table.ledger.sol_in(WALLET)
        await table.first(WalletTransaction, within=20, signature=known)
        await asyncio.sleep(20)
        table.helius.faults.set(Fault.REFUSE_UPGRADE)
        table.helius.faults.set(Fault.HTTP_DROP)
        table.helius.drop()
        for _ in range(40):
            table.ledger.sol_in(WALLET)
            await asyncio.sleep(1)
        table.helius.faults.clear()
        await table.manager.reconnect("helius")
        gap = await table.first(StreamError, kind=ErrorKind.GAP, retryable=False, within=400)
        assert "slot" in gap.message
        assert WALLET in gap.message
        await asyncio.sleep(60)
        told = signatures(table)
        assert len(told) == len(set(told))


@pytest.mark.parametrize("key", ["dev", "free"])
@on_virtual_time
async def test_a_transfer_of_tokens_that_does_not_name_the_wallet_is_seen_on_every_rung(key: str) -> None:
    async with bench(clock=VirtualClock(), helius=key) as table:
        await watching(table)
        incoming = table.ledger.spl_in(WALLET)
        assert WALLET not in (table.ledger.transaction(incoming).keys)
        event = await table.first(WalletTransaction, signature=incoming, within=30)
        assert event.type == "received"
        assert event.token_changes[0].amount == Decimal("125.5")


@pytest.mark.parametrize("key", ["dev", "free"])
@on_virtual_time
async def test_a_transaction_of_version_1_is_seen_on_every_rung(key: str) -> None:
    async with bench(clock=VirtualClock(), helius=key) as table:
        await watching(table)
        sent = table.ledger.sol_out_v1(WALLET)
        event = await table.first(WalletTransaction, signature=sent, within=30)
        assert event.type == "sent"


@on_virtual_time
async def test_while_polling_every_transaction_comes_once_and_is_marked() -> None:
    async with bench(clock=VirtualClock(), auto_reconnect=False) as table:
        await watching(table)
        table.helius.drop()
        await table.first(StatusChange, provider="helius", state=State.FALLBACK)
        happened = []
        for _ in range(10):
            happened.append(table.ledger.live(WALLET))
            await asyncio.sleep(3)
        await table.until(lambda: signatures(table) == happened, within=20)
        assert {event.source for event in table.all(WalletTransaction)} == {Source.POLL}


@pytest.mark.parametrize(
    "fault", [Fault.DUPLICATE, Fault.OUT_OF_ORDER, Fault.NOTIFY_BEFORE_ACK, Fault.UNKNOWN_TYPE]
)
@on_virtual_time
async def test_a_stream_that_stutters_tells_each_transaction_once(fault: Fault) -> None:
    async with bench(clock=VirtualClock()) as table:
        table.helius.faults.set(fault)
        await table.manager.subscribe_wallets([WALLET])
        await asyncio.sleep(3)
        for _ in range(6):
            table.ledger.live(WALLET)
            await asyncio.sleep(2)
        await table.until(lambda: all_once(table), within=180)


@on_virtual_time
async def test_a_transaction_between_two_watched_wallets_is_told_once_for_each() -> None:
    async with bench(clock=VirtualClock()) as table:
        await table.manager.subscribe_wallets([WALLET, OTHER_WALLET])
        await table.connected("helius")
        await asyncio.sleep(5)
        both = table.ledger.sol_out(WALLET, recipient=OTHER_WALLET)
        await table.until(lambda: signatures(table).count(both) == 2)
        await outage(table, 5)
        await asyncio.sleep(60)
        assert [(e.wallet, e.type) for e in table.all(WalletTransaction, signature=both)] == [
            (WALLET, "sent"),
            (OTHER_WALLET, "received"),
        ]


@on_virtual_time
async def test_what_happens_to_a_wallet_that_was_watched_during_an_outage_is_news() -> None:
    async with bench(clock=VirtualClock()) as table:
        table.helius.faults.set(Fault.REFUSE_UPGRADE, status=503)
        table.helius.faults.set(Fault.HTTP_DROP)
        await table.manager.subscribe_wallets([WALLET])
        await asyncio.sleep(5)
        signature = table.ledger.sol_in(WALLET)
        await asyncio.sleep(5)
        table.helius.faults.clear()
        await table.manager.reconnect("helius")
        await table.first(WalletTransaction, signature=signature, within=120)
        assert signatures(table) == [signature]


@on_virtual_time
async def test_a_subscription_that_is_never_acknowledged_is_not_taken_for_one() -> None:
    async with bench(clock=VirtualClock()) as table:
        await table.manager.subscribe_wallets([WALLET])
        await table.connected("helius")
        table.helius.faults.set(Fault.WITHHOLD_ACK)
        await table.manager.subscribe_wallets([OTHER_WALLET])
        lost = await table.first(StatusChange, state=State.FAILED, within=60)
        assert lost.reason == "a request was not answered for 10 s"
        table.helius.faults.clear()
        await table.until(lambda: OTHER_WALLET in table.helius.wallets, within=60)


@on_virtual_time
async def test_a_quiet_token_is_looked_for_a_fault_ever_more_rarely() -> None:
    async with bench(clock=VirtualClock()) as table:
        await table.manager.subscribe_prices(["BONK"])
        await table.connected("birdeye")
        await asyncio.sleep(1200)
        assert table.manager.status("birdeye").reconnects <= 4


@on_virtual_time
async def test_a_stream_that_is_silent_while_prices_move_is_connected_anew_at_once() -> None:
    async with bench(clock=VirtualClock()) as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("birdeye")
        table.birdeye.faults.set(Fault.STALL)
        await asyncio.sleep(10)
        table.market.trade(SOL, price=Decimal("190.5"), volume_usd=Decimal(10))
        await table.until(lambda: table.manager.status("birdeye").reconnects == 1, within=40)
        await table.first(PriceUpdate, price=Decimal("190.5"), within=5)
