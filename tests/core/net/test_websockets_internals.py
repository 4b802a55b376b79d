"""What is used of websockets although nothing promises it: what to look at after an update."""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
import tomllib
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import websockets
from raw_server import answering, raw_server
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode

from streamcore.clock import SystemClock
from streamcore.config.surroundings import NOWHERE
from streamcore.net import websockets_internals as internals
from streamcore.net.dial import Dialler

ROOT = Path(__file__).parents[3]
ENGINE = ROOT / "core" / "streamcore"
UNDOCUMENTED = (
    "recv_messages",
    "maybe_resume",
    "process_redirect",
    "open_tcp_connection",
    ".transport.pause",
    ".transport.resume",
)


@asynccontextmanager
async def connected(*messages: str | bytes | list[str]) -> AsyncIterator[ClientConnection]:
    """Return a connection on which these messages have come in, but were not taken."""
    sent = asyncio.Event()

    async def speak(server: ServerConnection) -> None:
        for message in messages:
            await server.send(message)
        sent.set()
        await server.wait_closed()

    async with serve(speak, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}/", ping_interval=None) as connection:
            await sent.wait()
            # its pong comes after what was sent, unless that fills the buffer
            pong = await connection.ping()
            while not pong.done() and not connection.recv_messages.paused:  # noqa: ASYNC110 - no event of its own
                await asyncio.sleep(0)
            yield connection


async def test_recv_messages_holds_the_frames_that_came_in_oldest_first_in_a_deque() -> None:
    async with connected("one", b"two") as connection:
        waiting = connection.recv_messages.frames.queue
        assert isinstance(waiting, deque)
        assert [(bytes(frame.data), frame.fin) for frame in waiting] == [(b"one", True), (b"two", True)]
        assert [frame.opcode is Opcode.TEXT for frame in waiting] == [True, False]
        assert internals.take_messages(connection) == ["one", b"two"]
        assert internals.take_messages(connection) == []


async def test_a_message_that_was_taken_is_not_received_again() -> None:
    async with connected("one", ["t", "wo"], "three") as connection:
        assert internals.take_messages(connection) == ["one"]
        assert await connection.recv() == "two"
        assert internals.take_messages(connection) == ["three"]


async def test_maybe_resume_lets_the_socket_be_read_on() -> None:
    async with connected(*map(str, range(17))) as connection:  # the buffer is full above sixteen
        assert connection.recv_messages.paused
        internals.take_messages(connection)
        assert not connection.recv_messages.paused


async def test_reading_can_be_paused_and_resumed_twice_without_an_error() -> None:
    async with connected() as connection:
        for change in (internals.pause_reading, internals.resume_reading):
            change(connection)
            change(connection)
        assert connection.transport.is_reading()


async def test_process_redirect_is_what_decides_about_a_redirect() -> None:
    assert list(inspect.signature(connect.process_redirect).parameters) == ["self", "exc"]
    redirect = b"HTTP/1.1 302 Found\r\nLocation: ws://192.0.2.1/\r\nContent-Length: 0\r\n\r\n"
    async with raw_server(answering(redirect)) as address:
        with pytest.raises(InvalidStatus) as caught:
            await internals.Connect(f"ws://{address}/", dialler=Dialler(SystemClock(), NOWHERE))
    assert caught.value.response.status_code == 302


async def test_open_tcp_connection_is_what_opens_the_connection_below() -> None:
    assert list(inspect.signature(connect.open_tcp_connection).parameters) == ["self"]
    asked: list[tuple[str, int]] = []

    class Recorded(Dialler):
        async def dial(self, host: str, port: int) -> asyncio.Transport:
            asked.append((host, port))
            return await super().dial(host, port)

    async with serve(lambda server: server.wait_closed(), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        dialler = Recorded(SystemClock(), NOWHERE)
        connection = await internals.Connect(f"ws://127.0.0.1:{port}/", dialler=dialler)
        await connection.close()
    assert asked == [("127.0.0.1", port)]


async def test_messages_of_text_reach_the_buffer_without_the_library_and_in_the_order_of_all_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processed: list[object] = []
    process = ClientConnection.process_event
    monkeypatch.setattr(
        ClientConnection, "process_event", lambda self, event: (processed.append(event), process(self, event))
    )

    async def speak(server: ServerConnection) -> None:
        await server.recv()
        await server.send("one")
        await server.recv()  # so that it comes alone
        for message in ("two", b"three", ["f", "our"], "five"):
            await server.send(message)
        await server.wait_closed()

    async with serve(speak, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        dialler = Dialler(SystemClock(), NOWHERE)
        async with internals.Connect(f"ws://127.0.0.1:{port}/", dialler=dialler) as connection:
            await connection.send("go")
            received = [await connection.recv()]
            await connection.send("go on")
            received += [await connection.recv() for _ in range(4)]
    assert received == ["one", "two", b"three", "four", "five"]
    texts = [event for event in processed if isinstance(event, Frame) and bytes(event.data) == b"one"]
    assert texts == []


async def test_records_of_the_log_that_show_a_frame_have_it_among_their_arguments(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="websockets.client")
    async with connected("a secret"):
        pass
    shown = [record for record in caplog.records if "a secret" in record.getMessage()]
    assert shown
    assert not any(internals.is_no_frame(record) for record in shown)
    assert any(map(internals.is_no_frame, caplog.records))


def test_a_record_without_arguments_shows_no_frame() -> None:
    record = logging.LogRecord("x", logging.DEBUG, "", 0, "text", None, None)
    assert internals.is_no_frame(record)
    record.args = (Frame(Opcode.TEXT, b"x"),)
    assert not internals.is_no_frame(record)


def test_they_are_touched_in_one_file_of_the_engine_alone() -> None:
    touching = {
        path.name
        for path in ENGINE.rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in UNDOCUMENTED)
    }
    assert touching == {"websockets_internals.py"}


def test_the_version_is_bounded_from_above_and_the_installed_one_is_within() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (bound,) = [one for one in project["dependencies"] if one.startswith("websockets")]
    match = re.fullmatch(r"websockets>=(\d+),<(\d+)", bound)
    assert match is not None, bound
    low, high = map(int, match.groups())
    assert low <= int(websockets.__version__.split(".")[0]) < high
