"""What every emulated provider can do and suffer: ports, closing, HTTP, faults on the wire."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from typing import Any

import httpx
import pytest
from manual_clock import ManualClock
from virtual_time import VirtualClock, on_virtual_time
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from streamsim import Emulators, Fault, Faults
from streamsim.world.catalog import SOL

WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
QUERY = f"(address = {SOL} AND chartType = 1m AND currency = usd)"


@asynccontextmanager
async def still() -> AsyncIterator[Emulators]:
    async with Emulators(clock=ManualClock(), market_rate=0, wallet_rate=0) as emulators:
        yield emulators


@asynccontextmanager
async def subscriber(emulators: Emulators) -> AsyncIterator[ClientConnection]:
    """Yield a connection that has been welcomed and gets the price of SOL."""
    async with connect(f"{emulators.birdeye.ws_url}?x-api-key=k", max_size=None) as connection:
        await connection.recv()
        data = {"queryType": "complex", "query": QUERY}
        await connection.send(json.dumps({"type": "SUBSCRIBE_PRICE", "data": data}))
        await emulators.birdeye.wait_for(lambda: emulators.birdeye.price_subscriptions)
        yield connection


def move(emulators: Emulators, *prices: int) -> None:
    for price in prices:
        emulators.market.trade(SOL, price=Decimal(price))


async def prices(connection: ClientConnection, count: int) -> list[Any]:
    return [json.loads(await connection.recv())["data"]["c"] for _ in range(count)]


# Ports and closing


async def test_the_servers_listen_on_loopback_only_and_on_the_ports_asked_for() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1] & ~1  # its neighbour above has as good a chance to be free
    try:
        async with Emulators(birdeye_port=port, market_rate=0, wallet_rate=0) as emulators:
            assert emulators.birdeye.ws_url == f"ws://127.0.0.1:{port}/socket/solana"
            assert emulators.birdeye.rest_url == f"http://127.0.0.1:{port + 1}"
    except OSError:
        pytest.skip("somebody took the port in between")


async def test_a_port_in_use_is_named_in_one_sentence_and_nothing_stays_open() -> None:
    async with still() as emulators:
        taken = emulators.helius.ws_port
        second = Emulators(helius_port=taken)
        with pytest.raises(
            OSError, match=rf"the emulated Helius cannot listen on 127\.0\.0\.1, port {taken}: "
        ) as refused:
            async with second:
                pass
        assert refused.value.errno
        with pytest.raises(ConnectionRefusedError):
            await connect(f"{second.birdeye.ws_url}?x-api-key=k")


@on_virtual_time
async def test_closing_is_quick_whatever_the_clients_are_doing() -> None:
    clock = VirtualClock()
    emulators = Emulators(clock=clock)
    async with emulators, httpx.AsyncClient() as client:
        half_open = await asyncio.open_connection("127.0.0.1", emulators.birdeye.ws_port)
        silent = await asyncio.open_connection("127.0.0.1", emulators.birdeye.http_port)
        await client.get(
            f"{emulators.birdeye.rest_url}/defi/price", params={"address": SOL}, headers={"X-API-KEY": "k"}
        )
        emulators.birdeye.faults.set(Fault.HTTP_SLOW, seconds=60)
        slow = asyncio.ensure_future(client.get(f"{emulators.birdeye.rest_url}/defi/price"))
        connection = await connect(f"{emulators.helius.ws_url}?api-key=k")
        frozen = await connect(f"{emulators.birdeye.ws_url}?x-api-key=k")
        emulators.birdeye.freeze()
        await emulators.birdeye.wait_for(lambda: len(emulators.birdeye.requests) == 2)
        began = clock.monotonic()
        await emulators.__aexit__(None, None, None)
        assert clock.monotonic() - began < 0.8
        for peer in (connection, frozen):
            await peer.wait_closed()
            assert peer.close_code == 1001
        await asyncio.gather(slow, return_exceptions=True)
        for _, writer in (half_open, silent):
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def test_waiting_for_what_never_happens_ends() -> None:
    async with still() as emulators:
        with pytest.raises(TimeoutError):
            await emulators.birdeye.wait_for(lambda: False, timeout=0.01)


# HTTP


async def test_connections_are_kept_alive_and_nonsense_is_refused() -> None:
    async with still() as emulators:
        reader, writer = await asyncio.open_connection("127.0.0.1", emulators.birdeye.http_port)
        for _ in range(2):
            writer.write(b"GET /nowhere HTTP/1.1\r\nHost: x\r\nX-API-KEY: k\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 404 Not Found")
            await reader.readuntil(b"}")
        writer.write(b"what is this\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()
        await writer.wait_closed()


async def test_http_can_fail_in_every_way_there_is() -> None:
    async with still() as emulators, httpx.AsyncClient(base_url=emulators.birdeye.rest_url) as client:
        faults = emulators.birdeye.faults
        faults.set(Fault.HTTP_STATUS, status=503, retry_after=7, times=1)
        answer = await client.get("/defi/price")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
        faults.set(Fault.HTTP_STATUS, status=555, body="oops", times=1)
        answer = await client.get("/defi/price")
        assert (answer.status_code, answer.text) == (555, "oops")
        faults.set(Fault.HTTP_GARBAGE, times=1)
        assert "<h1>" in (await client.get("/defi/price")).text
        faults.set(Fault.HTTP_DROP, times=1)
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/defi/price")
        assert (await client.get("/defi/price")).status_code == 401, "and then it is itself again"
        clock = emulators.clock
        assert isinstance(clock, ManualClock)
        faults.set(Fault.HTTP_SLOW, seconds=9, times=1)
        slow = asyncio.ensure_future(client.get("/defi/price"))
        await emulators.birdeye.wait_for(lambda: len(emulators.birdeye.requests) == 6)
        assert not slow.done()
        await clock.advance(9)
        assert (await slow).status_code == 401
        assert {request.path for request in emulators.birdeye.requests} == {"/defi/price"}


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


# Switches


def test_a_fault_bites_as_often_as_it_was_told() -> None:
    faults = Faults()
    faults.set(Fault.HTTP_STATUS, status=500, times=2)
    assert Fault.HTTP_STATUS in faults
    bites = [faults.take(Fault.HTTP_STATUS) for _ in range(3)]
    assert [terms and terms.status for terms in bites] == [500, 500, None]
    faults.set(Fault.STALL)
    assert all(faults.take(Fault.STALL) for _ in range(10))
    assert faults.touches_data
    faults.clear()
    assert faults.take(Fault.STALL) is None
    with pytest.raises(TypeError):
        faults.set(Fault.STALL, colour="red")


@on_virtual_time
async def test_the_demo_is_alive_without_anybody_driving_it() -> None:
    clock = VirtualClock()
    async with Emulators(clock=clock) as emulators, subscriber(emulators) as connection:
        began = clock.monotonic()
        await connection.recv()
        assert clock.monotonic() - began < 1.0
