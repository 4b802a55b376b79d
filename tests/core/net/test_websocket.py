from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from broken_network import run_broken
from manual_clock import ManualClock
from raw_server import answering, raw_server, silent
from virtual_time import VirtualClock
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedOK
from websockets.frames import Close, Frame, Opcode

from streamcore.clock import Clock, SystemClock
from streamcore.config.surroundings import NOWHERE
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.dial import Dialler
from streamcore.net.endpoint import Endpoint
from streamcore.net.websocket import WebSocket, open_websocket

KEY = "top-secret-key-1"

Serving = Callable[[ServerConnection], Awaitable[None]]


class Refusals:
    """Explains every refused upgrade, and remembers what was to be explained."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, Any, bytes]] = []

    def __call__(self, status: int, headers: Any, body: bytes) -> ProviderError:
        self.seen.append((status, headers, body))
        return ProviderError(ErrorKind.SERVER, f"acme answered {status}")


def acme(url: str, **endpoint: Any) -> Endpoint:
    return Endpoint(url=f"{url}?api-key={KEY}", shown_url=url, secrets=(KEY,), **endpoint)


async def dialled(
    endpoint: Endpoint,
    *,
    refusals: Refusals | None = None,
    within: float = 60.0,
    max_message_bytes: int = 1 << 20,
    clock: Clock | None = None,
) -> WebSocket:
    clock = clock or SystemClock()
    return await open_websocket(
        endpoint,
        name="acme",
        refusal=refusals or Refusals(),
        within=within,
        max_message_bytes=max_message_bytes,
        clock=clock,
        dialler=Dialler(clock, NOWHERE),
    )


@asynccontextmanager
async def connection(serving: Serving, **options: Any) -> AsyncIterator[WebSocket]:
    async with serve(serving, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()[:2]
        open_socket = await dialled(acme(f"ws://{host}:{port}/"), **options)
        try:
            yield open_socket
        finally:
            await open_socket.close()


async def failed(awaitable: Awaitable[Any]) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await awaitable
    assert KEY not in str(caught.value)
    return caught.value


# The socket


async def test_text_and_binary_go_both_ways() -> None:
    async def echo(server: ServerConnection) -> None:
        async for message in server:
            await server.send(message)

    async with connection(echo) as client:
        await client.send("naïve")
        await client.send(b"\x00\xff")
        assert [await client.receive(), await client.receive()] == ["naïve", b"\x00\xff"]


async def test_the_handshake_carries_what_the_provider_asks_for() -> None:
    seen: list[Any] = []

    async def look(server: ServerConnection) -> None:
        seen.append(server.request)

    async with serve(look, "127.0.0.1", 0, subprotocols=["echo-protocol"]) as server:  # type: ignore[list-item]
        port = server.sockets[0].getsockname()[1]
        endpoint = acme(
            f"ws://127.0.0.1:{port}/path",
            origin="ws://acme.example",
            subprotocols=("echo-protocol",),
            headers={"X-Extra": "1"},
        )
        client = await dialled(endpoint)
        await client.close()
    (request,) = seen
    assert request.path == f"/path?api-key={KEY}"
    wanted = {"Origin": "ws://acme.example", "Sec-WebSocket-Protocol": "echo-protocol", "X-Extra": "1"}
    assert {name: request.headers[name] for name in wanted} == wanted
    assert request.headers["User-Agent"] == "streamtui"


@pytest.mark.parametrize(
    ("code", "reason", "text"),
    [
        (1000, "", "1000 normal closure"),
        (1001, "bye", "1001 going away (bye)"),
        (1008, "slow consumer", "1008 policy violation (slow consumer)"),
        (1011, "", "1011 internal error"),
        (1012, "", "1012 service restart"),
        (1013, "", "1013 try again later"),
        (4001, "odd", "4001 (odd)"),
        (1008, f"key {KEY} is bad", "1008 policy violation (key *** is bad)"),
        (1008, "a\x1b[2Jb", "1008 policy violation (a␛[2Jb)"),
    ],
)
async def test_a_close_frame_is_told_with_its_code_meaning_and_reason(
    code: int, reason: str, text: str
) -> None:
    async with connection(lambda server: server.close(code, reason)) as client:
        error = await failed(client.receive())
    assert (error.kind, error.retryable) == (ErrorKind.SERVER, True)
    assert error.message.startswith("closed by 127.0.0.1:")
    assert error.message.endswith(f": {text}")


async def test_a_connection_that_breaks_off_has_no_close_frame() -> None:
    async def drop(server: ServerConnection) -> None:
        server.transport.abort()

    async with connection(drop) as client:
        error = await failed(client.receive())
    assert (error.kind, error.message) == (ErrorKind.NETWORK, "connection lost: no close frame")


async def test_what_came_before_the_end_is_still_delivered() -> None:
    async def speak(server: ServerConnection) -> None:
        await server.send("last words")

    async with connection(speak) as client:
        assert await client.receive() == "last words"
        await failed(client.receive())


def together(*messages: bytes | str | list[str]) -> tuple[Serving, asyncio.Event]:
    """Return what sends all messages once it is asked to, and then says that it did."""
    sent = asyncio.Event()

    async def speak(server: ServerConnection) -> None:
        await server.recv()
        for message in messages:
            if message == NO_TEXT:
                server.transport.write(Frame(Opcode.TEXT, b"\xff").serialize(mask=False))
            else:
                await server.send(message)
        sent.set()
        await server.wait_closed()

    return speak, sent


NO_TEXT = b"no text"
"""Stands for a text message that is not UTF-8."""


async def gathered(client: WebSocket, clock: ManualClock, sent: asyncio.Event) -> None:
    """Leave messages to gather until all have been sent."""
    gathering = asyncio.create_task(client.gather(1.0))
    await clock.settle()
    await client.send("speak")
    await sent.wait()
    await clock.settle()
    assert client.arrived() == []
    await clock.advance(1.0)
    await gathering


async def test_messages_that_were_left_to_gather_are_handed_over_together() -> None:
    speak, sent = together("one", b"\x02", f"three {KEY}")
    clock = ManualClock()
    async with connection(speak, clock=clock) as client:
        await gathered(client, clock, sent)
        blanked = f"three {'*' * len(KEY)}"
        assert [await client.receive(), *client.arrived()] == ["one", b"\x02", blanked]


async def test_a_message_in_parts_is_handed_over_whole_and_in_its_place() -> None:
    speak, sent = together("one", ["t", "w", "o"], "three")
    clock = ManualClock()
    async with connection(speak, clock=clock) as client:
        await gathered(client, clock, sent)
        assert [await client.receive(), *client.arrived()] == ["one"]
        assert [await client.receive(), *client.arrived()] == ["two", "three"]


async def test_what_came_before_a_message_that_is_no_text_is_handed_over() -> None:
    speak, sent = together("one", "two", NO_TEXT)
    clock = ManualClock()
    async with connection(speak, clock=clock) as client:
        await gathered(client, clock, sent)
        assert [await client.receive(), *client.arrived()] == ["one", "two"]
        assert client.arrived() == []
        assert "1007" in (await failed(client.receive())).message


async def test_more_messages_than_the_buffer_wants_are_taken_and_more_can_come() -> None:
    many = [str(number) for number in range(100)]
    speak, sent = together(*many)
    clock = ManualClock()
    async with connection(speak, clock=clock) as client:
        await gathered(client, clock, sent)
        taken = [await client.receive(), *client.arrived()]
        while len(taken) < len(many):
            taken += [await client.receive(), *client.arrived()]
        assert taken == many


async def test_a_ping_ends_the_gathering_so_that_its_round_trip_is_true() -> None:
    clock = ManualClock()
    async with connection(lambda server: server.wait_closed(), clock=clock) as client:
        gathering = asyncio.create_task(client.gather(1.0))
        await clock.settle()
        waiter = await client.ping()
        assert not await client.gather(1.0)  # not while its pong is on its way
        await client.pong(waiter, 5.0)
        assert not gathering.done()
        await clock.advance(1.0)
        await gathering


async def test_a_message_that_is_too_large_names_the_setting() -> None:
    async def shout(server: ServerConnection) -> None:
        await server.send("x" * 2000)
        await server.wait_closed()

    async with connection(shout, max_message_bytes=1024) as client:
        error = await failed(client.receive())
    assert error.kind is ErrorKind.PROTOCOL
    assert "stream.max_message_bytes" in error.message


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (Frame(Opcode.TEXT, b"\xff\xfe"), "closed by this side: 1007 invalid data"),
        (Frame(Opcode.CONT, b"x"), "closed by this side: 1002 protocol error"),
    ],
)
async def test_a_peer_that_breaks_the_protocol_is_hung_up_on(frame: Frame, text: str) -> None:
    async def misbehave(server: ServerConnection) -> None:
        server.transport.write(frame.serialize(mask=False))
        await server.wait_closed()

    async with connection(misbehave) as client:
        error = await failed(client.receive())
    assert error.kind is ErrorKind.PROTOCOL
    assert error.message.startswith(text)


async def test_after_the_end_sending_and_pinging_fail_the_same_way() -> None:
    async with connection(lambda server: server.close(1012)) as client:
        errors = [await failed(client.receive()), await failed(client.send("x")), await failed(client.ping())]
    assert {error.kind for error in errors} == {ErrorKind.SERVER}


async def test_a_ping_is_answered() -> None:
    async def stay(server: ServerConnection) -> None:
        await server.wait_closed()

    async with connection(stay) as client:
        await client.pong(await client.ping(), 5.0)


async def test_a_pong_that_does_not_come_is_told_as_that() -> None:
    async def stay(server: ServerConnection) -> None:
        await server.wait_closed()

    clock = ManualClock()
    async with connection(stay, clock=clock) as client:
        never: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        waiting = asyncio.ensure_future(failed(client.pong(never, 10.0)))
        await clock.advance(9.9)
        assert not waiting.done()
        await clock.advance(0.1)
        error = await waiting
    assert error.kind is ErrorKind.NETWORK
    assert error.message.startswith("127.0.0.1:")
    assert error.message.endswith(" did not answer a ping for 10 s")


async def test_the_end_of_the_connection_ends_the_wait_for_a_pong() -> None:
    async with connection(lambda server: server.close(1001)) as client:
        never: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        never.set_exception(ConnectionClosedOK(Close(1001, ""), Close(1001, ""), rcvd_then_sent=True))
        error = await failed(client.pong(never, 10.0))
    assert "1001 going away" in error.message


async def test_closing_twice_and_after_a_loss_is_no_error() -> None:
    async def drop(server: ServerConnection) -> None:
        server.transport.abort()

    async with connection(drop) as client:
        await failed(client.receive())
        await client.close()
        await client.close()


# Dialling


async def test_a_port_nobody_listens_on_refuses() -> None:
    async with raw_server(silent) as address:
        pass
    error = await failed(dialled(acme(f"ws://{address}/")))
    assert error.message == f"{address} refused the connection"


async def test_tls_with_a_server_that_has_none_fails_as_such() -> None:
    async with raw_server(lambda reader, writer: _write(writer, b"220 hello\r\n")) as address:
        error = await failed(dialled(acme(f"wss://{address}/")))
    assert error.kind is ErrorKind.NETWORK
    assert error.message.startswith(f"TLS with {address} failed")


async def _write(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(data)
    await writer.drain()


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH_9.6\r\n\r\n", b"", b"HTTP/1.1 abc\r\n\r\n", b"\x00" * 50])
async def test_a_server_that_does_not_speak_websocket_is_told_as_that(said: bytes) -> None:
    async with raw_server(answering(said)) as address:
        error = await failed(dialled(acme(f"ws://{address}/")))
    assert (error.kind, error.retryable) == (ErrorKind.PROTOCOL, True)
    assert error.message.startswith(f"{address} did not speak WebSocket: ")


async def test_a_handshake_that_does_not_fit_is_told_as_that() -> None:
    upgrade = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    async with raw_server(answering(upgrade + b"Sec-WebSocket-Accept: wrong\r\n\r\n")) as address:
        error = await failed(dialled(acme(f"ws://{address}/")))
    assert error.kind is ErrorKind.PROTOCOL


@pytest.mark.parametrize("url", ["ws://a..b/", "ws:///", f"ws://{'x' * 70}.invalid/", "http://acme.invalid/"])
async def test_a_url_that_cannot_be_dialled_is_an_error_of_ours(url: str) -> None:
    await failed(dialled(acme(url)))


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500, 503])
async def test_an_answer_other_than_an_upgrade_is_the_providers_to_explain(status: int) -> None:
    response = f"HTTP/1.1 {status} Some Phrase\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbody".encode()
    async with raw_server(answering(response)) as address:
        refusals = Refusals()
        error = await failed(dialled(acme(f"ws://{address}/"), refusals=refusals))
    assert error.message == f"acme answered {status}"
    ((told, headers, body),) = refusals.seen
    assert (told, headers["retry-after"], body) == (status, "7", b"body")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed_for_it_would_carry_the_key_along(status: int) -> None:
    visits: list[bytes] = []

    async def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append(await reader.read(1))

    async with raw_server(visited) as other:
        response = (
            f"HTTP/1.1 {status} Moved\r\nLocation: ws://{other}/?api-key={KEY}\r\nContent-Length: 0\r\n\r\n"
        )
        async with raw_server(answering(response.encode())) as address:
            refusals = Refusals()
            await failed(dialled(acme(f"ws://{address}/"), refusals=refusals))
    assert [refusal[0] for refusal in refusals.seen] == [status]
    assert visits == []


async def test_a_server_that_never_answers_is_given_up_by_the_injected_clock() -> None:
    clock = ManualClock()
    accepted = asyncio.Event()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        accepted.set()
        await reader.read()

    async with raw_server(accept) as address:
        attempt = asyncio.ensure_future(failed(dialled(acme(f"ws://{address}/"), within=10.0, clock=clock)))
        await accepted.wait()
        await clock.advance(9.9)
        assert not attempt.done()
        await clock.advance(0.1)
        error = await attempt
    assert (error.kind, error.message) == (ErrorKind.NETWORK, f"{address} did not answer within 10 s")


async def test_no_log_record_holds_the_key_at_any_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def speak(server: ServerConnection) -> None:
        await server.send(f"your key is {KEY}")

    async with connection(speak) as client:
        await client.receive()
    streams = [record for record in caplog.records if record.name == "streamcore.websocket.acme"]
    assert any("api-key=***" in record.getMessage() for record in streams)
    assert all(KEY not in record.getMessage() for record in streams)


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        (socket.gaierror(-2, "Name or service not known"), "name lookup of acme.invalid:1 failed"),
        (ConnectionRefusedError(111, "no"), "acme.invalid:1 refused the connection"),
        (OSError(101, "Network is unreachable"), "acme.invalid:1 cannot be reached: Network is unreachable"),
    ],
)
def test_what_the_system_says_is_told(broken: OSError, text: str) -> None:
    async def dial() -> ProviderError:
        return await failed(dialled(acme("ws://acme.invalid:1/"), clock=VirtualClock()))

    assert run_broken(broken, dial()).message == text


@pytest.mark.parametrize("variable", ["http_proxy", "https_proxy", "all_proxy", "ws_proxy"])
async def test_a_proxy_is_not_asked_for_a_server_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    async with connection(lambda server: server.send("direct")) as client:
        assert await client.receive() == "direct"


@pytest.mark.parametrize("status", [200, 401, 403, 404])
async def test_a_web_page_in_the_place_of_an_upgrade_is_no_refusal_by_the_host(status: int) -> None:
    """Row 6 of issue 11: a key was called wrong, or raw HTML shown, where a network wants a sign-in."""
    page = b"<html><title>Sign in</title></html>"
    said = b"HTTP/1.1 %d X\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (
        status,
        len(page),
        page,
    )
    refusals = Refusals()
    async with raw_server(answering(said)) as address:
        error = await failed(dialled(acme(f"ws://{address}/"), refusals=refusals))
    assert error.message.startswith(f"{address} answers with a web page")
    assert "sign-in" in error.message
    assert (error.retryable, error.parks, refusals.seen) == (True, False, [])
