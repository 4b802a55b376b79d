"""Dead is not quiet: every end of a stream is noticed within its bound, shown, and tried again gently."""

from __future__ import annotations

import asyncio
import itertools
from decimal import Decimal

import pytest
from bench import SOL, WALLET, Bench, bench
from virtual_time import VirtualClock, on_virtual_time

from streamcore import PriceUpdate, Source, State, StatusChange, StreamError, WalletTransaction
from streamsim import Fault

pytestmark = pytest.mark.long

PROVIDERS = ["birdeye", "helius"]


async def watching(table: Bench) -> None:
    await table.manager.subscribe_prices(["SOL"])
    await table.manager.subscribe_wallets([WALLET])
    await table.connected("birdeye")
    await table.connected("helius")
    await asyncio.sleep(1)


async def time_until(table: Bench, name: str, state: State, within: float) -> tuple[float, StatusChange]:
    """Return how long it took until the provider was in a state, and the event that told it."""
    began = table.clock.monotonic()
    mark = len(table.seen)

    def told() -> list[StatusChange]:
        return [
            event
            for event in table.seen[mark:]
            if isinstance(event, StatusChange) and event.provider == name and event.state is state
        ]

    await table.until(told, within)
    return table.clock.monotonic() - began, told()[0]


@pytest.mark.parametrize("name", PROVIDERS)
@on_virtual_time
async def test_a_silent_stall_is_stale_at_half_time_and_over_at_the_end(name: str) -> None:
    async with bench(clock=VirtualClock()) as table:
        await watching(table)
        server = getattr(table, name)
        server.faults.set(Fault.STALL)
        server.faults.set(Fault.STALL_SLOTS)
        await asyncio.sleep(31)
        assert table.manager.status(name).stale
        assert table.manager.status(name).state is State.CONNECTED
        took, lost = await time_until(table, name, State.FAILED, within=31)
        assert took < 30
        assert lost.reason == "no data for 60 s"
        server.faults.clear()
        took, _ = await time_until(table, name, State.CONNECTED, within=5)
        assert took < 1.5


@on_virtual_time
async def test_a_stream_whose_heartbeat_goes_on_is_alive_though_its_wallet_is_quiet() -> None:
    async with bench(clock=VirtualClock()) as table:
        await watching(table)
        await asyncio.sleep(600)
        assert table.manager.status("helius").reconnects == 0
        assert not table.manager.status("helius").stale


@pytest.mark.parametrize("name", PROVIDERS)
@on_virtual_time
async def test_a_half_open_link_is_noticed_by_the_unanswered_ping(name: str) -> None:
    async with bench(clock=VirtualClock(), proxies=True) as table:
        await watching(table)
        table.network[name].set(Fault.HALF_OPEN)
        took, lost = await time_until(table, name, State.FAILED, within=42)
        assert took < 41.5  # ping_interval, pong_timeout, and a second for the goodbye
        assert "did not answer a ping for 10 s" in lost.reason
        table.network[name].clear()
        await table.connected(name)


@pytest.mark.parametrize("name", PROVIDERS)
@on_virtual_time
async def test_a_connect_that_meets_a_half_open_link_gives_up_in_time(name: str) -> None:
    async with bench(clock=VirtualClock(), proxies=True) as table:
        table.network[name].set(Fault.HALF_OPEN)
        await table.manager.subscribe_prices(["SOL"])
        await table.manager.subscribe_wallets([WALLET])
        took, lost = await time_until(table, name, State.FAILED, within=11)
        assert took < 10.5
        assert "did not answer within 10 s" in lost.reason


@pytest.mark.parametrize("name", PROVIDERS)
@on_virtual_time
async def test_a_connection_that_opens_and_never_says_a_word_is_given_up(name: str) -> None:
    async with bench(clock=VirtualClock()) as table:
        server = getattr(table, name)
        server.faults.set(Fault.WITHHOLD_WELCOME)
        server.faults.set(Fault.WITHHOLD_ACK)
        server.faults.set(Fault.STALL)
        await table.manager.subscribe_prices(["SOL"])
        await table.manager.subscribe_wallets([WALLET])
        took, lost = await time_until(table, name, State.FAILED, within=11)
        assert took < 10.5
        assert "nothing was heard for 10 s" in lost.reason


