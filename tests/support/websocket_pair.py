"""A WebSocket between a server of a test and this program's client, by whichever library is to be tried."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from streamcore.clock import Clock, SystemClock
from streamcore.config.surroundings import NOWHERE, Surroundings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.dial import Dialler
from streamcore.net.endpoint import Endpoint
from streamcore.net.open_socket import OpenSocket
from streamcore.net.picows_socket import open_picows
from streamcore.net.transport import Socket
from streamcore.net.websocket import open_websocket

LIBRARIES: dict[str, Callable[..., Awaitable[OpenSocket]]] = {
    "websockets": open_websocket,
    "picows": open_picows,
}
_chosen = "websockets"

KEY = "top-secret-key-1"

Serving = Callable[[ServerConnection], Awaitable[None]]


@contextmanager
def carried_by(library: str) -> Iterator[str]:
    """Let `dialled` use one of `LIBRARIES`."""
    global _chosen  # one test runs at a time
    before, _chosen = _chosen, library
    try:
        yield library
    finally:
        _chosen = before


class Refusals:
    """Explains every refused upgrade, and remembers what was to be explained."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, Any, bytes]] = []
        """Status, headers and body of each."""

    def __call__(self, status: int, headers: Any, body: bytes) -> ProviderError:
        self.seen.append((status, headers, body))
        return ProviderError(ErrorKind.SERVER, f"acme answered {status}")


def acme(url: str, **endpoint: Any) -> Endpoint:
    """Return the endpoint of a provider with a key."""
    return Endpoint(url=f"{url}?api-key={KEY}", shown_url=url, secrets=(KEY,), **endpoint)


async def dialled(
    endpoint: Endpoint,
    *,
    refusals: Refusals | None = None,
    within: float = 60.0,
    max_message_bytes: int = 1 << 20,
    clock: Clock | None = None,
    surroundings: Surroundings = NOWHERE,
    dialler: Dialler | None = None,
) -> Socket:
    """Open a WebSocket, over connections of ``dialler`` if that is given."""
    clock = clock or SystemClock()
    return await LIBRARIES[_chosen](
        endpoint,
        name="acme",
        refusal=refusals or Refusals(),
        within=within,
        max_message_bytes=max_message_bytes,
        clock=clock,
        dialler=dialler or Dialler(clock, surroundings),
    )


@asynccontextmanager
async def connection(serving: Serving, **options: Any) -> AsyncIterator[Socket]:
    """Yield a WebSocket to a server; ``options``: those of `dialled`."""
    async with serve(serving, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()[:2]
        open_socket = await dialled(acme(f"ws://{host}:{port}/"), **options)
        try:
            yield open_socket
        finally:
            await open_socket.close()


async def failed(awaitable: Awaitable[Any]) -> ProviderError:
    """Return the error that this ends in; it holds no key."""
    with pytest.raises(ProviderError) as caught:
        await awaitable
    assert KEY not in str(caught.value)
    return caught.value
