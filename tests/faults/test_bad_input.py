"""Bad input: counted, told once per burst, the good messages around it delivered; memory stays bounded."""

from __future__ import annotations

import asyncio
import gc
import sys
import tracemalloc
from decimal import Decimal
from pathlib import Path

import msgpack
import pytest
from bench import SOL, WALLET, Bench, bench
from virtual_time import VirtualClock, on_virtual_time

from streamcore import ErrorKind, PriceUpdate, State, StatusChange, StreamError, WalletTransaction
from streamcore.events import PriceKind, Source, TransactionType
from streamcore.hub import Hub
from streamsim import Fault
from streamsim.servers.clients import Frame

CANDLE = '{"type":"PRICE_DATA","data":{"o":1,"h":1,"l":1,"c":%s,"v":1,"unixTime":%s,"address":"%s"}}'

NONSENSE: list[Frame] = [
    "",
    "{",
    '{"type":',
    "[]",
    "null",
    "7",
    '"text"',
    '{"type":7}',
    '{"data":{}}',
    '{"type":"PRICE_DATA"}',
    '{"type":"PRICE_DATA","data":null}',
    '{"type":"PRICE_DATA","data":[]}',
    '{"type":"PRICE_DATA","data":{"address":7}}',
    '{"type":"NEVER_HEARD_OF","data":{"x":1}}',
    CANDLE % ('"NaN"', 1793311200, SOL),
    CANDLE % ('"Infinity"', 1793311200, SOL),
    CANDLE % ("NaN", 1793311200, SOL),
    CANDLE % ("true", 1793311200, SOL),
    CANDLE % ("{}", 1793311200, SOL),
    CANDLE % ("1e999999999", 1793311200, SOL),
    CANDLE % ("1", "1e400", SOL),
    CANDLE % ("9" * 5000, 1793311200, SOL),
    CANDLE % ('"' + "9" * 5000 + '"', 1793311200, SOL),
    '{"type":"PRICE_DATA","data":' + "[" * 100_000,
    '{"jsonrpc":"2.0"}',
    '{"jsonrpc":"2.0","method":"transactionNotification"}',
    '{"jsonrpc":"2.0","method":"transactionNotification","params":{"subscription":"x","result":{}}}',
    '{"jsonrpc":"2.0","id":123456,"result":1}',
    b"",
    b"\xc1",
    b"\xff\xfe\x00",
    b"\xdd\xff\xff\xff\xff",
    b"\x81\xa4type",
    msgpack.packb({"type": "delta", "data": {"symbol": "SOL", "price": float("nan")}}),
    msgpack.packb({"type": "delta", "data": {"symbol": b"\xff", "price": 1}}),
    msgpack.packb({"type": "delta", "data": {"symbol": "SOL", "price": 2**63}})[:-3],
    msgpack.packb([1, 2, 3]),
]


async def watching(table: Bench) -> None:
    await table.manager.subscribe_prices(["SOL"])
    await table.manager.subscribe_wallets([WALLET])
    await table.connected("birdeye")
    await table.connected("helius")
    await asyncio.sleep(2)


def bad_data_told(table: Bench, name: str) -> int:
    return len(table.all(StreamError, provider=name, kind=ErrorKind.PROTOCOL))


@pytest.mark.parametrize("name", ["birdeye", "helius"])
@on_virtual_time
async def test_nonsense_is_counted_told_once_and_does_not_hide_what_is_good(name: str) -> None:
    async with bench(clock=VirtualClock()) as table:
        await watching(table)
        server = getattr(table, name)
        for frame in NONSENSE:
            await server.send_raw(frame)
        await asyncio.sleep(0.1)
        table.market.trade(SOL, price=Decimal("151.5"), volume_usd=Decimal(10))
        signature = table.ledger.sol_in(WALLET)
        await table.first(PriceUpdate, price=Decimal("151.5"), source=Source.STREAM)
        await table.first(WalletTransaction, signature=signature, source=Source.STREAM)
        status = table.manager.status(name)
        assert (status.state, status.reconnects) == (State.CONNECTED, 0)
        assert len(NONSENSE) - 4 <= status.malformed <= len(NONSENSE)
        assert bad_data_told(table, name) == 1
        known = {event.price for event in table.all(PriceUpdate)}
        assert all(price is None or price.is_finite() for price in known)


