"""Everything of the library websockets that is used and not documented, in one place.

Its documentation promises nothing about these, so ``pyproject.toml`` bounds the version from above, and
``tests/core/net/test_websockets_internals.py`` fails when one of them is gone:

* ``ClientConnection.recv_messages`` is the buffer of what has come in; its ``frames.queue`` is a deque of
  `websockets.frames.Frame`, oldest first, its ``frames.get_waiter`` a future while somebody waits for one;
  ``maybe_pause`` and ``maybe_resume`` keep the socket from being read, and let it be read on when enough was
  taken; ``closed`` says that the connection has ended;
* ``ClientConnection`` asks its protocol for ``events_received`` each time that data came in, and processes
  them one by one; its ``response`` is the answer to the upgrade, ``None`` before;
* ``ClientConnection.transport`` is the transport of asyncio below, whose reading can be paused;
* ``connect.open_tcp_connection`` opens the connection below; ``factory`` and ``ws_uri`` are what it needs to;
* ``connect.process_redirect`` decides whether a redirect of the upgrade is followed;
* debug records of its log carry a `Frame` among their arguments.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import Event

from streamcore.net.dial import Dialler, hand_over


class _Connection(ClientConnection):
    """The library's connection, with one call for all messages that come in together instead of five each."""

    def __init__(self, protocol: ClientProtocol, **arguments: Any) -> None:
        super().__init__(protocol, **arguments)
        self._received = protocol.events_received
        protocol.events_received = self._other_events  # type: ignore[method-assign]

    def _other_events(self) -> list[Event]:
        """Return what has come in for the library to process: nothing if all of it was messages."""
        events = self._received()
        text, binary = Opcode.TEXT, Opcode.BINARY
        messages = [
            event
            for event in events
            if type(event) is Frame and (event.opcode is text or event.opcode is binary)
        ]
        buffer = self.recv_messages if self.response is not None else None
        if not messages or len(messages) < len(events) or buffer is None or buffer.closed:
            return events
        buffer.frames.queue.extend(messages)
        waiter = buffer.frames.get_waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
        buffer.maybe_pause()
        return []


class Connect(connect):
    """`websockets.asyncio.client.connect`, but by a `Dialler`, and a redirect is an answer like any other."""

    def __init__(self, uri: str, *, dialler: Dialler, **arguments: Any) -> None:
        """``arguments``: those of `websockets.asyncio.client.connect`."""
        super().__init__(uri, proxy=None, create_connection=_Connection, **arguments)
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
    text = Opcode.TEXT
    taken: list[str | bytes]
    try:
        # nothing is called here that need not be: this is done for every message
        taken = [str(frame.data, "utf-8") for frame in waiting if frame.opcode is text and frame.fin]
    except UnicodeDecodeError:
        taken = []
    if len(taken) == len(waiting):
        waiting.clear()
    else:
        taken = _taken_one_by_one(waiting)
    connection.recv_messages.maybe_resume()
    return taken


def _taken_one_by_one(waiting: deque[Frame]) -> list[str | bytes]:
    taken: list[str | bytes] = []
    while waiting and waiting[0].fin:
        frame = waiting[0]
        if frame.opcode is Opcode.TEXT:
            try:
                taken.append(str(frame.data, "utf-8"))
            except UnicodeDecodeError:
                break
        else:
            taken.append(bytes(frame.data))
        waiting.popleft()
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
