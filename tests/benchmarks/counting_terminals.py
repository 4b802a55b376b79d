"""Terminals that take what a relay sends and count it, and do not look into it: hundreds in one process.

    python tests/benchmarks/counting_terminals.py HOST:PORT TERMINALS INTERVAL DEFLATE WANTED SYMBOL...

Each wants so many of the symbols, another choice each where there are more. It prints ``there`` when all of
them have had their first frame, then, for each line it reads, what has come since the last one, as JSON; it
ends with its input.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from base64 import b64encode

import msgspec
from websockets.frames import Frame, Opcode

from streamcore.wire.encodings import encoding, subprotocol
from streamcore.wire.messages import Want

WIRE = encoding("msgpack")

HANDSHAKES = 20
"""Terminals that connect at once; the others wait for their turn."""

FIRST = 3
"""Messages until a terminal has all its rows: the hello, the answer, and the first frame."""


class Counting(asyncio.Protocol):
    """One terminal."""

    def __init__(self, address: str, want: Want, *, deflate: bool) -> None:
        self.bytes = 0
        self.frames = 0
        self.there = asyncio.Event()
        self.ended = False
        self._address = address
        self._want = want
        self._deflate = deflate
        self._upgraded = False
        self._data = bytearray()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        lines = [
            "GET /v1 HTTP/1.1",
            f"Host: {self._address}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {b64encode(os.urandom(16)).decode()}",
            f"Sec-WebSocket-Protocol: {subprotocol('msgpack')}",
        ]
        if self._deflate:
            lines.append("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
        transport.write("\r\n".join([*lines, "", ""]).encode())

    def connection_lost(self, error: Exception | None) -> None:
        self.ended = True
        self.there.set()

    def data_received(self, data: bytes) -> None:
        self.bytes += len(data)
        self._data += data
        if not self._upgraded:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                return
            assert self._data.startswith(b"HTTP/1.1 101"), bytes(self._data[:200])
            assert (b"permessage-deflate" in self._data[:end]) == self._deflate
            del self._data[: end + 4]
            self._upgraded = True
            self._send(Opcode.BINARY, WIRE.encode(self._want))
        while self._take_a_frame():
            pass

    def _send(self, opcode: Opcode, payload: bytes) -> None:
        self._transport.write(Frame(opcode, payload).serialize(mask=True))

    def _take_a_frame(self) -> bool:
        """Take one frame off what has come; return whether there was a whole one."""
        data = self._data
        if len(data) < 2:
            return False
        length, start = data[1] & 0x7F, 2
        if length > 125:
            start = 4 if length == 126 else 10
            length = int.from_bytes(data[2:start], "big")
        if len(data) < start + length:
            return False
        opcode = data[0] & 0x0F
        if opcode == Opcode.PING:
            self._send(Opcode.PONG, bytes(data[start : start + length]))
        elif opcode in (Opcode.TEXT, Opcode.BINARY):
            self.frames += 1
            if self.frames == FIRST:
                self.there.set()
        del data[: start + length]
        return True


async def run(
    address: str, terminals: int, interval: int, deflate: bool, wanted: int, symbols: list[str]
) -> None:
    host, _, port = address.rpartition(":")
    loop = asyncio.get_running_loop()
    all_of_them: list[Counting] = []
    turns = asyncio.Semaphore(HANDSHAKES)

    async def connect(number: int) -> None:
        async with turns:
            chosen = random.Random(number).sample(symbols, wanted) if len(symbols) > wanted else symbols
            want = Want(1, tuple(chosen), (), None, interval, f"counting {number}")
            one = Counting(address, want, deflate=deflate)
            all_of_them.append(one)
            await loop.create_connection(lambda: one, host, int(port))
            await one.there.wait()

    await asyncio.gather(*(connect(number) for number in range(terminals)))
    print("there", flush=True)
    before = [(0, 0)] * terminals
    while await asyncio.to_thread(sys.stdin.readline):
        now = [(one.bytes, one.frames) for one in all_of_them]
        told = {
            "bytes": [last[0] - first[0] for first, last in zip(before, now, strict=True)],
            "frames": [last[1] - first[1] for first, last in zip(before, now, strict=True)],
            "lost": sum(one.ended for one in all_of_them),
        }
        before = now
        print(msgspec.json.encode(told).decode(), flush=True)


def main() -> None:
    address, terminals, interval, deflate, wanted, *symbols = sys.argv[1:]
    asyncio.run(run(address, int(terminals), int(interval), deflate == "1", int(wanted), symbols))


if __name__ == "__main__":
    main()
