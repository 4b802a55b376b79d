from __future__ import annotations

import asyncio
from typing import Any

import pytest
from manual_clock import ManualClock
from websocket_pair import KEY, Serving, acme, connection, dialled, failed
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedOK
from websockets.frames import Close, Frame, Opcode

from streamcore.events import ErrorKind
from streamcore.net.transport import Socket

pytestmark = pytest.mark.usefixtures("library")


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


async def gathered(client: Socket, clock: ManualClock, sent: asyncio.Event) -> None:
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
        taken: list[str | bytes] = []
        while len(taken) < 3:
            taken += [await client.receive(), *client.arrived()]
        assert taken == ["one", "two", "three"]


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