@pytest.mark.parametrize("name", PROVIDERS)
@on_virtual_time
async def test_a_server_that_accepts_and_closes_is_called_ever_more_rarely(name: str) -> None:
    async with bench(clock=VirtualClock()) as table:
        server = getattr(table, name)
        server.faults.set(Fault.ACCEPT_AND_CLOSE, code=1012, reason="restarting")
        await table.manager.subscribe_prices(["SOL"])
        await table.manager.subscribe_wallets([WALLET])
        await asyncio.sleep(200)
        at = [handshake.at for handshake in server.handshakes]
        gaps = [round(later - earlier) for earlier, later in itertools.pairwise(at)]
        assert gaps == [1, 2, 4, 8, 16, 32, 60, 60]
        status = table.manager.status(name)
        assert status.state is State.FALLBACK
        assert "1012 service restart" in status.reason


@pytest.mark.parametrize("name", PROVIDERS)
@on_virtual_time
async def test_a_server_that_drops_every_stream_it_has_proved_is_called_ever_more_rarely(name: str) -> None:
    async with bench(clock=VirtualClock()) as table:
        server = getattr(table, name)
        await watching(table)
        for _ in range(200):
            server.drop()
            await asyncio.sleep(1)
        assert len(server.handshakes) <= 10


@pytest.mark.parametrize("name", PROVIDERS)
@on_virtual_time
async def test_lasting_health_makes_the_delays_short_again(name: str) -> None:
    async with bench(clock=VirtualClock(), market_rate=1.0) as table:
        server = getattr(table, name)
        server.faults.set(Fault.ACCEPT_AND_CLOSE, times=4)
        await watching_slowly(table)
        await asyncio.sleep(70)
        server.drop()
        _, lost = await time_until(table, name, State.FALLBACK, within=1)
        assert lost.retry_in == pytest.approx(1.0, abs=0.01)


async def watching_slowly(table: Bench) -> None:
    await table.manager.subscribe_prices(["SOL"])
    await table.manager.subscribe_wallets([WALLET])
    for name in PROVIDERS:
        await table.until(lambda name=name: table.manager.status(name).state is State.CONNECTED, within=60)


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (1000, "1000 normal closure"),
        (1008, "1008 policy violation"),
        (1012, "1012 service restart"),
        (4001, "4001"),
    ],
)
@on_virtual_time
async def test_a_clean_close_is_noticed_at_once_and_its_code_is_shown(
    name: str, code: int, meaning: str
) -> None:
    async with bench(clock=VirtualClock()) as table:
        await watching(table)
        closing = asyncio.create_task(getattr(table, name).close_clients(code, "see you"))
        took, lost = await time_until(table, name, State.FAILED, within=1)
        await closing
        assert took < 0.1
        assert f"{meaning} (see you)" in lost.reason
        took, _ = await time_until(table, name, State.CONNECTED, within=3)
        assert took < 1.5


@pytest.mark.parametrize("name", PROVIDERS)
@on_virtual_time
async def test_a_reset_is_noticed_at_once(name: str) -> None:
    async with bench(clock=VirtualClock(), proxies=True) as table:
        await watching(table)
        table.network[name].set(Fault.RESET, times=1)
        took, lost = await time_until(table, name, State.FAILED, within=1)
        assert took < 0.1
        assert lost.reason == "connection lost: no close frame"
        await time_until(table, name, State.CONNECTED, within=3)


@pytest.mark.parametrize("name", PROVIDERS)
@on_virtual_time
async def test_a_refused_connection_is_told_in_a_word(name: str) -> None:
    async with bench(clock=VirtualClock(), proxies=True) as table:
        await watching(table)
        table.network[name].set(Fault.REFUSE_CONNECT)
        for proxy in table.proxies:
            proxy.reset()
        await table.until(lambda: "refused the connection" in (table.manager.status(name).reason or ""))
        table.network[name].clear()
        await table.until(lambda: table.manager.status(name).state is State.CONNECTED, within=10)


@pytest.mark.parametrize("fault", [Fault.SPLIT, Fault.MERGE, Fault.SLOW_LINK])
@on_virtual_time
async def test_a_poor_link_slows_the_news_and_loses_none(fault: Fault) -> None:
    async with bench(clock=VirtualClock(), proxies=True) as table:
        for faults in table.network.values():
            faults.set(fault, size=5, seconds=0.2, rate=50_000.0)
        await table.manager.subscribe_prices(["SOL"])
        await table.manager.subscribe_wallets([WALLET])
        await table.until(lambda: table.manager.status("helius").state is State.CONNECTED, within=30)
        await table.until(lambda: table.birdeye.price_subscriptions, within=30)
        for step in range(5):
            table.market.trade(SOL, price=Decimal(150 + step), volume_usd=Decimal(10))
            table.ledger.sol_in(WALLET)
            await asyncio.sleep(1)
        await table.first(PriceUpdate, price=Decimal(154), within=20)
        await table.until(lambda: len(table.all(WalletTransaction)) == 5, within=20)
        assert table.manager.status("birdeye").malformed == 0
        assert table.manager.status("helius").malformed == 0


