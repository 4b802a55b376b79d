from __future__ import annotations

import pytest
from raw_server import answering, raw_server
from websockets.asyncio.server import ServerConnection, serve

from streamcore.clock import SystemClock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.endpoint import Endpoint
from streamcore.net.network import Network
from streamcore.net.transport import Transport

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody"


def refused(status: int, headers: object, body: bytes) -> ProviderError:
    return ProviderError(ErrorKind.SERVER, f"answered {status}")


async def echo(server: ServerConnection) -> None:
    async for message in server:
        await server.send(message)


async def test_one_object_opens_sockets_and_makes_requests() -> None:
    async with Network(SystemClock(), timeout=60.0) as network:
        transport: Transport = network
        async with serve(echo, "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()[:2]
            endpoint = Endpoint(f"ws://{host}:{port}/", f"ws://{host}:{port}/")
            socket = await transport.connect(
                endpoint, name="acme", refusal=refused, within=5.0, max_message_bytes=1024
            )
            await socket.send("hello")
            assert await socket.receive() == "hello"
            await socket.close()
        async with raw_server(answering(OK)) as address:
            assert (await transport.request("GET", f"http://{address}/")).body == b"body"


async def test_a_socket_outlives_the_network_it_was_opened_on() -> None:
    async with serve(echo, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()[:2]
        endpoint = Endpoint(f"ws://{host}:{port}/", f"ws://{host}:{port}/")
        async with Network(SystemClock(), timeout=60.0) as network:
            socket = await network.connect(
                endpoint, name="acme", refusal=refused, within=5.0, max_message_bytes=1024
            )
        await socket.send("still here")
        assert await socket.receive() == "still here"
        await socket.close()


async def test_a_refused_upgrade_is_explained_by_whoever_is_called() -> None:
    refusal = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
    async with raw_server(answering(refusal)) as address, Network(SystemClock(), timeout=60.0) as network:
        endpoint = Endpoint(f"ws://{address}/", f"ws://{address}/")
        with pytest.raises(ProviderError, match="answered 503"):
            await network.connect(endpoint, name="acme", refusal=refused, within=5.0, max_message_bytes=1024)
