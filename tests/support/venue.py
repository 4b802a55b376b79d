"""A venue that tests reach by a stream and by a request, in whatever environment."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from streamcore.clock import Clock, SystemClock
from streamcore.config.surroundings import read_surroundings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.endpoint import Endpoint
from streamcore.net.network import Network


@asynccontextmanager
async def venue(tls: ssl.SSLContext | None) -> AsyncIterator[str]:
    """Serve a stream that greets and requests that are answered; yields ``host:port``."""

    async def greet(connection: ServerConnection) -> None:
        await connection.send("hello")
        await connection.wait_closed()

    def answer(connection: ServerConnection, request: Request) -> Response | None:
        return None if "Upgrade" in request.headers else connection.respond(HTTPStatus.OK, "answer")

    async with serve(greet, "127.0.0.1", 0, ssl=tls, process_request=answer) as server:
        host, port = server.sockets[0].getsockname()[:2]
        yield f"{host}:{port}"


def refused(status: int, headers: object, body: bytes) -> ProviderError:
    """Return what a refused upgrade means here."""
    return ProviderError(ErrorKind.AUTH, f"the venue refused with {status}")


async def by_stream(network: Network, place: str, scheme: str = "wss") -> str:
    """Return what a stream of the venue greets with."""
    endpoint = Endpoint(url=f"{scheme}://{place}/", shown_url="")
    socket = await network.connect(
        endpoint, name="venue", refusal=refused, within=10.0, max_message_bytes=1000
    )
    try:
        return str(await socket.receive())
    finally:
        await socket.close()


async def by_request(network: Network, place: str, scheme: str = "https") -> str:
    """Return what the venue answers to a request."""
    return (await network.request("GET", f"{scheme}://{place}/")).body.decode()


Way = Callable[..., Awaitable[str]]
WAYS: Mapping[str, Way] = {"stream": by_stream, "request": by_request}
EXPECTED = {"stream": "hello", "request": "answer"}


@asynccontextmanager
async def network(environ: Mapping[str, str], clock: Clock | None = None) -> AsyncIterator[Network]:
    """Yield the network as it is in an environment; a real loop's errors in callbacks fail the test."""
    complaints: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(str(context)))
    surroundings = read_surroundings(environ)
    async with Network(clock or SystemClock(), timeout=10.0, surroundings=surroundings) as made:
        yield made
    assert complaints == []
