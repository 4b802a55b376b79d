"""Proxies on loopback that pass every connection on to one server, whatever host was asked for."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from raw_server import raw_server

Ask = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]


@dataclass
class Seen:
    """What a proxy was asked."""

    address: str = ""
    """Its own, ``host:port``."""
    targets: list[str] = field(default_factory=list)
    credentials: list[str | None] = field(default_factory=list)


@asynccontextmanager
async def http_proxy(to: str, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Seen]:
    """Serve CONNECT; ``tls``: over TLS. ``to`` is the ``host:port`` that every connection is passed on to."""
    seen = Seen()

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        seen.targets.append(head[0].removeprefix("CONNECT ").removesuffix(" HTTP/1.1"))
        credentials = [line.rpartition(" ")[2] for line in head if line.startswith("Proxy-Authorization:")]
        seen.credentials.append(b64decode(credentials[0]).decode() if credentials else None)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return True

    async with _serving(ask, to, seen, tls):
        yield seen


@asynccontextmanager
async def socks_proxy(to: str, *, wants_password: bool = False, reply: int = 0) -> AsyncIterator[Seen]:
    """Serve SOCKS 5 (RFC 1928); ``reply`` is what it answers to a request, 0 is success."""
    seen = Seen()

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        method = 2 if wants_password else 0
        writer.write(bytes([5, method if method in methods else 0xFF]))
        if method not in methods:
            return False
        credentials = None
        if wants_password:
            _, size = await reader.readexactly(2)
            name = await reader.readexactly(size)
            password = await reader.readexactly((await reader.readexactly(1))[0])
            credentials = f"{name.decode()}:{password.decode()}"
            writer.write(b"\x01\x00")
        seen.credentials.append(credentials)
        kind = (await reader.readexactly(4))[3]
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = ".".join(map(str, await reader.readexactly(4)))
        port = int.from_bytes(await reader.readexactly(2), "big")
        seen.targets.append(f"{host}:{port}")
        writer.write(bytes([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]))
        return reply == 0

    async with _serving(ask, to, seen):
        yield seen


class StallingProxy:
    """Passes everything on, until a test has it keep what a server sends."""

    def __init__(self, host: str, port: int) -> None:
        self._to = host, port
        self._flows = asyncio.Event()
        self._flows.set()
        self.address = ""

    def stall(self) -> None:
        self._flows.clear()

    def go_on(self) -> None:
        self._flows.set()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[StallingProxy]:
        async with raw_server(self._serve) as self.address:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        on_reader, on_writer = await asyncio.open_connection(*self._to)
        try:
            await asyncio.gather(
                _pass_on(reader, on_writer), _pass_on(on_reader, writer, flows=self._flows.wait)
            )
        finally:
            on_writer.transport.abort()


@asynccontextmanager
async def _serving(ask: Ask, to: str, seen: Seen, tls: ssl.SSLContext | None = None) -> AsyncIterator[None]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not await ask(reader, writer):
            return
        host, _, port = to.rpartition(":")
        on_reader, on_writer = await asyncio.open_connection(host, int(port))
        try:
            await asyncio.gather(_pass_on(reader, on_writer), _pass_on(on_reader, writer))
        finally:
            on_writer.transport.abort()

    async with raw_server(serve, tls=tls) as seen.address:
        yield


async def _pass_on(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    *,
    flows: Callable[[], Awaitable[object]] | None = None,
) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            if flows is not None:
                await flows()
            writer.write(data)
            await writer.drain()
    writer.close()
