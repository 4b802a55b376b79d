"""Virtual time waits for what the kernel still has to deliver, however slow that is."""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import in_flight
import pytest
from in_flight import InFlight
from virtual_time import on_virtual_time

pytestmark = pytest.mark.skipif(not in_flight.is_told(), reason="this kernel does not tell what is in flight")

SO_MAX_PACING_RATE = 47
"""``linux/socket.h``: bytes a second that the kernel sends at most; Python has no name for it."""

SLOWLY = 20_000_000
"""Bytes a second, from the tenth segment on."""

DATA = b"x" * 4_000_000

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def both_ends() -> AsyncIterator[tuple[Ends, Ends]]:
    """Yield both ends of a connection; what the first one sends goes slowly."""
    accepted: asyncio.Future[Ends] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(lambda *end: accepted.set_result(end), "127.0.0.1", 0)
    async with server:
        far = await asyncio.open_connection(*server.sockets[0].getsockname())
        near = await accepted
        near[1].get_extra_info("socket").setsockopt(socket.SOL_SOCKET, SO_MAX_PACING_RATE, SLOWLY)
        try:
            yield near, far
        finally:
            for _, writer in (near, far):
                if not writer.is_closing():
                    writer.transport.abort()


@on_virtual_time
async def test_no_timeout_passes_while_data_is_on_its_way() -> None:
    async with both_ends() as ((_, near), (far, _)), asyncio.timeout(1.0):
        near.write(DATA)
        assert await far.readexactly(len(DATA)) == DATA


@on_virtual_time
async def test_no_timeout_passes_while_the_end_of_a_connection_is_on_its_way() -> None:
    async with both_ends() as ((_, near), (far, _)), asyncio.timeout(1.0):
        near.write(DATA)
        near.close()
        assert await far.read() == DATA


@on_virtual_time
async def test_a_reader_that_goes_on_after_a_pause_gets_what_was_left_lying() -> None:
    async with both_ends() as ((_, near), (far, far_writer)):
        transport = far_writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        near.write(DATA)
        await asyncio.sleep(3600.0)
        transport.resume_reading()
        async with asyncio.timeout(1.0):
            assert await far.readexactly(len(DATA)) == DATA


@on_virtual_time
async def test_time_goes_on_while_a_reader_has_paused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_flight, "LONGEST", math.inf)
    async with both_ends() as ((_, near), (_, far_writer)):
        transport = far_writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        near.write(DATA)
        await asyncio.sleep(3600.0)  # for ever, if it waited for the paused one


async def test_a_descriptor_that_was_closed_and_used_again_is_another_socket() -> None:
    watched = InFlight()
    one = socket.socket()
    number = one.fileno()
    watched.watch(number)
    one.close()
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as other,
    ):
        watched.watch(server.fileno())
        watched.watch(other.fileno())
        assert number in {server.fileno(), other.fileno()}
        assert not watched.anything({})
        watched.close()
        assert server.fileno() > 0
        other.sendall(b"still open")
