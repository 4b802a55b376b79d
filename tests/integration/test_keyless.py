"""Prices and wallets without any key: the public sources, and how a row moves between them."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from bench import BONK, SOL, WALLET
from public_bench import UNLISTED, public
from virtual_time import on_virtual_time

from streamcore import (
    PriceKind,
    PriceUpdate,
    Source,
    State,
    StreamError,
    WalletTransaction,
)
from streamsim import Fault

pytestmark = pytest.mark.long


@on_virtual_time
async def test_without_a_key_prices_come_from_kraken() -> None:
    async with public() as table:
        tokens = await table.manager.subscribe_prices(["SOL", "BTC"])
        assert [token.mint for token in tokens] == [SOL, ""]
        sol = await table.first(PriceUpdate, symbol="SOL")
        btc = await table.first(PriceUpdate, symbol="BTC")
        assert (sol.provider, sol.address, btc.address) == ("kraken", SOL, None)
        assert sol.demo is False
        await table.connected("kraken")
        table.market.trade(SOL, price=Decimal("190.5"), volume_usd=Decimal(10))
        moved = await table.first(PriceUpdate, symbol="SOL", price=Decimal("190.5"))
        assert moved.source is Source.STREAM
        assert table.manager.status("coinbase").standby
        assert table.coinbase.connections == 0


@on_virtual_time
async def test_a_lost_source_moves_every_row_to_the_next_and_back() -> None:
    async with public() as table:
        await table.manager.subscribe_prices(["SOL", "BTC"])
        await table.connected("kraken")
        await table.until(lambda: table.at("SOL", "BTC") == {"kraken"})
        table.kraken.faults.set(Fault.REFUSE_UPGRADE, status=503)
        table.kraken.faults.set(Fault.HTTP_STATUS, status=503)
        table.kraken.drop()
        await table.until(lambda: table.at("SOL", "BTC") == {"coinbase"})
        moved = next(event for event in table.all(PriceUpdate, symbol="SOL") if event.provider == "coinbase")
        assert moved.kind is PriceKind.SNAPSHOT
        assert moved.high_24h is not None
        assert moved.low_24h is not None
        assert moved.low_24h <= moved.high_24h
        streamed = [event for event in table.all(PriceUpdate) if event.provider == "kraken"][-1]
        assert streamed.spread is not None
        assert streamed.vwap_24h is not None
        assert streamed.trades_24h is not None
        # Coinbase has no average, and its first price, over HTTP, is without a bid
        await table.until(
            lambda: (
                table.all(PriceUpdate)[-1].provider == "coinbase"
                and table.all(PriceUpdate)[-1].spread is not None
            )
        )
        table.kraken.faults.clear()
        await table.until(lambda: table.manager.status("kraken").state is State.CONNECTED, 120)
        await table.until(lambda: table.at("SOL", "BTC") == {"kraken"})
        await table.until(lambda: table.manager.status("coinbase").standby)
        assert table.sources("SOL") == ["kraken", "coinbase", "kraken"]
        assert {event.address for event in table.all(PriceUpdate, symbol="BTC")} == {None}


@on_virtual_time
async def test_a_refused_symbol_moves_alone() -> None:
    async with public() as table:
        table.kraken.listed.discard("BONK")
        table.coinbase.listed.add("BONK")
        await table.manager.subscribe_prices(["SOL", "BONK"])
        await table.until(lambda: "coinbase" in table.sources("BONK"))
        await table.until(lambda: table.sources("SOL") == ["kraken"])
        assert all(event.address == BONK for event in table.all(PriceUpdate, symbol="BONK"))
        assert table.manager.status("kraken").state is State.CONNECTED


@on_virtual_time
async def test_maintenance_is_told_in_its_own_words_and_another_source_steps_in() -> None:
    async with public() as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("kraken")
        await table.kraken.maintenance(True)
        await table.until(lambda: "coinbase" in table.sources("SOL"))
        assert "maintenance" in str(table.manager.status("kraken").reason)


@on_virtual_time
async def test_what_one_source_says_is_never_mixed_with_what_another_said() -> None:
    async with public() as table:
        await table.manager.subscribe_prices(["SOL"])
        kraken = await table.first(PriceUpdate, provider="kraken", symbol="SOL")
        assert kraken.volume_24h is not None
        for server in (table.kraken, table.coinbase):
            server.faults.set(Fault.REFUSE_UPGRADE, status=503)
            server.faults.set(Fault.HTTP_STATUS, status=503)
            server.drop()
        await table.until(lambda: table.at("SOL") == {"jupiter"})
        polled = next(event for event in table.all(PriceUpdate) if event.provider == "jupiter")
        # Jupiter tells no volume and no range: those of Kraken are not its own
        assert (polled.kind, polled.volume_24h, polled.high_24h) == (PriceKind.SNAPSHOT, None, None)


@on_virtual_time
async def test_a_token_no_exchange_lists_is_polled() -> None:
    async with public() as table:
        await table.manager.subscribe_prices([UNLISTED])
        update = await table.first(PriceUpdate, address=UNLISTED)
        assert (update.provider, update.source) == ("jupiter", Source.POLL)
        status = table.manager.status("jupiter")
        assert status.fallback
        assert "polled" in str(status.reason)


@on_virtual_time
async def test_when_jupiter_fails_dexscreener_is_polled() -> None:
    async with public() as table:
        table.jupiter.faults.set(Fault.HTTP_STATUS, status=503)
        await table.manager.subscribe_prices([UNLISTED])
        await table.until(
            lambda: "dexscreener" in table.sources(str(table.manager.tokens.resolve(UNLISTED).symbol))
        )


@on_virtual_time
async def test_a_symbol_nobody_has_is_told() -> None:
    async with public() as table:
        await table.manager.subscribe_prices(["NOSUCH"])
        await table.until(lambda: table.all(StreamError, retryable=False))
        error = table.all(StreamError, retryable=False)[-1]
        assert "NOSUCH" in error.message
        await table.manager.subscribe_prices(["SOLL"])
        await table.until(lambda: len(table.all(StreamError, retryable=False)) == 2)
        assert "did you mean SOL" in table.all(StreamError, retryable=False)[-1].message
        assert not table.all(PriceUpdate)


@on_virtual_time
async def test_a_wallet_is_followed_on_the_public_chain() -> None:
    async with public() as table:
        await table.manager.subscribe_wallets([WALLET])
        await table.connected("solana")
        await table.until(lambda: len(table.solana.subscriptions) > 2)
        await asyncio.sleep(2)
        sent = [table.ledger.sol_in(WALLET), table.ledger.spl_in(WALLET), table.ledger.sol_out_v1(WALLET)]
        await table.until(lambda: len(table.all(WalletTransaction)) >= 3)
        assert sorted(event.signature for event in table.all(WalletTransaction)) == sorted(sent)


# Beside providers with keys


@on_virtual_time
async def test_while_the_keyed_source_is_gone_the_exchanges_step_in_and_the_row_says_of_what() -> None:
    async with public(keys=True) as table:
        await table.manager.subscribe_prices(["SOL", "BTC"])
        await table.until(lambda: table.at("SOL", "BTC") == {"birdeye"})
        wrapped = table.manager.tokens.resolve("BTC").mint
        assert {event.address for event in table.all(PriceUpdate, symbol="BTC")} == {wrapped}
        assert table.manager.status("kraken").standby
        table.birdeye.faults.set(Fault.REFUSE_UPGRADE, status=503)
        table.birdeye.faults.set(Fault.HTTP_STATUS, status=503)
        table.birdeye.drop()
        await table.until(lambda: table.at("SOL", "BTC") == {"kraken"})
        moved = [event for event in table.all(PriceUpdate) if event.provider == "kraken"]
        assert {event.symbol: event.address for event in moved} == {"SOL": SOL, "BTC": None}
        assert table.manager.price_sources == {SOL: "kraken", "BTC": "kraken"}
        table.birdeye.faults.clear()
        await table.until(lambda: table.at("SOL", "BTC") == {"birdeye"}, 120)
        assert table.sources("SOL") == ["birdeye", "kraken", "birdeye"]


@on_virtual_time
async def test_a_wrapped_token_asked_for_by_its_mint_never_shows_the_price_of_what_it_wraps() -> None:
    async with public(keys=True) as table:
        wrapped = table.manager.tokens.resolve("ETH").mint
        await table.manager.subscribe_prices(["ETH", wrapped])
        await table.until(lambda: table.at("ETH") == {"birdeye"})
        table.birdeye.faults.set(Fault.REFUSE_UPGRADE, status=503)
        table.birdeye.faults.set(Fault.HTTP_STATUS, status=503)
        table.birdeye.drop()
        await table.until(lambda: {"kraken", "jupiter"} <= set(table.sources("ETH")))
        origin = {(event.provider, event.address) for event in table.all(PriceUpdate, symbol="ETH")}
        assert origin == {("birdeye", wrapped), ("kraken", None), ("jupiter", wrapped)}


@on_virtual_time
async def test_wallets_are_followed_without_a_key_while_neither_stream_nor_polling_works_with_one() -> None:
    async with public(keys=True) as table:
        await table.manager.subscribe_wallets([WALLET])
        await table.connected("helius")
        await asyncio.sleep(2)
        sent = [table.ledger.sol_in(WALLET)]
        await table.until(lambda: len(table.all(WalletTransaction)) == 1)
        assert table.solana.connections == 0
        table.helius.faults.set(Fault.REFUSE_UPGRADE, status=503)
        table.helius.faults.set(Fault.HTTP_STATUS, status=503)
        table.helius.drop()
        sent += [table.ledger.sol_in(WALLET), table.ledger.spl_in(WALLET)]
        await table.until(lambda: len(table.all(WalletTransaction)) == 3)
        assert {event.provider for event in table.all(WalletTransaction)} == {"helius", "solana"}
        await table.connected("solana")
        table.helius.faults.clear()
        await table.until(lambda: table.manager.status("helius").state is State.CONNECTED, 120)
        await table.until(lambda: table.manager.status("solana").standby)
        sent.append(table.ledger.sol_in(WALLET))
        await table.until(lambda: len(table.all(WalletTransaction)) == 4)
        assert [event.signature for event in table.all(WalletTransaction)] == sent


@on_virtual_time
async def test_a_token_that_no_exchange_lists_goes_straight_to_where_its_mint_is_priced() -> None:
    async with public() as table:
        await table.manager.subscribe_prices(["JLP"])
        update = await table.first(PriceUpdate, symbol="JLP")
        assert update.provider == "jupiter"
        assert update.address == table.manager.tokens.resolve("JLP").mint
        assert table.kraken.connections == 0


@on_virtual_time
async def test_what_nobody_has_is_said_to_have_no_source() -> None:
    async with public() as table:
        await table.manager.subscribe_prices(["NOSUCH"])
        await table.until(lambda: table.manager.price_sources == {"NOSUCH": None})
        await table.manager.unsubscribe_prices(["NOSUCH"])
        assert table.manager.price_sources == {}


# Sources that are not dead, and not well either


@on_virtual_time
async def test_a_source_that_greets_and_is_silent_again_and_again_does_not_keep_the_rows() -> None:
    async with public() as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.until(lambda: table.at("SOL") == {"kraken"})
        table.kraken.faults.set(Fault.STALL)
        table.kraken.faults.set(Fault.STALL_HEARTBEATS)
        table.kraken.faults.set(Fault.HTTP_STATUS, status=503)
        await table.until(lambda: table.at("SOL") == {"coinbase"})
        began = len(table.all(PriceUpdate))
        for second in range(120):
            table.market.trade(SOL, price=Decimal(150 + second), volume_usd=Decimal(10))
            await asyncio.sleep(1)
        told = table.all(PriceUpdate)[began:]
        assert len(told) > 100
        assert {event.provider for event in told} == {"coinbase"}
        table.kraken.faults.clear()
        await table.until(lambda: table.manager.price_sources[SOL] == "kraken", 120)
        table.market.trade(SOL, price=Decimal(99), volume_usd=Decimal(10))
        await table.until(lambda: table.at("SOL") == {"kraken"})


@on_virtual_time
async def test_a_subscription_that_is_never_answered_is_noticed() -> None:
    async with public() as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("kraken")
        await asyncio.sleep(2)
        table.kraken.faults.set(Fault.WITHHOLD_ACK, times=1)
        await table.manager.subscribe_prices(["BTC"])
        await table.until(lambda: table.manager.status("kraken").reconnects == 1, 60)
        assert any("not answered" in event.message for event in table.all(StreamError))


@on_virtual_time
async def test_wallets_are_followed_elsewhere_while_the_keyed_stream_only_greets() -> None:
    async with public(keys=True, stale_after=30) as table:
        await table.manager.subscribe_wallets([WALLET])
        await table.connected("helius")
        for fault in (Fault.STALL, Fault.STALL_SLOTS):
            table.helius.faults.set(fault)
        table.helius.faults.set(Fault.HTTP_STATUS, status=503)
        table.helius.drop()
        await table.until(lambda: table.manager.status("solana").state is State.CONNECTED, 60)
        sent = []
        for _ in range(12):
            sent.append(table.ledger.sol_in(WALLET))
            await asyncio.sleep(10)
        await table.until(lambda: len(table.all(WalletTransaction)) == len(sent), 30)
        assert {event.provider for event in table.all(WalletTransaction)} == {"solana"}


@on_virtual_time
async def test_two_rows_of_one_topic_both_have_a_price_and_never_each_other_s() -> None:
    async with public(keys=True) as table:
        wrapped = table.manager.tokens.resolve("BTC").mint
        await table.manager.subscribe_prices([wrapped])
        await table.first(PriceUpdate, symbol="cbBTC")
        await asyncio.sleep(20)
        await table.manager.subscribe_prices(["BTC"])
        update = await table.first(PriceUpdate, symbol="BTC")
        assert (update.provider, update.address) == ("birdeye", wrapped)


@on_virtual_time
async def test_a_source_that_blocks_this_address_is_asked_ever_more_rarely_also_when_others_change() -> None:
    async with public() as table:
        table.jupiter.faults.set(Fault.HTTP_STATUS, status=403)
        await table.manager.subscribe_prices([UNLISTED, "SOL"])
        await table.until(lambda: bool(table.all(PriceUpdate, provider="dexscreener")))
        asked = len(table.jupiter.requests)
        for _ in range(60):
            table.kraken.drop()
            await asyncio.sleep(10)
        assert len(table.jupiter.requests) < asked + 10
        assert not table.manager.status("jupiter").parked


@on_virtual_time
async def test_blocked_for_a_while_is_not_blocked_for_ever_where_there_is_no_key() -> None:
    """Row 5 of issue 11: Kraken answered HTTP 403 for ten seconds and was never tried again."""
    async with public() as table:
        for server in (table.kraken, table.solana):
            server.faults.set(Fault.REFUSE_UPGRADE, status=403)
            server.faults.set(Fault.HTTP_STATUS, status=403)
        await table.manager.subscribe_prices(["SOL"])
        await table.manager.subscribe_wallets([WALLET])
        await table.until(lambda: table.at("SOL") == {"coinbase"})
        told = await table.first(StreamError, provider="kraken")
        assert "denied access" in told.message
        await asyncio.sleep(10)
        for server in (table.kraken, table.solana):
            server.faults.clear()
        await table.until(lambda: table.at("SOL") == {"kraken"}, within=90)
        await table.until(lambda: table.manager.status("solana").state is State.CONNECTED, within=90)
        signature = table.ledger.sol_in(WALLET)
        await table.first(WalletTransaction, signature=signature, within=60)


@on_virtual_time
async def test_nothing_is_polled_when_nothing_is_watched_any_more() -> None:
    async with public() as table:
        table.kraken.faults.set(Fault.REFUSE_UPGRADE, status=503)
        await table.manager.subscribe_prices(["SOL"])
        await asyncio.sleep(2)
        await table.manager.reconnect("kraken")
        await table.manager.unsubscribe_prices(["SOL"])
        await asyncio.sleep(30)
        assert not table.manager.is_fallback_active
        assert all(status.idle for status in table.manager.statuses().values())


@on_virtual_time
async def test_a_source_that_comes_and_goes_piles_up_no_questions() -> None:
    async with public() as table:
        await table.manager.subscribe_prices(["SOL", "BTC", "BONK", "ETH"])
        await table.connected("kraken")
        for _ in range(30):
            await table.manager.reconnect("kraken")
            await asyncio.sleep(1)
        catching_up = [task for task in asyncio.all_tasks() if "catching up" in task.get_name()]
        assert len(catching_up) < 5
