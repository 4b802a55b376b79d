"""Trades that an exchange's feed leaves out while it goes on beating: the price shown must not stay wrong."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from bench import SOL, Bench
from public_bench import public
from virtual_time import on_virtual_time

from streamcore import ErrorKind, PriceUpdate, Source, StreamError
from streamsim import Fault


@pytest.mark.parametrize("trades", [1, 10, 40])
@on_virtual_time
async def test_row_i_the_price_is_asked_for_at_once_however_few_trades_were_left_out(trades: int) -> None:
    async with public(prices="coinbase") as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("coinbase")
        table.market.trade(SOL, price=Decimal("122.5"))
        await table.first(PriceUpdate, price=Decimal("122.5"))
        table.coinbase.faults.set(Fault.LEAVE_OUT)
        for number in range(trades):
            table.market.trade(SOL, price=Decimal("142.5") + number)
        right = Decimal("142.5") + trades - 1
        update = await table.first(PriceUpdate, price=right, within=3.0)
        assert update.source is Source.POLL
        (told,) = table.all(StreamError, kind=ErrorKind.GAP)
        assert "SOL-USD" in told.message
        asked = len(table.coinbase.requests)
        await asyncio.sleep(20)
        assert len(table.coinbase.requests) == asked


@on_virtual_time
async def test_a_subscription_that_has_died_on_a_living_connection_is_found_out_and_made_anew() -> None:
    async with public(stale_after=60) as table:
        await table.manager.subscribe_prices(["SOL", "BTC"])
        await table.connected("kraken")
        await table.first(PriceUpdate, symbol="SOL", source=Source.STREAM)
        table.kraken.silenced.add("SOL")
        table.market.trade(SOL, price=Decimal("142.5"))
        await table.first(PriceUpdate, symbol="SOL", price=Decimal("142.5"), within=150)
        (told,) = await told_gaps(table)
        assert "SOL/USD" in told.message
        await table.until(lambda: table.at("SOL") == {"coinbase"}, within=15)
        assert table.at("BTC") == {"kraken"}
        table.kraken.silenced.clear()
        await table.until(lambda: table.at("SOL") == {"kraken"}, within=60)
        assert len(table.kraken.handshakes) == 1


async def told_gaps(table: Bench) -> list[StreamError]:
    await table.first(StreamError, kind=ErrorKind.GAP, within=25)
    return table.all(StreamError, kind=ErrorKind.GAP)


@on_virtual_time
async def test_a_quiet_market_is_asked_about_in_few_requests_and_nothing_is_said_of_it() -> None:
    async with public(stale_after=60) as table:
        await table.manager.subscribe_prices(["SOL", "BTC", "BONK"])
        await table.connected("kraken")
        await asyncio.sleep(30)
        asked = len(table.kraken.requests)
        await asyncio.sleep(600)
        assert len(table.kraken.requests) - asked <= 5  # all three in one request
        assert not table.all(StreamError)
        assert table.at("SOL", "BTC", "BONK") == {"kraken"}


@on_virtual_time
async def test_row_i_a_price_that_http_does_not_have_yet_is_asked_for_again() -> None:
    async with public(prices="coinbase") as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("coinbase")
        table.market.trade(SOL, price=Decimal("122.5"))
        await table.first(PriceUpdate, price=Decimal("122.5"))
        table.coinbase.faults.set(Fault.LEAVE_OUT)
        table.coinbase.faults.set(Fault.HTTP_STATUS, status=503, times=2)
        table.market.trade(SOL, price=Decimal("142.5"))
        await table.first(PriceUpdate, price=Decimal("142.5"), within=8.0)
