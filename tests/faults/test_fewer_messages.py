"""A provider that wants fewer messages: the connection stays, and the rows with it."""

from __future__ import annotations

import asyncio

import pytest
from bench import OTHER_WALLET, WALLET, Bench, bench
from public_bench import public
from virtual_time import on_virtual_time

from streamcore import ErrorKind, PriceUpdate, State, StreamError, WalletTransaction
from streamsim import Fault


def connections(table: Bench, name: str) -> int:
    return len(getattr(table, name).handshakes)


@pytest.mark.parametrize(
    ("name", "text"), [("kraken", "Exceeded msg rate"), ("coinbase", "Rate limit exceeded")]
)
@on_virtual_time
async def test_row_p_one_connection_is_made_and_the_rows_stay(name: str, text: str) -> None:
    async with public(prices=name) as table:
        getattr(table, name).faults.set(Fault.REJECT_SUBSCRIBE, message=text, times=2)
        await table.manager.subscribe_prices(["SOL", "BTC"])
        await asyncio.sleep(8)
        assert connections(table, name) == 1
        assert table.manager.status(name).state is State.CONNECTED
        assert len(getattr(table, name).subscriptions) == 2
        assert table.sources("SOL") == table.sources("BTC") == [name]
        assert table.all(PriceUpdate, symbol="BTC", source="stream")
        assert {error.kind for error in table.all(StreamError)} == {ErrorKind.RATE_LIMIT}


@on_virtual_time
async def test_row_p_a_denied_token_subscription_is_sent_again_on_the_same_connection() -> None:
    async with bench() as table:
        table.birdeye.faults.set(Fault.REJECT_SUBSCRIBE, message="Too many requests", times=1)
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("birdeye")
        await table.until(lambda: table.birdeye.price_subscriptions)
        assert connections(table, "birdeye") == 1


@pytest.mark.parametrize("name", ["solana", "helius"])
@on_virtual_time
async def test_row_p_a_node_that_denies_subscriptions_for_a_moment_keeps_its_connection(name: str) -> None:
    async with bench("public" if name == "solana" else "keyed", patience=20.0) as table:
        await table.manager.subscribe_wallets([WALLET])
        await table.connected(name)
        server = getattr(table, name)
        server.faults.set(Fault.REJECT_SUBSCRIBE, times=3, code=-32429, message="rate limited")
        await table.manager.subscribe_wallets([OTHER_WALLET])
        await asyncio.sleep(10)
        signature = table.ledger.live(OTHER_WALLET)
        told = await table.first(WalletTransaction, signature=signature, within=5.0)
        assert (told.source, connections(table, name)) == ("stream", 1)
