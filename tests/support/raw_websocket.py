"""A WebSocket server that upgrades as it should, and then sends exactly the bytes a test gives it."""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from hashlib import sha1
from typing import Any

from raw_server import raw_server
from websocket_pair import acme, dialled
from websockets.frames import Frame, Opcode

from streamcore.net.transport import Socket

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass(frozen=True)
class Seen:
    """A frame that a client has sent."""

    opcode: Opcode
    masked: bool
    payload: bytes


class Peer:
    """The server's end of a connection that has been upgraded."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def write(self, opcode: Opcode, payload: bytes = b"", *, fin: bool = True) -> None:
        """Send a frame."""
        self.writer.write(Frame(opcode, payload, fin).serialize(mask=False))

    async def read(self) -> Seen:
        """Return the client's next frame."""
        opcode, mask, payload = await self._frame()
        plain = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload)) if mask else payload
        return Seen(opcode, bool(mask), plain)

    async def until_the_end(self) -> None:
        """Wait until the client closes or is gone."""
        with suppress(asyncio.IncompleteReadError):
            while (await self._frame())[0] is not Opcode.CLOSE:
                pass

    async def _frame(self) -> tuple[Opcode, bytes, bytes]:
        first, second = await self.reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            length = int.from_bytes(await self.reader.readexactly(2), "big")
        elif length == 127:
            length = int.from_bytes(await self.reader.readexactly(8), "big")
        mask = await self.reader.readexactly(4) if second & 0x80 else b""
        return Opcode(first & 0x0F), mask, await self.reader.readexactly(length)


def accepting(request: bytes, connection: bytes = b"Upgrade", more: bytes = b"") -> bytes:
    """Return the answer that accepts an upgrade. ``more``: further lines of the head."""
    (key,) = (line[18:].strip() for line in request.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key:"))
    accept = b64encode(sha1(key + GUID).digest())
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: " + connection
    return head + b"\r\nSec-WebSocket-Accept: " + accept + b"\r\n" + more + b"\r\n"


@asynccontextmanager
async def facing(
    serve: Callable[[Peer], Awaitable[None]], *, tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[Socket]:
    """Yield this program's end of a WebSocket; ``options``: those of `dialled`."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(accepting(await reader.readuntil(b"\r\n\r\n")))
        await serve(Peer(reader, writer))

    async with raw_server(handle, tls=tls) as address:
        client = await dialled(acme(f"{'ws' if tls is None else 'wss'}://{address}/"), **options)
        try:
            yield client
        finally:
            await client.close()
