"""What every emulated provider with a stream can do and suffer: on the way in, and on the open socket."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest
from emulated import still, subscriber
from manual_clock import ManualClock
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from streamsim import Emulators, Fault
from streamsim.world.catalog import SOL


def move(emulators: Emulators, *prices: int) -> None:
    for price in prices:
        emulators.market.trade(SOL, price=Decimal(price))


async def prices(connection: ClientConnection, count: int) -> list[Any]:
    return [json.loads(await connection.recv())["data"]["c"] for _ in range(count)]


# The way to the socket


async def test_an_upgrade_can_be_refused_for_a_while() -> None:
    async with still() as emulators:
        emulators.helius.faults.set(Fault.REFUSE_UPGRADE, status=429, retry_after=30, times=2)
        for _ in range(2):
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{emulators.helius.ws_url}?api-key=k")
            response = refused.value.response
            assert (response.status_code, response.headers["Retry-After"]) == (429, "30")
        async with connect(f"{emulators.helius.ws_url}?api-key=k"):
            assert len(emulators.helius.handshakes) == 3


async def test_a_socket_can_be_closed_as_soon_as_it_is_open() -> None:
    async with still() as emulators:
        emulators.birdeye.faults.set(Fault.ACCEPT_AND_CLOSE, code=1013, reason="try later")
        async with connect(f"{emulators.birdeye.ws_url}?x-api-key=k") as connection:
            with pytest.raises(ConnectionClosed) as closed:
                await connection.recv()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1013, "try later")


async def test_the_welcome_can_be_withheld_and_the_upgrade_slow() -> None:
    async with still() as emulators:
        emulators.birdeye.faults.set(Fault.WITHHOLD_WELCOME)
        emulators.birdeye.faults.set(Fault.SLOW_UPGRADE, seconds=4, times=1)
        opening = asyncio.ensure_future(connect(f"{emulators.birdeye.ws_url}?x-api-key=k").__aenter__())
        await emulators.birdeye.wait_for(lambda: emulators.birdeye.handshakes)
        clock = emulators.clock
        assert isinstance(clock, ManualClock)
        await clock.advance(4)
        connection = await opening
        await emulators.birdeye.send_error("first words")
        assert json.loads(await connection.recv()) == {
            "type": "ERROR",
            "data": "first words",
            "statusCode": 400,
        }
        await connection.close()


# On the open socket


async def test_connections_can_break_without_a_word() -> None:
    async with still() as emulators, subscriber(emulators) as connection:
        emulators.birdeye.drop()
        with pytest.raises(ConnectionClosed) as closed:
            await connection.recv()
        assert closed.value.rcvd is None
        await emulators.birdeye.wait_for(lambda: emulators.birdeye.connections == 0)


@pytest.mark.parametrize("code", [1000, 1008, 1011, 1012, 1013, 4001])
async def test_connections_can_be_closed_with_any_code(code: int) -> None:
    async with still() as emulators, subscriber(emulators) as connection:
        closing = asyncio.ensure_future(emulators.birdeye.close_clients(code, "because"))
        with pytest.raises(ConnectionClosed) as closed:
            await connection.recv()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (code, "because")
        await closing


async def test_a_stalled_stream_answers_pings_and_says_nothing() -> None:
    async with still() as emulators, subscriber(emulators) as connection:
        emulators.birdeye.faults.set(Fault.STALL)
        move(emulators, 180)
        await (await connection.ping())
        emulators.birdeye.faults.clear(Fault.STALL)
        move(emulators, 181)
        assert await prices(connection, 1) == [181]


async def test_a_frozen_server_does_not_even_answer_pings() -> None:
    async with still() as emulators, subscriber(emulators) as connection:
        emulators.birdeye.freeze()
        pong = await connection.ping()
        move(emulators, 180)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await asyncio.shield(pong)
        emulators.birdeye.thaw()
        await pong
        move(emulators, 181)
        assert await prices(connection, 1) == [181]


async def test_frames_can_come_twice_and_out_of_order() -> None:
    async with still() as emulators, subscriber(emulators) as connection:
        emulators.birdeye.faults.set(Fault.DUPLICATE, times=1)
        move(emulators, 180, 181)
        assert await prices(connection, 3) == [180, 180, 181]
        emulators.birdeye.faults.set(Fault.OUT_OF_ORDER)
        move(emulators, 182, 183, 184, 185)
        assert await prices(connection, 4) == [183, 182, 185, 184]
        move(emulators, 186)
        emulators.birdeye.faults.clear()
        move(emulators, 187, 188)
        assert await prices(connection, 3) == [187, 186, 188]


async def test_frames_can_be_damaged_and_preceded_by_strangers() -> None:
    async with still() as emulators, subscriber(emulators) as connection:
        faults = emulators.birdeye.faults
        damage = (Fault.MALFORMED_JSON, Fault.BINARY_GARBAGE, Fault.UNKNOWN_TYPE, Fault.HUGE_FRAME)
        for price, fault in enumerate(damage, 180):
            faults.set(fault, times=1)
            move(emulators, price)
        with pytest.raises(json.JSONDecodeError):
            json.loads(await connection.recv())
        assert isinstance(await connection.recv(), bytes)
        assert json.loads(await connection.recv())["type"] == "SOMETHING_NEW_DATA"
        assert await prices(connection, 1) == [182]
        assert len(await connection.recv()) > 5_000_000
        assert await prices(connection, 1) == [183]


async def test_a_subscription_can_be_answered_with_an_error_frame() -> None:
    async with still() as emulators, connect(f"{emulators.birdeye.ws_url}?x-api-key=k") as connection:
        await connection.recv()
        emulators.birdeye.faults.set(Fault.REJECT_SUBSCRIBE, message="Server is busy", times=1)
        await connection.send(json.dumps({"type": "SUBSCRIBE_PRICE", "data": {}}))
        assert json.loads(await connection.recv())["data"] == "Server is busy"


async def test_birdeye_pings_and_drops_who_never_answers() -> None:
    async with still() as emulators:
        clock = emulators.clock
        assert isinstance(clock, ManualClock)
        reader, writer = await asyncio.open_connection("127.0.0.1", emulators.birdeye.ws_port)
        writer.write(
            b"GET /socket/solana?x-api-key=k HTTP/1.1\r\nHost: x\r\n"
            b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        await emulators.birdeye.wait_for(lambda: emulators.birdeye.connections == 1)
        for _ in range(4):
            await clock.advance(30)
        said = await reader.read()
        assert b"\x89\x04" in said, "a ping"
        assert b"\x03\xf3no sign of life" in said
        writer.close()
        await writer.wait_closed()


async def test_two_clients_get_the_same_and_are_told_apart() -> None:
    async with still() as emulators, subscriber(emulators) as one, subscriber(emulators) as two:
        await emulators.birdeye.wait_for(lambda: len(emulators.birdeye.frames_received) == 2)
        move(emulators, 180)
        assert await prices(one, 1) == await prices(two, 1) == [180]
        first, second = emulators.birdeye.clients
        assert (first.number, second.number, first.key) == (1, 2, "k")
        assert list(first.frames_received) == list(second.frames_received)
