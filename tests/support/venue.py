"""A venue that tests reach by a stream and by a request, in whatever environment."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from streamcore.clock import Clock, SystemClock
from streamcore.config.model import StreamTransport
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


class EitherNetwork(Network):
    """A network whose streams go by the library that was set last."""

    library = StreamTransport.WEBSOCKETS

    def library_for(self, endpoint: Endpoint) -> StreamTransport:
        """Return the one that was set."""
        return self.library


async def by_stream(
    library: StreamTransport, network: EitherNetwork, place: str, *, encrypted: bool = True
) -> str:
    """Return what a stream of the venue greets with."""
    network.library = library
    endpoint = Endpoint(url=f"{'wss' if encrypted else 'ws'}://{place}/", shown_url="")
    socket = await network.connect(
        endpoint, name="venue", refusal=refused, within=10.0, max_message_bytes=1000
    )
    try:
        return str(await socket.receive())
    finally:
        await socket.close()


async def by_request(network: Network, place: str, *, encrypted: bool = True) -> str:
    """Return what the venue answers to a request."""
    return (await network.request("GET", f"{'https' if encrypted else 'http'}://{place}/")).body.decode()


Way = Callable[..., Awaitable[str]]
WAYS: Mapping[str, Way] = {
    "stream by websockets": partial(by_stream, StreamTransport.WEBSOCKETS),
    "stream by picows": partial(by_stream, StreamTransport.PICOWS),
    "request": by_request,
}
EXPECTED = {way: "answer" if way == "request" else "hello" for way in WAYS}


@asynccontextmanager
async def network(environ: Mapping[str, str], clock: Clock | None = None) -> AsyncIterator[EitherNetwork]:
    """Yield the network as it is in an environment; a real loop's errors in callbacks fail the test."""
    complaints: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: complaints.append(str(context)))
    surroundings = read_surroundings(environ)
    async with EitherNetwork(clock or SystemClock(), timeout=10.0, surroundings=surroundings) as made:
        yield made
    assert complaints == []
