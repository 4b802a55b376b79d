"""A connection of the relay's server: floods cannot make it expensive, and it knows what has been read."""

from __future__ import annotations

import asyncio
from typing import cast

from websockets.asyncio.server import ServerConnection
from websockets.protocol import State

MOST_HANDSHAKES = 200
"""Connections whose upgrade is not complete; those that come on top are cut off without an answer."""


MOST_WAITING = 4 * 1024 * 1024
"""Bytes that wait for a terminal; one that says something while so much waits is cut off.

What the relay itself sends stays far below. Beyond are the pongs for somebody who floods it with pings and
takes nothing: the library answers each of them at once.
"""


class BoundedConnection(ServerConnection):
    """A `ServerConnection` that cuts itself off while `MOST_HANDSHAKES` others have not said what they want.

    Each of those has five seconds, so that a flood of them keeps others out only while it lasts, and costs a
    bounded amount of memory.
    """

    _is_cut_off = False
    _marks = 0
    _mark: bytes | None = None

    @property
    def is_marked(self) -> bool:
        """Whether the other side has still to answer a `mark`."""
        return self._mark is not None

    def mark(self) -> None:
        """Send a ping without waiting; its pong says that everything sent before has been read.

        Nothing else says it: what the kernel of the other side has acknowledged may wait there, megabytes of
        it, until somebody reads. One mark at a time; on a connection that is not open it does nothing.
        """
        if self.protocol.state is State.OPEN:
            self._marks += 1
            self._mark = b"mark %d" % self._marks
            self.protocol.send_ping(self._mark)
            self.send_data()

    def acknowledge_pings(self, data: bytes) -> None:
        """Take note of a pong."""
        if data == self._mark:
            self._mark = None
        else:
            super().acknowledge_pings(data)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake, or cut the connection off."""
        # a task for each connection, of which those with a completed handshake are in the other set
        if len(self.server.handler_tasks) - len(self.server.all_connections) >= MOST_HANDSHAKES:
            self._is_cut_off = True
            cast("asyncio.Transport", transport).abort()
            return
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """End a connection that was begun."""
        if not self._is_cut_off:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in what was sent to a connection that was begun."""
        if self._is_cut_off:
            return
        super().data_received(data)
        if self.transport.get_write_buffer_size() > MOST_WAITING:
            self.transport.abort()

    def eof_received(self) -> None:
        """Take note that nothing more will be sent to a connection that was begun."""
        if not self._is_cut_off:
            super().eof_received()
