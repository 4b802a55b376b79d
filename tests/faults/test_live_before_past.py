"""Live data never waits for history, and a host that fails is asked for neither."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter

import base58
import pytest
from bench import OTHER_WALLET, WALLET, Bench, bench
from virtual_time import VirtualClock, on_virtual_time

from streamcore import Source, State, StreamError, WalletTransaction
from streamcore.status import BreakerState
from streamsim import Fault

pytestmark = pytest.mark.long

NEW_MINT = "7qbRF6YsyGuLUVs6Y1q64bdVrfe4ZcUUz1JRdoVNUJnm"
"""A token that no wallet has had before."""


def many_wallets(count: int) -> list[str]:
    return [
        base58.b58encode(hashlib.sha256(b"wallet %d" % number).digest()).decode() for number in range(count)
    ]


def times_told(table: Bench) -> Counter[tuple[str, str]]:
    return Counter((event.wallet, event.signature) for event in table.all(WalletTransaction))


@on_virtual_time
async def test_live_transactions_of_many_wallets_come_at_once_after_a_reconnect() -> None:
    """Fault 3: with 100 wallets a median of 10 s late, up to 20 s, and all marked as backfill."""
    wallets = many_wallets(60)
    async with bench(clock=VirtualClock()) as table:
        await table.manager.subscribe_wallets(wallets)
        await table.connected("helius")
        await asyncio.sleep(120)
        table.helius.faults.set(Fault.REFUSE_UPGRADE)
        table.helius.faults.set(Fault.HTTP_DROP)
        table.helius.drop()
        missed = {wallet: table.ledger.sol_in(wallet) for wallet in wallets[::6]}
        await asyncio.sleep(2)
        table.helius.faults.clear()
        await table.manager.reconnect("helius")
        await table.connected("helius")
        asked = len(table.helius.requests)
        for wallet in wallets[::-7]:
            live, happened_at = table.ledger.sol_in(wallet), table.clock.time()
            event = await table.first(WalletTransaction, signature=live, wallet=wallet, within=2)
            assert event.source is Source.STREAM
            assert event.ts - happened_at < 1.0
        assert len(table.helius.requests) - asked < len(wallets)  # all this while the past was being fetched
        for wallet, signature in missed.items():
            event = await table.first(WalletTransaction, within=60, signature=signature, wallet=wallet)
            assert event.source in (Source.BACKFILL, Source.POLL)
        await asyncio.sleep(300)
        assert set(times_told(table).values()) == {1}


@on_virtual_time
async def test_what_a_stream_left_out_behind_live_ones_is_found_though_the_index_lags() -> None:
    async with bench(clock=VirtualClock()) as table:
        await table.manager.subscribe_wallets([WALLET])
        await table.connected("helius")
        await asyncio.sleep(60)
        table.helius.rpc.lag = 14.0
        table.helius.faults.set(Fault.REFUSE_UPGRADE, times=1)
        table.helius.drop()
        missed = table.ledger.sol_in(WALLET)
        await asyncio.sleep(2)
        await table.connected("helius")
        for _ in range(10):
            table.ledger.sol_in(WALLET)
            await asyncio.sleep(1)
        await table.first(WalletTransaction, within=30, signature=missed, source=Source.BACKFILL)
        await asyncio.sleep(200)
        assert set(times_told(table).values()) == {1}
        assert len(times_told(table)) == 11


@on_virtual_time
async def test_the_breaker_opens_after_three_calls_for_hinted_transactions() -> None:
    """Fault 6: 57 answers of HTTP 500 came before it opened."""
    async with bench(clock=VirtualClock(), helius="free") as table:
        await table.manager.subscribe_wallets([WALLET])
        await table.connected("helius")
        await asyncio.sleep(30)
        table.helius.faults.set(Fault.HTTP_STATUS, status=500)
        asked = len(table.helius.requests)
        happened = []
        for _ in range(60):
            happened.append(table.ledger.sol_in(WALLET))
            await asyncio.sleep(0.1)
        assert table.manager.status("helius").breaker is BreakerState.OPEN
        assert len(table.helius.requests) - asked <= 4
        table.helius.faults.clear()
        await table.until(lambda: len(table.all(WalletTransaction)) == len(happened), within=120)
        assert set(times_told(table).values()) == {1}
        assert table.manager.status("helius").state is State.CONNECTED


@on_virtual_time
async def test_a_wallet_watched_again_is_followed_with_the_accounts_it_opened_meanwhile() -> None:
    """Fault 10: on one connection they were missed until it was made anew."""
    async with bench(clock=VirtualClock(), helius="free", sweep_interval=3600.0) as table:
        await table.manager.subscribe_wallets([WALLET, OTHER_WALLET])
        await table.connected("helius")
        await asyncio.sleep(30)
        await table.manager.unsubscribe_wallets([WALLET])
        await asyncio.sleep(5)
        known = set(table.ledger.token_accounts_of(WALLET))
        table.ledger.spl_in(WALLET, mint=NEW_MINT)
        assert set(table.ledger.token_accounts_of(WALLET)) > known
        await asyncio.sleep(5)
        await table.manager.subscribe_wallets([WALLET])
        await asyncio.sleep(20)
        incoming = table.ledger.spl_in(WALLET, mint=NEW_MINT)
        event = await table.first(WalletTransaction, within=20, signature=incoming)
        assert event.source is Source.STREAM
        assert table.manager.status("helius").reconnects == 0


@pytest.mark.parametrize("key", ["dev", "free"])
@on_virtual_time
async def test_an_error_that_comes_back_while_the_stream_stays_up_is_told_again(key: str) -> None:
    """Fault 4: told once, it was never told again before the next reconnect."""
    async with bench(clock=VirtualClock(), helius=key, sweep_interval=60.0) as table:
        await table.manager.subscribe_wallets([WALLET])
        await table.connected("helius")
        await asyncio.sleep(30)
        told = []
        for _ in range(2):
            table.helius.faults.set(Fault.HTTP_STATUS, status=500)
            await asyncio.sleep(60)
            table.helius.faults.clear()
            told.append(len(table.all(StreamError, provider="helius")))
            await asyncio.sleep(120)
        assert told[0] >= 1
        assert told[1] > told[0]
        assert table.manager.status("helius").reconnects == 0
