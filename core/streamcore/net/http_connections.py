"""The connections of HTTP requests: pooled by the library httpcore, opened by `streamcore.net.dial`."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

from streamcore.net.dial import Dialler, hand_over

MOST_CONNECTIONS = 100
MOST_IDLE = 20
IDLE_FOR = 5.0
"""Seconds after which an idle connection is closed."""


class Connections:
    """The connections of one client, kept open for the next request to the same host."""

    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler
        self._pools: dict[bytes, httpcore.AsyncConnectionPool] = {}

    def to(self, url: httpcore.URL) -> httpcore.AsyncConnectionPool:
        """Return what sends a request to a URL.

        Its requests raise, beside what httpcore says they do:

        Raises:
            ProviderError: A proxy was not reached or has refused.
            OSError: The host was not reached.
        """
        # one for each scheme: without TLS, as to the emulators, the certificates are never read
        pool = self._pools.get(url.scheme)
        if pool is None:
            pool = self._pools[url.scheme] = httpcore.AsyncConnectionPool(
                ssl_context=self._dialler.context if url.scheme == b"https" else None,
                max_connections=MOST_CONNECTIONS,
                max_keepalive_connections=MOST_IDLE,
                keepalive_expiry=IDLE_FOR,
                network_backend=DialledBackend(self._dialler),
            )
        return pool

    async def close(self) -> None:
        """Close all connections."""
        while self._pools:
            _, pool = self._pools.popitem()
            await pool.aclose()


class DialledBackend(httpcore.AsyncNetworkBackend):
    """Opens httpcore's connections by a `Dialler`.

    Time is counted by whoever makes the request, so every ``timeout`` here is ``None``.
    """

    def __init__(self, dialler: Dialler) -> None:
        self._dialler = dialler

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection to a host.

        Raises:
            ProviderError: A proxy was not reached or has refused.
            OSError: The host was not reached.
        """
        return _Stream(self._dialler, host, port, await self._dialler.dial(host, port))


class _Stream(httpcore.AsyncNetworkStream):
    """One connection. It can be encrypted until the first `read` or `write`."""

    def __init__(self, dialler: Dialler, host: str, port: int, transport: asyncio.Transport) -> None:
        self._dialler = dialler
        self._host = host
        self._port = port
        self._transport = transport
        self._opened: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def _in_use(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._opened is None:
            loop = asyncio.get_running_loop()
            reader = asyncio.StreamReader(loop=loop)
            protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
            hand_over(self._transport, protocol)
            self._opened = reader, asyncio.StreamWriter(self._transport, protocol, reader, loop)
        return self._opened

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        try:
            reader, _ = self._in_use()
            return await reader.read(max_bytes)
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        try:
            _, writer = self._in_use()
            writer.write(buffer)
            await writer.drain()
        except OSError as error:  # httpcore still reads what the host may have said before it hung up
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        self._transport.close()
        await asyncio.sleep(0)
        self._transport.abort()  # a peer that does not read would keep it open

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        encrypted = await self._dialler.encrypt(self._transport, self._host, self._port)
        return _Stream(self._dialler, self._host, self._port, encrypted)

    def get_extra_info(self, info: str) -> Any:
        match info:
            case "is_readable":  # an idle connection on which something comes is at its end
                reader, _ = self._in_use()
                return reader.at_eof() or self._transport.is_closing()
            case "client_addr":
                return self._transport.get_extra_info("sockname")
            case "server_addr":
                return self._transport.get_extra_info("peername")
            case _:
                return self._transport.get_extra_info(info)
