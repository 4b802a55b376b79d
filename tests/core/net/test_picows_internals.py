"""What is used of picows although nothing promises it: what to look at after an update."""

from __future__ import annotations

import asyncio
import logging
import re
from pathlib import Path

import picows
import pytest
from picows.picows import WSProtocol
from raw_server import raw_server
from raw_websocket import accepting
from websockets.frames import Frame, Opcode

from streamcore.net.picows_internals import Listener, Upgrade
from streamcore.net.tunnel import Waiting

ROOT = Path(__file__).parents[3]
ENGINE = ROOT / "core" / "streamcore"


class Recorded(Listener):
    """Hears frames."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[bytes] = []
        self.heard_after_reading: list[int] = []

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        self.heard.append(frame.get_payload_as_bytes())

    def has_read(self, transport: picows.WSTransport) -> None:
        self.heard_after_reading.append(len(self.heard))


async def test_the_protocol_sends_a_request_with_its_key_and_takes_an_answer_and_what_is_behind_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"seen")
        await reader.read()

    listener = Recorded()
    async with raw_server(serve) as address:
        host, port = address.split(":")
        transport, waiting = await asyncio.get_running_loop().create_connection(Waiting, host, int(port))
        upgrade = Upgrade(
            transport,
            lambda: listener,
            host=address,
            resource="/path?query",
            headers={"X-Extra": "1"},
            max_message_bytes=100_000,
            logger=logging.getLogger("acme"),
        )
        assert await waiting.read(4) == b"seen"
        accept = re.findall(rb"Sec-WebSocket-Accept: (.*)\r", accepting(requests[0]))[0].decode()
        frames = [Frame(Opcode.TEXT, b"x" * size).serialize(mask=False) for size in (5, 50_000)]
        upgraded = upgrade.complete(accept, b"".join(frames))
        assert [len(payload) for payload in listener.heard] == [5, 50_000]
        assert listener.heard_after_reading == [2]
        assert upgraded.underlying_transport is transport
        upgraded.disconnect(graceful=False)
        await upgraded.wait_disconnected()
    head = requests[0].decode().split("\r\n")
    assert head[0] == "GET /path?query HTTP/1.1"
    assert {f"Host: {address}", "X-Extra: 1", f"Sec-WebSocket-Key: {upgrade.key}"} <= set(head)
    assert {record.name for record in caplog.records if "picows" in record.pathname} == {"acme"}


def test_they_are_touched_in_one_file_of_the_engine_alone() -> None:
    touching = {
        path.name for path in ENGINE.rglob("*.py") if WSProtocol.__name__ in path.read_text(encoding="utf-8")
    }
    assert touching == {"picows_internals.py"}