@pytest.mark.parametrize(
    "fault", [Fault.MALFORMED_JSON, Fault.BINARY_GARBAGE, Fault.UNKNOWN_TYPE, Fault.HUGE_FRAME]
)
@pytest.mark.parametrize("name", ["birdeye", "helius"])
@on_virtual_time
async def test_a_burst_of_damaged_frames_is_one_piece_of_news(name: str, fault: Fault) -> None:
    async with bench(clock=VirtualClock()) as table:
        await watching(table)
        server = getattr(table, name)
        server.faults.set(fault)
        count = 3 if fault is Fault.HUGE_FRAME else 20
        for step in range(count):
            table.market.trade(SOL, price=Decimal(160 + step), volume_usd=Decimal(10))
            table.ledger.sol_in(WALLET)
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.5)
        assert table.manager.status(name).malformed >= count
        assert bad_data_told(table, name) == 1
        server.faults.clear()
        table.market.trade(SOL, price=Decimal("180.25"), volume_usd=Decimal(10))
        signature = table.ledger.sol_in(WALLET)
        await table.first(PriceUpdate, price=Decimal("180.25"), source=Source.STREAM)
        await table.first(WalletTransaction, signature=signature, source=Source.STREAM)
        assert table.manager.status(name).reconnects == 0


@pytest.mark.parametrize(
    "fault",
    [
        Fault.STRING_NUMBERS,
        Fault.MILLISECONDS,
        Fault.EXTRA_FIELDS,
        Fault.EMPTY_SYMBOL,
        Fault.DUPLICATE,
        Fault.NULL_PRICE,
    ],
)
@on_virtual_time
async def test_unusual_but_honest_price_frames_are_understood(fault: Fault) -> None:
    async with bench(clock=VirtualClock()) as table:
        await watching(table)
        table.birdeye.faults.set(fault)
        table.market.trade(SOL, price=Decimal("160.75"), volume_usd=Decimal(10))
        await asyncio.sleep(1)
        prices = [event.price for event in table.all(PriceUpdate)]
        assert (Decimal("160.75") in prices) is (fault is not Fault.NULL_PRICE)
        assert None not in prices
        assert Decimal(0) not in prices
        assert bad_data_told(table, "birdeye") == 0


@on_virtual_time
async def test_numbers_keep_every_digit_however_they_are_written() -> None:
    async with bench(clock=VirtualClock()) as table:
        await watching(table)
        for step, (written, meant) in enumerate(
            [
                ("1.2583E-7", "0.00000012583"),
                ('"1.2583e-7"', "0.00000012583"),
                ("9007199254740993", "9007199254740993"),
                ('" 150.10 "', "150.10"),
                ("123456789012.123456789", "123456789012.123456789"),
            ]
        ):
            await table.birdeye.send_raw(CANDLE % (written, 1793311200 + step, SOL))
            event = await table.first(PriceUpdate, price=Decimal(meant))
            assert format(event.price, "f") == meant


@on_virtual_time
async def test_candles_out_of_order_do_not_bring_an_old_price_back() -> None:
    async with bench(clock=VirtualClock()) as table:
        await watching(table)
        await table.birdeye.send_raw(CANDLE % ("155", 1793311320, SOL))
        await table.birdeye.send_raw(CANDLE % ("144", 1793311260, SOL))
        await table.birdeye.send_raw(CANDLE % ("156", 1793311320, SOL))
        await table.first(PriceUpdate, price=Decimal(156))
        assert Decimal(144) not in {event.price for event in table.all(PriceUpdate)}


@pytest.mark.parametrize("name", ["birdeye", "helius"])
@on_virtual_time
async def test_a_frame_beyond_the_limit_closes_with_a_clear_sentence_and_comes_back(name: str) -> None:
    async with bench(clock=VirtualClock(), max_message_bytes=1 << 20) as table:
        await watching(table)
        await getattr(table, name).send_raw("x" * (1 << 21))
        lost = await table.first(StatusChange, provider=name, state=State.FAILED)
        assert "larger than stream.max_message_bytes" in lost.reason
        await table.until(lambda: table.manager.status(name).reconnects == 1)


