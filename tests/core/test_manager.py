"""The engine as a whole, against emulated providers over real sockets, on virtual time."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal

import msgpack
import pytest
from bench import BONK, PATIENCE, SOL, WALLET, bench
from scripted_http import Asked
from scripted_transport import ScriptedTransport
from virtual_time import VirtualClock, on_virtual_time

from streamcore import (
    BadAddress,
    ErrorKind,
    PriceKind,
    PriceUpdate,
    Settings,
    Source,
    State,
    StatusChange,
    StreamError,
    StreamManager,
    UnknownProvider,
    UnknownSymbol,
    WalletTransaction,
)
from streamcore.config.model import StreamSettings
from streamcore.net.transport import Answer
from streamsim.demo import embedded
from streamsim.servers.faults import Fault


@on_virtual_time
async def test_a_price_arrives_first_complete_and_then_as_it_changes() -> None:
    async with bench() as table:
        await table.manager.subscribe_prices(["SOL"])
        first = await table.first(PriceUpdate)
        truth = table.market.truth(SOL)
        assert (first.symbol, first.address, first.kind) == ("SOL", SOL, PriceKind.SNAPSHOT)
        assert first.price == truth.price
        await table.until(lambda: table.all(PriceUpdate)[-1].volume_24h is not None)
        # the day it is the volume of goes on
        assert table.all(PriceUpdate)[-1].volume_24h == pytest.approx(truth.volume_24h, rel=Decimal("0.001"))
        await table.connected("birdeye")
        await table.until(lambda: table.birdeye.frames_received)
        table.market.trade(SOL, price=Decimal("151.25"), volume_usd=Decimal(1000))
        moved = await table.first(PriceUpdate, price=Decimal("151.25"), source=Source.STREAM)
        assert moved.kind is PriceKind.DELTA
        assert "price" in moved.changed
        assert moved.change_24h is not None
        assert moved.demo is False


@on_virtual_time
async def test_what_is_wanted_twice_is_subscribed_once_and_stays_until_both_let_go() -> None:
    async with bench() as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.manager.subscribe_prices(["$sol", SOL])
        await table.connected("birdeye")
        await table.until(lambda: table.birdeye.frames_received)
        await table.manager.unsubscribe_prices(["SOL", "SOL"])
        await asyncio.sleep(5)
        assert table.manager.status("birdeye").topics == (SOL,)
        subscribes = [frame for frame in table.birdeye.frames_received if frame["type"] == "SUBSCRIBE_PRICE"]
        assert len(subscribes) == 1
        assert subscribes[0]["data"]["query"].count("address") == 1
        await table.manager.unsubscribe_prices(["SOL"])
        assert table.manager.status("birdeye").idle


@on_virtual_time
async def test_a_provider_of_which_nothing_is_wanted_any_more_is_disconnected() -> None:
    async with bench() as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("birdeye")
        await table.manager.unsubscribe_prices(["SOL"])
        await asyncio.sleep(1)
        await table.until(lambda: table.manager.status("birdeye").state is State.DISCONNECTED)
        await table.until(lambda: table.birdeye.connections == 0)
        assert table.manager.status("birdeye").reason == "nothing is watched"
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("birdeye")


@on_virtual_time
async def test_changes_are_gathered_and_the_whole_list_is_sent_again() -> None:
    async with bench() as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("birdeye")
        await table.until(lambda: len(table.birdeye.frames_received) == 2)
        for symbol in ("BTC", "BONK", "JUP"):
            await table.manager.subscribe_prices([symbol])
        await asyncio.sleep(1)
        await table.until(lambda: len(table.birdeye.frames_received) == 4)
        frame = table.birdeye.frames_received[2]
        assert frame["data"]["query"].count("address = ") == 4


@on_virtual_time
async def test_more_tokens_than_one_connection_may_carry_are_spread_over_two() -> None:
    async with bench(max_symbol_batch=2) as table:
        await table.manager.subscribe_prices(["SOL", "BTC", "BONK"])
        await table.until(lambda: table.birdeye.connections == 2)
        await table.connected("birdeye")
        table.market.trade(BONK, price=Decimal("0.00002"), volume_usd=Decimal(10))
        update = await table.first(PriceUpdate, price=Decimal("0.00002"))
        assert update.symbol == "BONK"
        assert table.manager.status("birdeye").connections == 2


@on_virtual_time
async def test_a_symbol_or_address_that_cannot_be_watched_changes_nothing() -> None:
    async with bench() as table:
        with pytest.raises(UnknownSymbol):
            await table.manager.subscribe_prices(["SOL", "NOSUCHTOKEN"])
        with pytest.raises(BadAddress):
            await table.manager.subscribe_wallets([WALLET, "0xnope"])
        assert table.manager.status("birdeye").idle
        assert table.manager.status("helius").idle


@on_virtual_time
async def test_a_transaction_of_a_watched_wallet_arrives_once() -> None:
    async with bench() as table:
        await table.manager.subscribe_wallets([WALLET])
        await table.connected("helius")
        signature = table.ledger.sol_in(WALLET, Decimal("1.5"))
        event = await table.first(WalletTransaction, signature=signature)
        assert event.wallet == WALLET
        assert event.type == "received"
        assert event.sol_change == Decimal("1.5")
        assert event.source is Source.STREAM
        incoming = table.ledger.spl_in(WALLET)
        await table.first(WalletTransaction, signature=incoming)
        failed = table.ledger.failed_swap(WALLET)
        await table.first(WalletTransaction, signature=failed, type="failed")
        assert len(table.all(WalletTransaction)) == 3


@on_virtual_time
async def test_a_wallet_added_later_takes_over_without_losing_or_doubling_anything() -> None:
    other = "9NyDcAEUByTTNosYMzuWQEuUSfgXCHTNhwQmSWEf5fXq"
    async with bench() as table:
        await table.manager.subscribe_wallets([WALLET])
        await table.connected("helius")
        await table.manager.subscribe_wallets([other])
        await asyncio.sleep(1)
        await table.until(
            lambda: [f for f in table.helius.frames_received if f["method"] == "transactionUnsubscribe"]
        )
        methods = [frame["method"] for frame in table.helius.frames_received]
        assert methods == ["slotSubscribe", *["transactionSubscribe"] * 4, *["transactionUnsubscribe"] * 2]
        signatures = {table.ledger.sol_in(WALLET), table.ledger.sol_in(other)}
        await table.until(lambda: {event.signature for event in table.all(WalletTransaction)} == signatures)
        assert len(table.all(WalletTransaction)) == 2


@on_virtual_time
async def test_a_lost_stream_is_polled_and_comes_back_by_itself() -> None:
    async with bench() as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.until(lambda: len(table.birdeye.frames_received) == 2)
        table.birdeye.faults.set(Fault.REFUSE_UPGRADE, status=503)
        table.birdeye.drop()
        lost = await table.first(StatusChange, state=State.FALLBACK)
        assert lost.fallback
        assert lost.retry_in == 1.0
        assert "connection" in lost.reason
        assert table.manager.is_fallback_active
        await table.first(PriceUpdate, source=Source.POLL, kind=PriceKind.SNAPSHOT)

        table.market.trade(SOL, price=Decimal("155.5"), volume_usd=Decimal(10))
        await asyncio.sleep(1)
        await table.until(lambda: table.manager.status("birdeye").attempt == 2)
        assert table.manager.status("birdeye").state is State.FALLBACK
        table.birdeye.faults.clear()
        await asyncio.sleep(2)
        await table.connected("birdeye")
        assert not table.manager.is_fallback_active
        assert table.manager.status("birdeye").reconnects == 1
        await table.first(PriceUpdate, price=Decimal("155.5"))
        assert table.states("birdeye")[:5] == [
            State.CONNECTING,
            State.CONNECTED,
            State.FAILED,
            State.FALLBACK,
            State.CONNECTING,
        ]
        await table.until(lambda: len(table.birdeye.frames_received) == 4)
        types = [frame["type"] for frame in table.birdeye.frames_received]
        assert types == ["SUBSCRIBE_PRICE", "SUBSCRIBE_TOKEN_STATS"] * 2


@on_virtual_time
async def test_polling_goes_on_every_poll_interval_while_the_stream_is_down() -> None:
    async with bench(auto_reconnect=False) as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("birdeye")
        table.birdeye.drop()
        await table.first(StatusChange, state=State.FALLBACK)
        for price in ("151", "152", "153"):
            table.market.trade(SOL, price=Decimal(price), volume_usd=Decimal(10))
            await asyncio.sleep(5)
            await table.first(PriceUpdate, price=Decimal(price), source=Source.POLL)
        assert table.manager.status("birdeye").parked
        await table.manager.reconnect("birdeye")
        await table.connected("birdeye")


@on_virtual_time
async def test_a_waiting_retry_is_woken_by_a_manual_reconnect() -> None:
    async with bench() as table:
        table.birdeye.faults.set(Fault.REFUSE_UPGRADE, status=503, times=1)
        await table.manager.subscribe_prices(["SOL"])
        waiting = await table.first(StatusChange, state=State.FALLBACK)
        await table.manager.reconnect("birdeye")
        await table.connected("birdeye")
        assert table.clock.time() < waiting.ts + waiting.retry_in


@on_virtual_time
async def test_a_manual_reconnect_of_an_open_stream_closes_it_first() -> None:
    async with bench() as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("birdeye")
        await table.manager.reconnect_all()
        await table.until(lambda: table.manager.status("birdeye").reconnects == 1)
        assert table.states("birdeye")[-4:] == [
            State.DISCONNECTING,
            State.DISCONNECTED,
            State.CONNECTING,
            State.CONNECTED,
        ]


@on_virtual_time
async def test_transactions_missed_while_the_stream_was_down_are_recovered() -> None:
    async with bench() as table:
        await table.manager.subscribe_wallets([WALLET])
        await table.connected("helius")
        await asyncio.sleep(5)
        known = table.ledger.sol_in(WALLET)
        await table.first(WalletTransaction, signature=known)
        table.helius.faults.set(Fault.HTTP_STATUS, status=503)
        table.helius.faults.set(Fault.REFUSE_UPGRADE, status=503)
        table.helius.drop()
        await table.first(StatusChange, provider="helius", state=State.FALLBACK)
        missed = [table.ledger.sol_in(WALLET), table.ledger.spl_in(WALLET), table.ledger.sol_out_v1(WALLET)]
        table.helius.faults.clear()
        await table.manager.reconnect("helius")
        await table.connected("helius")
        live = table.ledger.sol_out(WALLET)
        await table.until(lambda: table.all(WalletTransaction, signature=live))
        seen = [event.signature for event in table.all(WalletTransaction)]
        assert sorted(seen) == sorted([known, *missed, live])
        assert {event.source for event in table.all(WalletTransaction)[1:4]} <= {Source.BACKFILL, Source.POLL}


@on_virtual_time
async def test_a_silent_stream_is_called_stale_and_then_connected_anew() -> None:
    async with bench() as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("birdeye")
        table.birdeye.faults.set(Fault.STALL)
        await asyncio.sleep(31)
        assert table.manager.status("birdeye").stale
        assert table.manager.status("birdeye").state is State.CONNECTED
        await asyncio.sleep(30)
        lost = await table.first(StatusChange, state=State.FAILED)
        assert lost.reason == "no data for 60 s"
        table.birdeye.faults.clear()
        await asyncio.sleep(2)
        await table.connected("birdeye")


@on_virtual_time
async def test_a_wrong_key_parks_the_stream_and_is_not_tried_again() -> None:
    async with bench(birdeye="bad") as table:
        await table.manager.subscribe_prices(["SOL"])
        error = await table.first(StreamError, kind=ErrorKind.AUTH)
        assert not error.retryable
        assert "BIRDEYE_API_KEY" in error.message
        await table.until(lambda: table.manager.status("birdeye").state is State.FAILED)
        requests = len(table.birdeye.requests)
        await asyncio.sleep(3600)
        status = table.manager.status("birdeye")
        assert status.parked
        assert not status.fallback
        assert len(table.birdeye.requests) == requests


@on_virtual_time
async def test_a_plan_without_a_stream_is_parked_and_polled() -> None:
    async with bench(birdeye="free") as table:
        await table.manager.subscribe_prices(["SOL", "BONK"])
        await table.first(StreamError, kind=ErrorKind.PLAN)
        await table.until(lambda: table.manager.status("birdeye").state is State.FALLBACK)
        assert table.manager.status("birdeye").parked
        assert table.manager.status("birdeye").fallback
        await table.until(lambda: {event.symbol for event in table.all(PriceUpdate)} == {"SOL", "BONK"})
        handshakes = len(table.birdeye.handshakes)
        await asyncio.sleep(600)
        assert len(table.birdeye.handshakes) == handshakes


@on_virtual_time
async def test_a_plan_without_whole_transactions_follows_the_logs_and_says_so() -> None:
    async with bench(helius="free") as table:
        await table.manager.subscribe_wallets([WALLET])
        error = await table.first(StreamError, provider="helius", kind=ErrorKind.PLAN)
        assert "following the logs" in error.message
        await table.connected("helius")
        # slots, the wallet, and at least one of its token accounts
        await table.until(lambda: len(table.helius.subscriptions) > 2)
        await asyncio.sleep(2)
        sent = [table.ledger.sol_in(WALLET), table.ledger.spl_in(WALLET), table.ledger.failed_swap(WALLET)]
        await table.until(lambda: len(table.all(WalletTransaction)) >= 3)
        assert sorted(event.signature for event in table.all(WalletTransaction)) == sorted(sent)
        assert {event.source for event in table.all(WalletTransaction)} == {Source.STREAM}
        # the next connection of this key begins where this one was let
        table.helius.drop()
        await table.first(StatusChange, provider="helius", state=State.FALLBACK)
        await asyncio.sleep(2)
        await table.connected("helius")
        asked = [frame["method"] for frame in table.helius.clients[-1].frames_received]
        assert "transactionSubscribe" not in asked


@on_virtual_time
async def test_an_unreachable_provider_does_not_touch_the_other() -> None:
    async with bench() as table:
        table.birdeye.faults.set(Fault.HTTP_STATUS, status=503)
        table.birdeye.faults.set(Fault.ACCEPT_AND_CLOSE, code=1012)
        await table.manager.subscribe_prices(["SOL"])
        await table.manager.subscribe_wallets([WALLET])
        await table.connected("helius")
        await table.first(StatusChange, provider="birdeye", state=State.FALLBACK)
        assert table.manager.is_any_connected
        assert table.manager.status("helius").reason is None


@on_virtual_time
async def test_generic_frames_are_understood_as_text_and_as_messagepack() -> None:
    async with bench() as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.until(lambda: table.manager.status("birdeye").messages_received == 2)
        await table.birdeye.send_raw(
            '{"type":"snapshot","data":{"symbol":"sol","price":"161.50","change_24h":1.25,"volume_24h":5e6}}'
        )
        complete = await table.first(PriceUpdate, price=Decimal("161.50"))
        assert complete.kind is PriceKind.SNAPSHOT
        assert str(complete.price) == "161.50"
        assert complete.volume_24h == Decimal(5_000_000)
        delta = {"type": "delta", "data": {"symbol": "SOL", "price": 162.25, "change_24h": None}}
        await table.birdeye.send_raw(msgpack.packb(delta))
        changed = await table.first(PriceUpdate, price=Decimal("162.25"))
        assert changed.changed == ("price",)
        assert changed.change_24h == Decimal("1.25")


@on_virtual_time
async def test_nonsense_is_left_out_and_told_once() -> None:
    async with bench() as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("birdeye")
        for raw in ('{"type":', "[]", b"\xc1\xff", '{"type":"PRICE_DATA","data":{"address":7}}'):
            await table.birdeye.send_raw(raw)
        table.market.trade(SOL, price=Decimal("149.5"), volume_usd=Decimal(10))
        await table.first(PriceUpdate, price=Decimal("149.5"))
        assert table.manager.status("birdeye").malformed == 4
        assert len(table.all(StreamError, kind=ErrorKind.PROTOCOL)) == 1


@on_virtual_time
async def test_a_batch_reader_drains_what_waits_and_leaves_nothing() -> None:
    async with bench() as table:
        await table.manager.subscribe_prices(["SOL", "BONK"])
        await table.connected("birdeye")
        await table.until(lambda: {event.symbol for event in table.all(PriceUpdate)} == {"SOL", "BONK"})
        events = table.manager.drain("birdeye")
        assert {event.symbol for event in events if isinstance(event, PriceUpdate)} == {"SOL", "BONK"}
        assert table.manager.drain("birdeye") == []
        assert table.manager.drain("helius") == []
        with pytest.raises(UnknownProvider):
            table.manager.drain("nobody")


@on_virtual_time
async def test_every_provider_tells_its_status_every_ten_seconds() -> None:
    async with bench() as table:
        before = len(table.all(StatusChange))
        await asyncio.sleep(20.5)
        assert len(table.all(StatusChange)) - before == 4


@on_virtual_time
async def test_leaving_closes_the_sockets_and_ends_the_consumers() -> None:
    async with bench() as table:
        await table.manager.subscribe_prices(["SOL"])
        await table.connected("birdeye")
        consumer = table.manager.events()
    assert table.birdeye.connections == 0
    async with asyncio.timeout(PATIENCE):
        rest = [event async for event in consumer]
    assert [event.state for event in rest if isinstance(event, StatusChange)][-1] is State.DISCONNECTED


@on_virtual_time
async def test_the_demo_serves_when_it_is_asked_for_and_says_so() -> None:
    settings = Settings(demo=True, stream=StreamSettings(enable_wallets=False))
    async with StreamManager(settings, demo=embedded, clock=VirtualClock()) as manager:
        events = manager.events()
        await manager.subscribe_prices(["SOL"])
        async with asyncio.timeout(PATIENCE):
            async for event in events:
                assert event.demo
                if isinstance(event, PriceUpdate):
                    break
        assert list(manager.statuses()) == ["birdeye"]


@on_virtual_time
async def test_the_whole_engine_runs_on_a_network_that_is_handed_in() -> None:
    clock = VirtualClock()
    body = json.dumps({SOL: {"usdPrice": 150.5, "priceChange24h": 2}}).encode()
    transport = ScriptedTransport(lambda asked: Answer(200, {}, body), clock.monotonic)
    async with StreamManager(Settings(prices="jupiter"), clock=clock, transport=transport) as manager:
        events = manager.events()
        await manager.subscribe_prices(["SOL"])
        await manager.subscribe_wallets([WALLET])
        async for event in events:
            if isinstance(event, PriceUpdate):
                break
        await asyncio.sleep(1)
        assert event.price == Decimal("150.5")
        assert transport.dialled[0].startswith("wss://")
        assert "is not on this network" in str(manager.status("solana").reason)


@on_virtual_time
async def test_a_source_without_a_key_says_what_a_key_would_add() -> None:
    def unexpected(asked: Asked) -> Answer:
        raise AssertionError("nothing is watched, so nothing is asked")

    clock = VirtualClock()
    transport = ScriptedTransport(unexpected, clock.monotonic)
    async with StreamManager(Settings(), clock=clock, transport=transport) as manager:
        hints = {name: status.hint for name, status in manager.statuses().items() if status.hint}
    assert hints == {
        "kraken": "BIRDEYE_API_KEY would stream every Solana token",
        "solana": "HELIUS_API_KEY would follow more wallets, sooner",
    }
    async with StreamManager(Settings(demo=True), clock=clock, demo=embedded) as manager:
        assert not any(status.hint for status in manager.statuses().values())
