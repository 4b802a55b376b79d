"""What the exchanges really do, as their emulators do: delisting, other names, no trade, maintenance."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from bench import SOL
from public_bench import public
from virtual_time import on_virtual_time

from streamcore import PriceUpdate, State, StreamError
from streamsim import Emulators, Fault
from streamsim.kraken.messages import Maintenance


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
