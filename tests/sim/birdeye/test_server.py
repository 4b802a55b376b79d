"""The emulated Birdeye, looked at as a client sees it: through real sockets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import msgpack
import pytest
import wire_fixtures
from emulated import still
from manual_clock import START, ManualClock
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from streamsim import Emulators, Fault, GenericFrames
from streamsim.world.candles import bucket_start
from streamsim.world.catalog import BONK, SOL

JUP = "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN"


@asynccontextmanager
async def stream(
    emulators: Emulators, key: str = "paid", *, welcomed: bool = True
) -> AsyncIterator[ClientConnection]:
    url = f"{emulators.birdeye.ws_url}?x-api-key={key}"
    async with connect(url, subprotocols=["echo-protocol"], max_size=None) as socket:  # type: ignore[list-item]
        if welcomed:
            assert await receive(socket) == {"type": "WELCOME"}
        yield socket


async def receive(socket: ClientConnection) -> Any:
    return json.loads(await socket.recv())


def clause(mint: str, chart: str = "1m") -> str:
    return f"(address = {mint} AND chartType = {chart} AND currency = usd)"


async def subscribe(
    emulators: Emulators, socket: ClientConnection, *mints: str, query: str | None = None
) -> None:
    """Subscribe prices and return when the server has understood."""
    seen = len(emulators.birdeye.frames_received)
    text = query or " OR ".join(map(clause, mints))
    await socket.send(
        json.dumps({"type": "SUBSCRIBE_PRICE", "data": {"queryType": "complex", "query": text}})
    )
    await emulators.birdeye.wait_for(lambda: len(emulators.birdeye.frames_received) > seen)


# The way in


async def test_a_client_is_welcomed_and_gets_the_subprotocol_it_offered() -> None:
    async with still() as emulators, stream(emulators) as socket:
        assert socket.subprotocol == "echo-protocol"
        assert emulators.birdeye.connections == 1
        assert emulators.birdeye.handshakes[0].path == "/socket/solana"
        assert emulators.birdeye.handshakes[0].headers["sec-websocket-protocol"] == "echo-protocol"


async def test_a_client_that_offers_no_subprotocol_is_welcome_too() -> None:
    async with still() as emulators, connect(f"{emulators.birdeye.ws_url}?x-api-key=k") as socket:
        assert await receive(socket) == {"type": "WELCOME"}


@pytest.mark.parametrize(
    ("key", "status", "fixture"),
    [("", 401, "401"), ("bad-key", 401, "401"), ("free-key", 403, "403")],
)
async def test_a_key_without_streaming_is_refused_at_the_upgrade(key: str, status: int, fixture: str) -> None:
    async with still() as emulators:
        with pytest.raises(InvalidStatus) as refused:
            async with stream(emulators, key):
                pass
        response = refused.value.response
        assert response.status_code == status
        assert json.loads(response.body or b"") == json.loads(wire_fixtures.birdeye(f"rest.error.{fixture}"))
        assert emulators.birdeye.connections == 0


async def test_a_bad_key_can_be_refused_on_the_open_socket_instead() -> None:
    async with still() as emulators:
        emulators.birdeye.bad_key_on_socket = True
        async with stream(emulators, "bad", welcomed=False) as socket:
            assert await receive(socket) == json.loads(wire_fixtures.birdeye("error.access.client_test"))
            with pytest.raises(ConnectionClosed):
                await socket.recv()


async def test_an_exhausted_key_learns_it_when_it_subscribes() -> None:
    async with still() as emulators, stream(emulators, "exhausted") as socket:
        await subscribe(emulators, socket, SOL)
        assert await receive(socket) == json.loads(wire_fixtures.birdeye("error.compute_units.client_test"))
        assert emulators.birdeye.price_subscriptions == frozenset()


async def test_closing_says_goodbye_with_1001() -> None:
    async with still() as emulators:
        socket = await connect(f"{emulators.birdeye.ws_url}?x-api-key=k")
        await socket.recv()
    with pytest.raises(ConnectionClosed) as closed:
        await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001


# Prices


async def test_a_trade_reaches_the_subscriber_as_the_open_candle() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await subscribe(emulators, socket, SOL)
        opening = emulators.market.truth(SOL)
        assert opening is not None
        emulators.market.trade(SOL, price=Decimal("171.5"), volume_usd=Decimal(343))
        emulators.market.trade(SOL, price=Decimal("170.5"), volume_usd=Decimal(341))
        await socket.recv()
        frame = await receive(socket)
        expected = json.loads(wire_fixtures.birdeye("price_data.token_1m"))
        assert frame.keys() == expected.keys()
        assert frame["data"].keys() == expected["data"].keys()
        assert frame["data"] == {
            "o": float(opening.price),
            "h": 171.5,
            "l": 170.5,
            "c": 170.5,
            "eventType": "ohlcv",
            "type": "1m",
            "unixTime": START,
            "v": 4.0,
            "symbol": "SOL",
            "address": SOL,
        }


async def test_nothing_is_said_when_nothing_moved_nor_as_a_first_snapshot() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await subscribe(emulators, socket, SOL)
        truth = emulators.market.truth(SOL)
        assert truth is not None
        emulators.market.trade(SOL, price=truth.price)
        emulators.market.trade(BONK, price=Decimal("0.00002"))
        emulators.market.trade(SOL, price=Decimal(180))
        assert (await receive(socket))["data"]["c"] == 180


async def test_a_new_subscription_of_a_type_replaces_the_old_one() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await subscribe(emulators, socket, SOL, JUP)
        await subscribe(emulators, socket, JUP)
        assert emulators.birdeye.price_subscriptions == {JUP}
        emulators.market.trade(SOL, price=Decimal(180))
        emulators.market.trade(JUP, price=Decimal("0.7"))
        assert (await receive(socket))["data"]["address"] == JUP
        await socket.send('{"type":"UNSUBSCRIBE_PRICE"}')
        await emulators.birdeye.wait_for(lambda: not emulators.birdeye.price_subscriptions)


async def test_each_clause_of_a_token_has_its_own_candle() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await subscribe(emulators, socket, query=f"{clause(SOL, '1m')} OR\n   {clause(SOL, '1D')}")
        emulators.market.trade(SOL, price=Decimal(180))
        frames = [(await receive(socket))["data"] for _ in range(2)]
        assert {frame["type"]: frame["unixTime"] for frame in frames} == {
            "1m": START,
            "1D": bucket_start("1D", START),
        }


async def test_the_documented_examples_of_requests_are_understood() -> None:
    async with still() as emulators, stream(emulators) as socket:
        for name in ("simple_token", "simple_pair", "complex"):
            await socket.send(wire_fixtures.birdeye(f"subscribe_price.{name}"))
        await emulators.birdeye.wait_for(lambda: len(emulators.birdeye.price_subscriptions) == 2)
        emulators.market.trade("7qbRF6YsyGuLUVs6Y1q64bdVrfe4ZcUUz1JRdoVNUJnm")
        assert (await receive(socket))["data"]["symbol"].endswith("-USDC")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "address = nobody",
        f"({SOL})",
        clause("0OIl"),
        clause(SOL, "7m"),
        clause(SOL) + " AND " + clause(JUP),
        " OR ".join([clause(SOL)] * 101),
    ],
)
async def test_a_query_that_makes_no_sense_or_is_too_long_is_an_error(query: str) -> None:
    async with still() as emulators, stream(emulators) as socket:
        await subscribe(emulators, socket, query=query or " ")
        assert await receive(socket) == json.loads(wire_fixtures.birdeye("error.query.client_test"))


async def test_a_query_may_be_spaced_as_one_likes() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await subscribe(
            emulators, socket, query=f"(address={SOL} AND chartType=1m AND queryType=simple AND currency=usd)"
        )
        assert emulators.birdeye.price_subscriptions == {SOL}


async def test_tiny_prices_come_in_exponent_form_and_exact() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await subscribe(emulators, socket, BONK)
        emulators.market.trade(BONK, price=Decimal("0.00000012583"))
        text = str(await socket.recv())
        assert '"c":1.2583e-7' in text
        frame = json.loads(text, parse_float=Decimal)
        truth = emulators.market.truth(BONK)
        assert truth is not None
        assert frame["data"]["c"] == truth.price


# Statistics


async def test_statistics_come_at_once_and_then_only_for_what_trades() -> None:
    async with still() as emulators, stream(emulators) as socket:
        clock = emulators.clock
        assert isinstance(clock, ManualClock)
        await socket.send(wire_fixtures.birdeye("subscribe_token_stats.multi"))
        first = [json.loads(str(await socket.recv()), parse_float=Decimal)["data"] for _ in range(3)]
        for data in first:
            truth = emulators.market.truth(data["address"])
            assert truth is not None
            assert data["price"] == truth.price
            assert data["price_change_24h_percent"] == truth.change_24h
            assert data["volume_24h_usd"] == truth.volume_24h
        await clock.advance(6)
        for price in ("0.75", "0.76"):
            emulators.market.trade(JUP, price=Decimal(price), volume_usd=Decimal(1000))
        data = (await receive(socket))["data"]
        assert (data["address"], data["price"]) == (JUP, 0.75)
        await clock.advance(6)
        data = (await receive(socket))["data"]
        truth = emulators.market.truth(JUP)
        assert truth is not None
        assert (data["address"], data["price"]) == (JUP, 0.76)
        assert data["volume_24h_usd"] == pytest.approx(float(truth.volume_24h), rel=1e-3)


async def test_only_the_selected_groups_are_there() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await socket.send(wire_fixtures.birdeye("subscribe_token_stats"))
        full = await receive(socket)
        expected = json.loads(wire_fixtures.birdeye("token_stats_data"))
        assert expected["data"].keys() <= full["data"].keys()
        select = {"price": True, "trade_data": {"price_change": True, "volume": False, "intervals": ["24h"]}}
        await socket.send(
            json.dumps({"type": "SUBSCRIBE_TOKEN_STATS", "data": {"address": SOL, "select": select}})
        )
        assert (await receive(socket))["data"].keys() == {"address", "price", "price_change_24h_percent"}


async def test_an_unknown_selector_is_named_in_the_error() -> None:
    async with still() as emulators, stream(emulators) as socket:
        select = {"price": True, "holder_data": True}
        await socket.send(
            json.dumps({"type": "SUBSCRIBE_TOKEN_STATS", "data": {"address": SOL, "select": select}})
        )
        assert (await receive(socket))["data"] == "invalid select: holder_data"


async def test_some_addresses_can_be_taken_out_of_the_statistics() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await socket.send(wire_fixtures.birdeye("subscribe_token_stats.multi"))
        await socket.send(wire_fixtures.birdeye("unsubscribe_token_stats"))
        await emulators.birdeye.wait_for(lambda: len(emulators.birdeye.stats_subscriptions) == 2)
        assert JUP not in emulators.birdeye.stats_subscriptions


# Generic frames


@pytest.mark.parametrize("form", [GenericFrames.JSON, GenericFrames.MSGPACK])
async def test_the_market_can_be_told_in_generic_frames(form: GenericFrames) -> None:
    async with still() as emulators, stream(emulators) as socket:
        emulators.birdeye.generic = form
        await subscribe(emulators, socket, SOL)
        emulators.market.trade(SOL, price=Decimal(180), volume_usd=Decimal(0))
        raw = [await socket.recv() for _ in range(2)]
        frames = [json.loads(frame) if isinstance(frame, str) else msgpack.unpackb(frame) for frame in raw]
        assert all(isinstance(frame, bytes) == (form is GenericFrames.MSGPACK) for frame in raw)
        assert frames[0]["type"] == "snapshot"
        assert frames[0]["data"].keys() == {"symbol", "price", "change_24h", "volume_24h"}
        assert frames[1]["type"] == "delta"
        assert frames[1]["data"]["price"] == 180
        assert "volume_24h" not in frames[1]["data"]


async def test_any_frame_can_be_sent_as_it_is() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await emulators.birdeye.send_raw("not json")
        await emulators.birdeye.send_raw(b"\x00\x01")
        assert [await socket.recv(), await socket.recv()] == ["not json", b"\x00\x01"]


# Faults of price frames


async def test_price_frames_can_be_made_odd_in_every_known_way() -> None:
    async with still() as emulators, stream(emulators) as socket:
        await subscribe(emulators, socket, SOL)
        faults = emulators.birdeye.faults
        for fault in (
            Fault.STRING_NUMBERS,
            Fault.NULL_PRICE,
            Fault.MILLISECONDS,
            Fault.EXTRA_FIELDS,
            Fault.EMPTY_SYMBOL,
        ):
            faults.set(fault, times=1)
            emulators.market.trade(SOL)
        frames = [(await receive(socket))["data"] for _ in range(5)]
        assert isinstance(frames[0]["c"], str)
        assert frames[1]["c"] is None
        assert frames[2]["unixTime"] == START * 1000
        assert frames[3]["network"] == "solana"
        assert frames[4]["symbol"] == ""
