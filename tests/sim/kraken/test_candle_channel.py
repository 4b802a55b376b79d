"""The candles that the emulated Kraken sends by itself."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
import wire_fixtures
from emulated import still
from websockets.asyncio.client import ClientConnection, connect
from wire_fixtures import shape

from streamsim import Emulators
from streamsim.world.candles import bucket_start
from streamsim.world.catalog import SOL


def recorded(name: str) -> Any:
    return json.loads(wire_fixtures.history("kraken", name), parse_float=Decimal)


@asynccontextmanager
async def stream() -> AsyncIterator[tuple[Emulators, ClientConnection]]:
    async with still() as emulators:
        clock: Any = emulators.clock
        assert emulators.market.token(SOL) is not None
        await clock.advance(130)
        async with connect(emulators.kraken.ws_url) as socket:
            await socket.recv()
            yield emulators, socket


async def receive(socket: ClientConnection) -> Any:
    return json.loads(await socket.recv(), parse_float=Decimal)


async def say(socket: ClientConnection, method: str, pair: str, **params: Any) -> Any:
    asked = {"channel": "ohlc", "symbol": [pair], **params}
    await socket.send(json.dumps({"method": method, "params": asked}))
    return await receive(socket)


async def test_the_documented_request_is_granted_with_a_warning_as_captured() -> None:
    async with stream() as (_, socket):
        await socket.send(wire_fixtures.history("kraken", "c2s_subscribe_ohlc_documented"))
        answer = await receive(socket)
        assert answer.pop("req_id") == 7
        assert shape(answer) == shape(recorded("s2c_ohlc_ack_captured"))
        assert answer["result"]["warnings"] == recorded("s2c_ohlc_ack_captured")["result"]["warnings"]
        await receive(socket)
        await socket.send(wire_fixtures.history("kraken", "c2s_unsubscribe_ohlc_documented"))
        assert (await receive(socket))["success"] is True


async def test_a_snapshot_is_short_oldest_first_and_has_no_row_for_a_minute_without_trades() -> None:
    captured = recorded("s2c_ohlc_snapshot_gaps_captured")
    async with stream() as (emulators, socket):
        await say(socket, "subscribe", "SOL/USD", interval=1)
        snapshot = await receive(socket)
        now = emulators.clock.time()
    assert snapshot.keys() == captured.keys()
    assert shape(snapshot["timestamp"]) == shape(captured["timestamp"])
    assert {json.dumps(shape(row), default=str) for row in snapshot["data"]} == {
        json.dumps(shape(row), default=str) for row in captured["data"]
    }
    begins = [row["interval_begin"] for row in snapshot["data"]]
    assert begins == sorted(begins)
    # twelve minutes with the running one, and nobody has traded since the market opened two minutes ago
    assert len(begins) == 12 - 3
    assert len(begins[0]) == len(captured["data"][0]["interval_begin"])
    assert snapshot["type"] == "snapshot"
    assert bucket_start(60, now) == now - 10


async def test_each_trade_updates_the_running_candle() -> None:
    async with stream() as (emulators, socket):
        await say(socket, "subscribe", "SOL/USD", interval=5, snapshot=False)
        emulators.market.trade(SOL, price=Decimal(170), volume_usd=Decimal(340))
        emulators.market.trade(SOL, price=Decimal(169), volume_usd=Decimal(169))
        await receive(socket)
        update = await receive(socket)
        assert shape(update) == shape(recorded("s2c_ohlc_update_captured"))
        (row,) = update["data"]
        token = emulators.market.token(SOL)
        assert token is not None
        (candle,) = token.candles(300, bucket_start(300, emulators.clock.time()))
        assert (row["low"], row["close"], row["trades"]) == (169, 169, candle.trades)
        assert (row["open"], row["high"], row["volume"], row["interval"]) == (
            candle.open,
            candle.high,
            candle.volume,
            5,
        )


async def test_what_cannot_be_granted_is_refused_as_captured() -> None:
    async with stream() as (_, socket):
        refused = await say(socket, "subscribe", "XBT/USDT", interval=1)
        assert shape(refused) == shape(recorded("s2c_ohlc_nack_captured"))
        assert refused["error"] == recorded("s2c_ohlc_nack_captured")["error"]
        for interval in (10, 720, "1"):
            assert (await say(socket, "subscribe", "SOL/USD", interval=interval))["success"] is False


@pytest.mark.parametrize(("interval", "granted"), [(60, True), (1, False)])
async def test_the_end_of_a_subscription_needs_its_interval(interval: int, granted: bool) -> None:
    async with stream() as (emulators, socket):
        await say(socket, "subscribe", "SOL/USD", interval=60, snapshot=False)
        assert (await say(socket, "subscribe", "SOL/USD", interval=60))["error"] == "Already subscribed"
        assert (await say(socket, "unsubscribe", "SOL/USD", interval=interval))["success"] is granted
        (client,) = emulators.kraken.clients
        assert bool(client.candles) != granted
