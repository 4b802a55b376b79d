"""The proxy that spoils the way, as a client and a server on both its sides see it."""

from __future__ import annotations

import asyncio
import functools
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from virtual_time import PromptLoop, VirtualClock, on_virtual_time

from streamsim import Fault, Proxy


class Bench:
    """An echo server behind a proxy; the server notes in what pieces it was spoken to."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.pieces: list[bytes] = []
        self.ends: list[str] = []
        self.open = 0
        self.writers: list[asyncio.StreamWriter] = []

    async def echo(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            while data := await reader.read(65536):
                self.pieces.append(data)
                writer.write(data)
                await writer.drain()
            self.ends.append("closed")
        except ConnectionError:
            self.ends.append("reset")
        finally:
            self.open -= 1
            writer.close()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.proxy.port)
        self.writers.append(writer)
        return reader, writer

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
                await asyncio.sleep(0.001)


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    table = Bench()
    server = await asyncio.start_server(table.echo, "127.0.0.1", 0)
    async with server, Proxy(server.sockets[0].getsockname()[1], table.clock) as table.proxy:
        yield table
    for writer in table.writers:
        writer.close()
    await table.until(lambda: not table.open)


@on_virtual_time
async def test_without_a_fault_everything_passes_both_ways() -> None:
    async with bench() as table:
        reader, writer = await table.connect()
        sent = bytes(range(256)) * 4000
        writer.write(sent)
        assert await reader.readexactly(len(sent)) == sent
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
        await table.until(lambda: table.ends == ["closed"])
        await table.until(lambda: table.proxy.connections == 0)


@on_virtual_time
async def test_a_reset_breaks_what_is_open_and_what_comes_after() -> None:
    async with bench() as table:
        reader, writer = await table.connect()
        writer.write(b"a")
        assert await reader.readexactly(1) == b"a"
        table.proxy.faults.set(Fault.RESET)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        await table.until(lambda: table.ends == ["reset"])
        again, _ = await table.connect()
        with pytest.raises(ConnectionResetError):
            await again.read()
        table.proxy.faults.clear()
        reader, writer = await table.connect()
        writer.write(b"b")
        assert await reader.readexactly(1) == b"b"


@on_virtual_time
async def test_half_open_swallows_everything_and_what_was_swallowed_stays_dead() -> None:
    async with bench() as table:
        reader, writer = await table.connect()
        writer.write(b"a")
        assert await reader.readexactly(1) == b"a"
        table.proxy.faults.set(Fault.HALF_OPEN)
        writer.write(b"b")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 3600)
        table.proxy.faults.clear()
        writer.write(b"c")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 3600)
        assert table.pieces == [b"a"]
        writer.close()
        await asyncio.sleep(1)
        assert table.open == 1  # the server has not been told that its client is gone
        reader, writer = await table.connect()
        writer.write(b"d")
        assert await reader.readexactly(1) == b"d"


@on_virtual_time
async def test_a_refused_connect_is_refused_by_the_system_and_the_port_stays_the_same() -> None:
    async with bench() as table:
        reader, writer = await table.connect()
        port = table.proxy.port
        table.proxy.faults.set(Fault.REFUSE_CONNECT)
        await asyncio.sleep(0.01)
        with pytest.raises(ConnectionRefusedError):
            await table.connect()
        writer.write(b"still open")
        assert await reader.readexactly(10) == b"still open"
        table.proxy.faults.clear()
        await asyncio.sleep(0.01)
        assert table.proxy.port == port
        await table.connect()


@on_virtual_time
async def test_while_connections_are_refused_nobody_else_gets_the_port() -> None:
    async with bench() as table:
        table.proxy.faults.set(Fault.REFUSE_CONNECT)
        await asyncio.sleep(0.01)
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", table.proxy.port))


@on_virtual_time
async def test_refusing_can_be_switched_back_and_forth_without_a_pause() -> None:
    async with bench() as table:
        for _ in range(5):
            table.proxy.faults.set(Fault.REFUSE_CONNECT)
            table.proxy.faults.clear()
        await asyncio.sleep(0.01)
        await table.connect()


@on_virtual_time
async def test_a_slow_link_takes_its_time_by_the_injected_clock() -> None:
    async with bench() as table:
        reader, writer = await table.connect()
        table.proxy.faults.set(Fault.SLOW_LINK, rate=1000.0, seconds=2.0)
        began = table.clock.monotonic()
        writer.write(b"x" * 500)
        assert await reader.readexactly(500) == b"x" * 500
        assert table.clock.monotonic() - began == pytest.approx(2 * (2.0 + 0.5))


@functools.partial(on_virtual_time, loop=PromptLoop)
async def test_split_segments_arrive_one_by_one() -> None:
    async with bench() as table:
        reader, writer = await table.connect()
        table.proxy.faults.set(Fault.SPLIT, size=3)
        writer.write(b"0123456789")
        assert await reader.readexactly(10) == b"0123456789"
        assert table.pieces == [b"012", b"345", b"678", b"9"]


@on_virtual_time
async def test_merged_segments_arrive_as_one() -> None:
    async with bench() as table:
        _, writer = await table.connect()
        table.proxy.faults.set(Fault.MERGE, seconds=1.0)
        for piece in (b"one ", b"two ", b"three"):
            writer.write(piece)
            await asyncio.sleep(0.1)
        await table.until(lambda: table.pieces)
        assert table.pieces == [b"one two three"]


@on_virtual_time
async def test_a_connection_is_cut_after_so_many_bytes() -> None:
    async with bench() as table:
        reader, writer = await table.connect()
        table.proxy.faults.set(Fault.CUT, size=10)
        table.proxy.faults.set(Fault.SPLIT, size=4)
        writer.write(b"0123456789ABCDEF")
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(16)
        await table.until(lambda: table.ends == ["reset"])


@on_virtual_time
async def test_a_server_that_is_not_there_is_a_reset() -> None:
    async with Proxy(1, VirtualClock()) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()


@on_virtual_time
async def test_a_url_leads_through_the_proxy_and_keeps_all_else() -> None:
    async with Proxy(1, VirtualClock()) as proxy:
        assert proxy.url("ws://127.0.0.1:1/socket/solana?a=b") == (
            f"ws://127.0.0.1:{proxy.port}/socket/solana?a=b"
        )


@on_virtual_time
async def test_a_port_that_is_taken_cannot_be_used() -> None:
    async with Proxy(1, VirtualClock()) as proxy:
        with pytest.raises(OSError, match="in use"):
            Proxy(1, VirtualClock()).start(proxy.port)
