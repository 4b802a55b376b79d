"""An exchange that passes over a part of a subscription in silence: the rest goes on as if nothing were."""

from __future__ import annotations

import asyncio

import pytest
from bench import BONK, SOL, Bench
from public_bench import public
from virtual_time import on_virtual_time

from streamcore import ErrorKind, PriceUpdate, State, StreamError
from streamsim import Fault

pytestmark = pytest.mark.long


def refusals(table: Bench) -> list[str]:
    return [error.message for error in table.all(StreamError, kind=ErrorKind.SUBSCRIPTION)]


@pytest.mark.parametrize("name", ["kraken", "coinbase"])
@on_virtual_time
async def test_one_pair_that_is_never_answered_costs_the_others_nothing(name: str) -> None:
    async with public(prices=name) as table:
        server = getattr(table, name)
        server.passed_over.add("BONK")
        await table.manager.subscribe_prices(["SOL", "BTC", "BONK"])
        await asyncio.sleep(25)
        assert (len(server.handshakes), table.manager.status(name).state) == (1, State.CONNECTED)
        (told,) = refusals(table)
        assert "BONK" in told
        assert "did not say why" in told
        table.market.trade(SOL, price=table.market.token(SOL).price + 1)
        await table.first(PriceUpdate, symbol="SOL", price=table.market.token(SOL).price, source="stream")
        # it is asked for again later, and served as soon as the exchange wants to
        server.passed_over.clear()
        await table.first(PriceUpdate, symbol="BONK", within=60)
        assert len(server.handshakes) == 1
        assert table.market.token(BONK) is not None


@on_virtual_time
async def test_it_comes_from_the_next_exchange_meanwhile() -> None:
    async with public() as table:
        table.kraken.passed_over.add("BONK")
        await table.manager.subscribe_prices(["SOL", "BTC", "BONK"])
        await asyncio.sleep(25)
        assert table.at("SOL", "BTC") == {"kraken"}
        assert table.at("BONK") == {"coinbase"}
        assert len(table.kraken.handshakes) == 1


@pytest.mark.parametrize("name", ["kraken", "coinbase"])
@on_virtual_time
async def test_a_pair_that_is_added_later_and_never_answered_costs_one_connection(name: str) -> None:
    async with public(prices=name) as table:
        server = getattr(table, name)
        server.passed_over.add("BONK")
        await table.manager.subscribe_prices(["SOL", "BTC"])
        await table.connected(name)
        await asyncio.sleep(5)
        await table.manager.subscribe_prices(["BONK"])
        # that nothing is answered may be the connection's fault; on the next one it is the pair's
        await asyncio.sleep(600)
        assert (len(server.handshakes), table.manager.status(name).state) == (2, State.CONNECTED)


@pytest.mark.parametrize(
    ("name", "text"), [("kraken", "EService:Unavailable"), ("coinbase", "SOL-USD is temporarily unavailable")]
)
@on_virtual_time
async def test_what_is_refused_for_a_moment_is_there_half_a_minute_after_it(name: str, text: str) -> None:
    async with public(prices=name) as table:
        server = getattr(table, name)
        server.faults.set(Fault.REJECT_SUBSCRIBE, message=text)
        await table.manager.subscribe_prices(["SOL"])
        await asyncio.sleep(600)
        assert not table.all(PriceUpdate, symbol="SOL", source="stream")
        server.faults.clear()
        await table.first(PriceUpdate, symbol="SOL", source="stream", within=35)


@pytest.mark.parametrize("name", ["kraken", "coinbase"])
@on_virtual_time
async def test_a_connection_on_which_nothing_is_answered_is_of_no_use(name: str) -> None:
    async with public(prices=name) as table:
        server = getattr(table, name)
        server.passed_over.update(("BONK", "SOL"))
        await table.manager.subscribe_prices(["SOL", "BONK"])
        await table.until(lambda: table.manager.status(name).state is State.FALLBACK, within=15)
        await table.first(PriceUpdate, symbol="SOL", source="poll")
