"""What the exchanges really do, as their emulators do: delisting, other names, no trade, maintenance."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from itertools import pairwise

import pytest
from bench import OTHER_WALLET, SOL, WALLET
from public_bench import public
from virtual_time import on_virtual_time

from streamcore import PriceUpdate, State, StatusChange, StreamError, WalletTransaction
from streamsim import Emulators, Fault
from streamsim.kraken.messages import Maintenance
from streamsim.solana_rpc.limits import MARCH_2026
from streamsim.world.history import DAY


@on_virtual_time
async def test_a_delisted_product_takes_nothing_down_but_its_own_row() -> None:
    def delist(emulators: Emulators) -> None:
        emulators.coinbase.refusal_texts = {"SOL-USD": "SOL-USD is delisted"}

    async with public(prices="coinbase", venues=delist) as table:
        await table.manager.subscribe_prices(["SOL", "BTC"])
        await table.first(PriceUpdate, symbol="BTC")
        await table.connected("coinbase")
        await asyncio.sleep(25)
        assert table.states("coinbase") == [State.CONNECTING, State.CONNECTED]
        told = [error.message for error in table.all(StreamError)]
        assert told == ["Coinbase has delisted SOL-USD, and no other source in use has SOL"]


@on_virtual_time
async def test_jupiters_token_has_its_price_at_coinbase_under_the_name_it_has_there() -> None:
    async with public(prices="coinbase") as table:
        await table.manager.subscribe_prices(["JUP", "BTC"])
        jup = await table.first(PriceUpdate, symbol="JUP")
        assert jup.provider == "coinbase"
        await table.connected("coinbase")
        await table.until(lambda: "JUPITER-USD" in table.coinbase.subscriptions)
        await asyncio.sleep(30)
        assert table.states("coinbase") == [State.CONNECTING, State.CONNECTED]
        assert not table.all(StreamError)


@on_virtual_time
async def test_without_kraken_a_delisted_product_still_leaves_the_others_their_stream() -> None:
    def delist(emulators: Emulators) -> None:
        emulators.kraken.faults.set(Fault.REFUSE_UPGRADE, status=503)
        emulators.kraken.faults.set(Fault.HTTP_STATUS, status=503)
        emulators.coinbase.delisted = {"JUP", "JUPITER"}

    async with public(venues=delist) as table:
        await table.manager.subscribe_prices(["JUP", "SOL", "BTC"])
        await table.until(lambda: table.at("SOL", "BTC") == {"coinbase"} and table.at("JUP") == {"jupiter"})
        await table.connected("coinbase")


@on_virtual_time
async def test_a_row_goes_at_once_to_a_source_that_lists_it() -> None:
    def unlist(emulators: Emulators) -> None:
        emulators.kraken.listed.discard("SOL")

    async with public(venues=unlist) as table:
        await asyncio.sleep(1)
        await table.manager.subscribe_prices(["SOL", "BTC"])
        await table.until(lambda: table.at("SOL") == {"coinbase"} and table.at("BTC") == {"kraken"})
        assert table.sources("SOL") == ["coinbase"]
        assert "SOL/USD" not in table.kraken.subscriptions
        assert not table.all(StreamError)


@on_virtual_time
async def test_what_kraken_has_not_traded_for_a_day_comes_from_another_source() -> None:
    def still(emulators: Emulators) -> None:
        emulators.kraken.untraded.add("SOL")

    async with public(venues=still) as table:
        await table.manager.subscribe_prices(["SOL", "BTC"])
        await table.until(lambda: table.at("SOL") == {"coinbase"} and table.at("BTC") == {"kraken"})
        assert table.sources("SOL") == ["coinbase"]
        assert all(event.change_24h != 0 for event in table.all(PriceUpdate, symbol="SOL"))
        assert not table.all(StreamError)
        table.kraken.untraded.clear()
        table.market.trade(SOL, price=Decimal("190.5"), volume_usd=Decimal(10))
        await table.until(lambda: table.at("SOL") == {"kraken"})


@on_virtual_time
async def test_krakens_maintenance_is_told_once_with_its_time_over_many_connections() -> None:
    def announce(emulators: Emulators) -> None:
        start = emulators.clock.time() + 90_000
        emulators.kraken.announce(Maintenance("Order Entry System Maintenance", start, start + 3600))

    async with public(prices="kraken", venues=announce) as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("kraken")
        for _ in range(3):
            await table.manager.reconnect("kraken")
            await asyncio.sleep(5)
            await table.connected("kraken")
        told = [error.message for error in table.all(StreamError)]
        assert len(told) == 1
        assert "Order Entry System Maintenance" in told[0]
        assert " UTC" in told[0]


@pytest.mark.parametrize("symbol", ["USDT", "EUR", "GBP"])
@on_virtual_time
async def test_over_http_a_pair_is_found_under_krakens_own_name(symbol: str) -> None:
    def polled(emulators: Emulators) -> None:
        emulators.kraken.faults.set(Fault.REFUSE_UPGRADE, status=503)

    async with public(prices="kraken", venues=polled) as table:
        await table.manager.subscribe_prices([symbol, "BTC"])
        event = await table.first(PriceUpdate, symbol=symbol)
        assert event.price is not None


@on_virtual_time
async def test_an_error_that_names_no_product_is_met_with_growing_waits() -> None:
    def refuse(emulators: Emulators) -> None:
        emulators.coinbase.faults.set(Fault.REJECT_SUBSCRIBE)

    async with public(prices="coinbase", venues=refuse) as table:
        await table.manager.subscribe_prices(["SOL"])
        await asyncio.sleep(100)
        failed = [e.ts for e in table.all(StatusChange, provider="coinbase", state=State.FAILED)]
        waits = [later - earlier for earlier, later in pairwise(failed)]
        assert len(waits) >= 4
        assert all(later > 1.5 * earlier for earlier, later in pairwise(waits[:4]))


@pytest.mark.long
@on_virtual_time
async def test_the_public_node_is_never_asked_more_often_than_it_tells() -> None:
    def tight(emulators: Emulators) -> None:
        emulators.solana.limits = MARCH_2026

    async with public(venues=tight) as table:
        await table.manager.subscribe_wallets([WALLET, OTHER_WALLET])
        await table.connected("solana")
        assert table.manager.status("solana").behind > 0
        for _ in range(6):
            table.ledger.sol_in(WALLET)
            table.ledger.sol_in(OTHER_WALLET)
            await asyncio.sleep(5)
        await table.until(lambda: len(table.all(WalletTransaction)) == 12, within=600)
        await table.until(lambda: table.manager.status("solana").behind == 0, within=600)
        assert table.solana.rpc.refused == 0
        # how far behind that keeps it may be told, but no denial
        assert {event.retryable for event in table.all(StreamError)} <= {True}
        assert not [event for event in table.all(StreamError) if "asks for fewer" in event.message]


@on_virtual_time
async def test_a_birdeye_row_has_one_change_while_stream_and_polls_have_two() -> None:
    def apart(emulators: Emulators) -> None:
        emulators.birdeye.change_differs = True

    async with public(keys=True, prices="birdeye", venues=apart) as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("birdeye")
        token = table.market.token(SOL)
        assert token is not None
        streamed, polled = token.change(DAY), token.change(DAY + 3600)
        assert abs(streamed - polled) > 0.1
        for _ in range(3):
            table.birdeye.drop()
            await asyncio.sleep(20)
            await table.connected("birdeye")
        shown = [event.change_24h for event in table.all(PriceUpdate) if event.change_24h is not None]
        assert shown
        # both go on meanwhile, and stay apart
        assert all(abs(change - streamed) < abs(change - polled) for change in shown)