@on_virtual_time
async def test_a_link_that_is_cut_in_the_middle_of_a_frame_is_a_lost_connection() -> None:
    async with bench(clock=VirtualClock(), proxies=True) as table:
        await watching(table)
        table.network["helius"].set(Fault.CUT, size=1, times=1)
        signature = table.ledger.sol_in(WALLET)
        await table.until(lambda: table.manager.status("helius").reconnects == 1, within=5)
        await table.first(WalletTransaction, signature=signature)
        await asyncio.sleep(60)
        assert len(table.all(WalletTransaction)) == 1


@on_virtual_time
async def test_a_thin_token_that_does_not_trade_is_not_a_stale_connection() -> None:
    async with bench(clock=VirtualClock()) as table:
        await table.manager.subscribe_prices(["SOL", "BONK"])
        await table.connected("birdeye")
        await asyncio.sleep(1)
        thin = [event for event in table.all(PriceUpdate) if event.symbol == "BONK"][-1]
        for step in range(300):
            table.market.trade(SOL, price=Decimal(150) + Decimal(step) / 100, volume_usd=Decimal(10))
            await asyncio.sleep(1)
        status = table.manager.status("birdeye")
        assert (status.state, status.reconnects, status.stale) == (State.CONNECTED, 0, False)
        # the stream has said nothing of it since; what is asked for over HTTP every two minutes confirms it
        last = [event for event in table.all(PriceUpdate) if event.symbol == "BONK"][-1]
        assert (last.price, last.changed) == (thin.price, ())
        assert 0 <= table.clock.time() - last.ts < 130


@on_virtual_time
async def test_thin_tokens_on_a_connection_of_their_own_take_no_row_away_from_the_others() -> None:
    async with bench("all", prices="auto", max_symbol_batch=2) as table:
        await table.manager.subscribe_prices(["SOL", "JUP", "BONK", "WIF"])
        await table.connected("birdeye")
        for step in range(300):
            table.market.trade(SOL, price=Decimal(150) + Decimal(step) / 100, volume_usd=Decimal(10))
            await asyncio.sleep(1)
        status = table.manager.status("birdeye")
        assert (status.connections, status.reconnects, status.stale) == (2, 0, False)
        assert table.sources("SOL") == ["birdeye"]
        assert not table.all(StreamError)


@pytest.mark.parametrize("name", PROVIDERS)
@on_virtual_time
async def test_waking_up_leads_to_a_check_at_once(name: str) -> None:
    async with bench(clock=VirtualClock(), proxies=True) as table:
        await watching(table)
        table.network[name].set(Fault.HALF_OPEN)  # the link did not survive the sleep
        table.clock.jump(3600.0)
        took, _ = await time_until(table, name, State.FAILED, within=14)
        assert took < 13.5  # the next look at the clock, the time a pong is given, and the goodbye
        table.network[name].clear()
        took, _ = await time_until(table, name, State.CONNECTED, within=3)


@on_virtual_time
async def test_waking_up_brings_the_present_price_and_what_was_missed_at_once() -> None:
    async with bench(clock=VirtualClock()) as table:
        await watching(table)
        table.birdeye.faults.set(Fault.STALL)
        table.helius.faults.set(Fault.STALL)
        table.market.trade(SOL, price=Decimal("171.5"), volume_usd=Decimal(10))
        missed = table.ledger.spl_in(WALLET)
        table.clock.jump(3600.0)
        began = table.clock.monotonic()
        await table.first(PriceUpdate, price=Decimal("171.5"), source=Source.POLL)
        await table.first(WalletTransaction, signature=missed, source=Source.BACKFILL)
        assert table.clock.monotonic() - began < 3


@on_virtual_time
async def test_a_retry_that_waits_is_made_at_once_when_time_has_jumped() -> None:
    async with bench(clock=VirtualClock()) as table:
        table.birdeye.faults.set(Fault.REFUSE_UPGRADE, times=7)
        await table.manager.subscribe_prices(["SOL"])
        await asyncio.sleep(70)  # the next retry is a minute away
        assert table.manager.status("birdeye").state is State.FALLBACK
        table.clock.jump(3600.0)
        await table.until(lambda: table.manager.status("birdeye").state is State.CONNECTED, within=3)
