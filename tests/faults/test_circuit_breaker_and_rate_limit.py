"""A failing API gets breathing space, and no plan's rate is ever exceeded."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from bench import OTHER_WALLET, WALLET, bench
from virtual_time import VirtualClock, on_virtual_time

from streamcore import ErrorKind, PriceUpdate, Source, State, StreamError, WalletTransaction
from streamcore.status import BreakerState
from streamsim import Fault
from streamsim.servers.http11 import HttpRequest

pytestmark = pytest.mark.long

SYMBOLS = ["SOL", "BTC", "BONK", "JUP", "WIF", "PYTH"]


def most_within(requests: Sequence[HttpRequest], seconds: float) -> int:
    """Return the most requests in any window of so many seconds."""
    at = [request.at for request in requests]
    return max((sum(start <= other < start + seconds for other in at) for start in at), default=0)


@pytest.mark.parametrize("name", ["birdeye", "helius"])
@on_virtual_time
async def test_the_breaker_opens_is_seen_in_the_status_rests_and_closes(name: str) -> None:
    async with bench(clock=VirtualClock(), auto_reconnect=False) as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.manager.subscribe_wallets([WALLET])
        await table.connected(name)
        await asyncio.sleep(3)
        server = getattr(table, name)
        server.faults.set(Fault.HTTP_STATUS, status=503)
        server.drop()
        assert table.manager.status(name).breaker is BreakerState.CLOSED
        await table.until(lambda: table.manager.status(name).breaker is BreakerState.OPEN, within=30)
        made = len(server.requests)
        await asyncio.sleep(14)
        assert len(server.requests) == made  # left alone
        await table.until(lambda: table.manager.status(name).breaker is BreakerState.HALF_OPEN)
        server.faults.clear()
        await table.until(lambda: table.manager.status(name).breaker is BreakerState.CLOSED, within=10)


@on_virtual_time
async def test_an_api_that_stays_down_is_asked_ever_more_rarely() -> None:
    async with bench(clock=VirtualClock(), auto_reconnect=False) as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("birdeye")
        await asyncio.sleep(3)
        table.birdeye.faults.set(Fault.HTTP_STATUS, status=500)
        table.birdeye.drop()
        await asyncio.sleep(3600)
        down = [request for request in table.birdeye.requests if request.at > 3]
        assert len(down) < 25  # 720 polls without a breaker
        assert most_within(down[3:], 14.0) == 1


@pytest.mark.parametrize("name", ["birdeye", "helius"])
@on_virtual_time
async def test_a_breaker_of_one_provider_is_not_that_of_the_other(name: str) -> None:
    async with bench(clock=VirtualClock()) as table:
        server = getattr(table, name)
        server.faults.set(Fault.HTTP_STATUS, status=500)
        server.faults.set(Fault.REFUSE_UPGRADE, status=500)
        await table.manager.subscribe_prices(["SOL"])
        await table.manager.subscribe_wallets([WALLET])
        await table.until(lambda: table.manager.status(name).breaker is BreakerState.OPEN, within=60)
        other = "helius" if name == "birdeye" else "birdeye"
        assert table.manager.status(other).breaker is BreakerState.CLOSED
        assert table.manager.status(other).state is State.CONNECTED


@pytest.mark.parametrize(
    ("key", "requests", "seconds"), [("paid", 15, 1.0), ("free", 1, 2.0)], ids=["paid", "free"]
)
@on_virtual_time
async def test_prices_are_never_asked_for_faster_than_the_plan_allows(
    key: str, requests: int, seconds: float
) -> None:
    async with bench(clock=VirtualClock(), birdeye=key, max_symbol_batch=1, poll_interval=1.0) as table:
        table.birdeye.faults.set(Fault.REFUSE_UPGRADE, status=503)
        for symbol in SYMBOLS:
            await table.manager.subscribe_prices([symbol])
        await asyncio.sleep(60)
        # a burst at once and what comes in while it passes
        assert most_within(table.birdeye.requests, seconds) <= 2 * requests
        assert len(table.birdeye.requests) <= requests * 60 / seconds + requests + 1
        assert not table.all(StreamError, kind=ErrorKind.RATE_LIMIT)
        assert {event.symbol for event in table.all(PriceUpdate)} == set(SYMBOLS)


@pytest.mark.parametrize("key", ["dev", "free"])
@on_virtual_time
async def test_wallets_are_never_asked_for_faster_than_every_plan_allows(key: str) -> None:
    async with bench(clock=VirtualClock(), helius=key, wallet_rate=1.0, poll_interval=1.0) as table:
        table.helius.faults.set(Fault.REFUSE_UPGRADE, status=503)
        await table.manager.subscribe_wallets([WALLET, OTHER_WALLET])
        await asyncio.sleep(30)
        requests = table.helius.requests
        assert len(requests) > 30
        assert most_within(requests, 1.0) <= 20  # a burst at once, and what comes in while it passes
        assert len(requests) <= 10 * 30 + 11
        assert not table.all(StreamError, kind=ErrorKind.RATE_LIMIT)


@pytest.mark.parametrize("name", ["birdeye", "helius"])
@on_virtual_time
async def test_a_request_to_wait_is_obeyed_by_every_call_to_that_host(name: str) -> None:
    async with bench(clock=VirtualClock(), auto_reconnect=False) as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.manager.subscribe_wallets([WALLET])
        await table.connected("birdeye")
        await table.connected("helius")
        await asyncio.sleep(20)
        server = getattr(table, name)
        server.faults.set(Fault.HTTP_STATUS, status=429, retry_after=40.0, times=1)
        server.drop()
        asked = len(server.requests)
        await table.until(lambda: len(server.requests) > asked)
        said_no_at = server.requests[-1].at
        await table.until(lambda: len(server.requests) > asked + 1, within=60)
        assert server.requests[asked + 1].at - said_no_at >= 39.9


@on_virtual_time
async def test_one_denied_call_for_a_transaction_is_repeated_when_asked_to_and_nothing_else_is() -> None:
    """Row h of issue 11: with ``Retry-After: 3`` it came 17 s late, after ten more calls."""
    async with bench(clock=VirtualClock(), helius="free") as table:
        await table.manager.subscribe_wallets([WALLET])
        await table.connected("helius")
        await asyncio.sleep(60)
        asked = len(table.helius.requests)
        table.helius.faults.set(Fault.HTTP_STATUS, status=429, retry_after=3.0, times=1)
        signature, happened_at = table.ledger.sol_in(WALLET), table.clock.time()
        event = await table.first(WalletTransaction, signature=signature, within=10)
        assert 3.0 <= event.ts - happened_at < 4.0
        await asyncio.sleep(30)
        assert len(table.helius.requests) - asked == 2


@on_virtual_time
async def test_token_accounts_are_followed_soon_after_the_list_of_them_was_denied() -> None:
    """Row f of issue 11: one HTTP 429 at the start, and they were never followed on that connection."""
    async with bench(clock=VirtualClock(), helius="free", sweep_interval=3600.0) as table:
        table.helius.faults.set(Fault.HTTP_STATUS, status=429, retry_after=2.0)
        await table.manager.subscribe_wallets([WALLET])
        await table.connected("helius")
        await asyncio.sleep(20)
        table.helius.faults.clear()
        await asyncio.sleep(5)
        signature = table.ledger.spl_in(WALLET)
        event = await table.first(WalletTransaction, signature=signature, within=5)
        assert event.source is Source.STREAM
        assert table.manager.status("helius").reconnects == 0


@pytest.mark.parametrize("retry_after", [None, 1.0, 3.0])
@on_virtual_time
async def test_row_f_of_the_public_node_too_every_account_is_followed_soon_after_a_denial(
    retry_after: float | None,
) -> None:
    async with bench("public", sweep_interval=3600.0, patience=30.0) as table:
        table.solana.faults.set(Fault.HTTP_STATUS, status=429, retry_after=retry_after)
        await table.manager.subscribe_wallets([WALLET])
        await table.connected("solana")
        await asyncio.sleep(10)
        table.solana.faults.clear()
        accounts = {WALLET, *table.ledger.token_accounts_of(WALLET)}
        # a node that does not say for how long is left alone for ten seconds
        await table.until(lambda: accounts <= table.solana.wallets, within=5.0 + (retry_after or 10.0))
