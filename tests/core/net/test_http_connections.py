from __future__ import annotations

import asyncio

import httpcore
import pytest
from raw_server import raw_server

from streamcore.clock import SystemClock
from streamcore.config.surroundings import NOWHERE
from streamcore.net.dial import Dialler
from streamcore.net.http_connections import DialledBackend


async def opened(address: str) -> httpcore.AsyncNetworkStream:
    host, _, port = address.rpartition(":")
    return await DialledBackend(Dialler(SystemClock(), NOWHERE)).connect_tcp(host, int(port))


async def used_up(stream: httpcore.AsyncNetworkStream) -> None:
    """Write until that fails."""
    while True:
        await stream.write(b"x" * 100_000)


async def test_an_idle_connection_is_readable_once_the_host_has_hung_up() -> None:
    """So it is not used for the next request, which would be lost."""
    hang_up = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(4))
        await hang_up.wait()

    async with raw_server(answer) as address:
        stream = await opened(address)
        await stream.write(b"ping")
        assert await stream.read(100) == b"ping"
        assert not stream.get_extra_info("is_readable")
        hang_up.set()
        while not stream.get_extra_info("is_readable"):  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0)
        assert await stream.read(100) == b""
        await stream.aclose()


async def test_what_breaks_is_told_as_the_pool_expects_it() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(1)
        writer.transport.abort()  # with bytes unread, which makes it a reset

    async with raw_server(reset) as address:
        stream = await opened(address)
        await stream.write(b"x" * 1000)
        with pytest.raises(httpcore.NetworkError):
            await used_up(stream)
        await stream.aclose()


async def test_both_ends_of_a_connection_are_known() -> None:
    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw_server(wait) as address:
        stream = await opened(address)
        host, port = stream.get_extra_info("server_addr")
        assert f"{host}:{port}" == address
        assert stream.get_extra_info("client_addr")[0] == "127.0.0.1"
        assert stream.get_extra_info("ssl_object") is None
        await stream.aclose()
