"""Everything of the library websockets that is used and not documented, in one place.

Its documentation promises nothing about these, so ``pyproject.toml`` bounds the version from above, and
``tests/core/net/test_websockets_internals.py`` fails when one of them is gone:

* ``ClientConnection.recv_messages`` is the buffer of what has come in; its ``frames.queue`` is a deque of
  `websockets.frames.Frame`, oldest first, and its ``maybe_resume`` lets the socket be read on when enough
  was taken;
* ``ClientConnection.transport`` is the transport of asyncio below, whose reading can be paused;
* ``connect.open_tcp_connection`` opens the connection below; ``factory`` and ``ws_uri`` are what it needs to;
* ``connect.process_redirect`` decides whether a redirect of the upgrade is followed;
* debug records of its log carry a `Frame` among their arguments.
"""

from __future__ import annotations

import logging
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.frames import Frame, Opcode

from streamcore.net.dial import Dialler, hand_over


class Connect(connect):
    """`websockets.asyncio.client.connect`, but by a `Dialler`, and a redirect is an answer like any other."""

    def __init__(self, uri: str, *, dialler: Dialler, **arguments: Any) -> None:
        """``arguments``: those of `websockets.asyncio.client.connect`."""
        super().__init__(uri, proxy=None, **arguments)
        self._dialler = dialler

    def process_redirect(self, exc: Exception) -> Exception:
        """Return the answer as the error that it then is."""
        return exc

    async def open_tcp_connection(self) -> ClientConnection:
        """Open the connection below, by TLS where the URL says so; for `connect` alone to call."""
        host, port = self.ws_uri.host, self.ws_uri.port
        transport = await self._dialler.dial(host, port)
        try:
            if self.ws_uri.secure:
                transport = await self._dialler.encrypt(transport, host, port)
            connection = self.factory(self.ws_uri)
            hand_over(transport, connection)
        except BaseException:
            transport.abort()
            raise
        return connection


def take_messages(connection: ClientConnection) -> list[str | bytes]:
    """Return the messages that have come in and were not taken, oldest first, and let more come in.

    One in parts, or that is no text though it says so, is left to `recv`, and so is what follows it.
    """
    waiting = connection.recv_messages.frames.queue
    taken: list[str | bytes] = []
    text = Opcode.TEXT
    while waiting:  # nothing is called here that need not be: this is done for every message
        frame = waiting[0]
        if not frame.fin:
            break
        if frame.opcode is text:
            try:
                taken.append(str(frame.data, "utf-8"))
            except UnicodeDecodeError:
                break
        else:
            taken.append(bytes(frame.data))
        waiting.popleft()
    connection.recv_messages.maybe_resume()
    return taken


def pause_reading(connection: ClientConnection) -> None:
    """Leave what comes in the buffer of the system."""
    connection.transport.pause_reading()


def resume_reading(connection: ClientConnection) -> None:
    """Read again; does nothing if reading was not paused."""
    connection.transport.resume_reading()


def is_no_frame(record: logging.LogRecord) -> bool:
    """Return whether a record of the library's log shows no frame; for a `logging.Logger`'s filters.

    It cuts frames off somewhere, perhaps within a key that the server repeats; then no mask would know it.
    """
    return not (record.args and any(isinstance(value, Frame) for value in record.args))