@pytest.mark.parametrize("name", ["birdeye", "helius"])
@on_virtual_time
async def test_text_that_is_not_utf_8_ends_the_connection_and_not_the_engine(name: str) -> None:
    async with bench(clock=VirtualClock()) as table:
        await watching(table)
        for client in getattr(table, name).clients:
            client.connection.transport.write(b"\x81\x02\xff\xfe")  # a text frame of two bytes
        lost = await table.first(StatusChange, provider=name, state=State.FAILED)
        assert "1007 invalid data" in lost.reason
        await table.until(lambda: table.manager.status(name).reconnects == 1)


def price(number: int) -> PriceUpdate:
    return PriceUpdate(
        provider="birdeye",
        ts=float(number),
        demo=False,
        symbol=f"T{number % 50}",
        address=None,
        kind=PriceKind.DELTA,
        source=Source.STREAM,
        price=Decimal(number),
        change_24h=None,
        volume_24h=None,
        changed=("price",),
    )


def transaction(number: int) -> WalletTransaction:
    return WalletTransaction(
        provider="helius",
        ts=float(number),
        demo=False,
        wallet=WALLET,
        signature=f"signature {number}",
        slot=number,
        block_time=None,
        type=TransactionType.RECEIVED,
        summary="received",
        sol_change=Decimal(1),
        fee=Decimal(0),
        token_changes=(),
        counterparty=None,
        program=None,
        error=None,
        source=Source.STREAM,
    )


@pytest.mark.parametrize(
    "messages", [pytest.param(60_000, marks=pytest.mark.long), pytest.param(600_000, marks=pytest.mark.soak)]
)
async def test_a_consumer_that_stopped_reading_costs_no_memory_and_what_it_missed_is_exact(
    messages: int,
) -> None:
    """The larger one is ten minutes at 1,000 messages a second."""
    capacity = 1000
    hub = Hub(capacity)
    consumer = hub.subscribe()
    hub.drain("birdeye")
    hub.drain("helius")

    def flood(start: int, end: int) -> None:
        for number in range(start, end):
            hub.publish(transaction(number) if number % 2 else price(number))

    flood(0, 10_000)
    gc.collect()
    tracemalloc.start()
    flood(10_000, 20_000)
    gc.collect()
    early, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    flood(20_000, messages)
    gc.collect()
    tracemalloc.start()
    flood(messages, messages + 10_000)
    gc.collect()
    late, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert late < early * 1.1 + 50_000
    sent = (messages + 10_000) // 2
    hub.close()
    received = [event async for event in consumer]
    kept = [event for event in received if isinstance(event, WalletTransaction)]
    batch = [event for event in hub.drain("helius") if isinstance(event, WalletTransaction)]
    # both readers of the transactions missed some; prices were overtaken, and that loses nothing
    assert hub.dropped["helius"] == (sent - len(kept)) + (sent - len(batch))
    assert hub.dropped["birdeye"] == 0
    assert len(received) == capacity
    assert [event.slot for event in kept] == sorted(event.slot for event in kept)
    assert {event.symbol for event in received if isinstance(event, PriceUpdate)} == {
        f"T{number}" for number in range(0, 50, 2)
    }


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@on_virtual_time
async def test_a_flood_through_the_socket_stays_within_bounds() -> None:
    async with bench(clock=VirtualClock(), queue_capacity=200) as table:
        sleeper = table.manager.events()  # never read
        await watching(table)

        def resident() -> int:
            return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

        async def flood(number: int) -> None:
            for step in range(number):
                await table.birdeye.send_raw(CANDLE % (100 + step % 100, 1793311200, SOL))
                if step % 100 == 0:
                    table.seen.clear()
                    await asyncio.sleep(0.001)

        await flood(4000)
        before = resident()
        await flood(8000)
        await table.until(lambda: table.manager.status("birdeye").messages_received >= 12_000)
        assert resident() - before < 8_000_000
        assert table.manager.status("birdeye").state is State.CONNECTED
        del sleeper
