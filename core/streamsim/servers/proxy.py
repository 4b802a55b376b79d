"""A TCP proxy on loopback that simulates network faults between a client and a server.

It knows nothing of HTTP or WebSocket: it passes bytes on, and the network faults of
`streamsim.servers.faults` delay, split or drop them. Put one before an emulated provider, or before any other
server on this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from streamcore.clock import Clock
from streamsim.servers.faults import Fault, Faults
from streamsim.servers.http11 import LOOPBACK
from streamsim.tasks import LOGGER, Tasks

_CHUNK = 65536
_TURNS = 3
"""Turns of the event loop after each piece, so that a receiver on the same loop reads it on its own."""

_BACKLOG = 128
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing then sends a reset instead of what is left."""


class Proxy:
    """Passes TCP connections on to one port of the loopback interface.

    Use it as an asynchronous context manager, or `start` it and `close` it in the end.

    Args:
        target: The port of the server behind it.
        clock: Time, for slow links.
        faults: The faults to simulate; several proxies may share them. ``None``: its own, all off.
    """

    def __init__(self, target: int, clock: Clock, faults: Faults | None = None) -> None:
        self.faults = Faults() if faults is None else faults
        self.port = 0
        """Where it listens; kept while it refuses connections."""
        self.accepted = 0
        """Connections accepted since the start."""
        self._target = target
        self._clock = clock
        self._links: set[_Link] = set()
        self._serving = Tasks()
        self._listening: asyncio.Task[None] | None = None
        self._listener: socket.socket | None = None
        """Bound to the port from start to end, also while it refuses connections: nobody else may get it."""
        self._started = False
        self._refusing = False
        self.faults.listen(self._faults_changed)

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening and break every connection."""
        await self.close()

    @property
    def connections(self) -> int:
        """How many connections are open, half-open ones included."""
        return len(self._links)

    def start(self, port: int = 0) -> None:
        """Listen on ``port``; 0 takes a free one.

        Raises:
            OSError: The port cannot be used.
        """
        self._listener = _bound(port)
        self._listener.listen(_BACKLOG)
        self.port = self._listener.getsockname()[1]
        self._started = True
        self._listen()
        self._faults_changed()

    async def close(self) -> None:
        """Stop listening and break every connection."""
        self._started = False
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})
        if self._listener is not None:
            self._listener.close()
        self.reset()
        await self._serving.cancel()

    def reset(self) -> None:
        """Break every connection now, with a reset to both sides."""
        for link in tuple(self._links):
            link.reset()

    def url(self, direct: str) -> str:
        """Return a URL of the server behind the proxy as it is reached through it."""
        return urlunsplit(urlsplit(direct)._replace(netloc=f"{LOOPBACK}:{self.port}"))

    def _faults_changed(self) -> None:
        if not self._started or self._listening is None:
            return
        refusing = Fault.REFUSE_CONNECT in self.faults
        if refusing and not self._refusing:
            self._listening.cancel()
        elif self._refusing and not refusing:
            self._listen(self._listening)
        self._refusing = refusing
        if self._links and self.faults.take(Fault.RESET):
            self.reset()

    def _listen(self, before: asyncio.Task[None] | None = None) -> None:
        self._listening = asyncio.create_task(self._accept(before))
        # also when it is cancelled before its first step
        self._listening.add_done_callback(self._refuse)

    async def _accept(self, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait({before})  # it still listens
        if (listener := self._listener) is None:
            return
        listener.listen(_BACKLOG)
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(listener)
            self.accepted += 1
            link = _Link(client, self.faults, self._clock)
            self._links.add(link)
            self._serving.spawn(self._serve(link))

    def _refuse(self, _: asyncio.Task[None]) -> None:
        """Let the system refuse whoever connects, and keep the port."""
        if self._listener is not None:
            self._listener.close()
        self._listener = None
        if self._started:
            try:
                self._listener = _bound(self.port)
            except OSError as error:
                LOGGER.error("the proxy lost its port %d: %s", self.port, error.strerror)

    async def _serve(self, link: _Link) -> None:
        try:
            if self.faults.take(Fault.RESET):
                link.reset()
                return
            await link.run(self._target)
        except OSError:
            link.reset()  # one side has broken it, or nothing listens behind it: reset the other side as well
        finally:
            self._links.discard(link)
            link.close()


class _Link:
    """One connection through the proxy: a socket to either side."""

    def __init__(self, client: socket.socket, faults: Faults, clock: Clock) -> None:
        self._ends = (client, socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        self._faults = faults
        self._clock = clock
        self._to_client = 0
        self._dead = False
        self._pumps: list[asyncio.Task[None]] = []
        for end in self._ends:
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def run(self, target: int) -> None:
        """Connect to the port ``target`` and pass bytes on, both ways, until both sides have ended.

        Raises:
            OSError: One side has broken it, or there is nobody at that port.
        """
        client, server = self._ends
        await asyncio.get_running_loop().sock_connect(server, (LOOPBACK, target))
        self._pumps = [
            asyncio.create_task(self._pump(client, server)),
            asyncio.create_task(self._pump(server, client)),
        ]
        try:
            await asyncio.gather(*self._pumps)
        finally:
            for pump in self._pumps:
                pump.cancel()
            await asyncio.gather(*self._pumps, return_exceptions=True)

    def reset(self) -> None:
        """Break it, with a reset to both sides."""
        for end in self._ends:
            if end.fileno() >= 0:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        if self._pumps:
            self._pumps[0].cancel()  # `run` ends with it, and then the sockets are closed
        else:
            self.close()

    def close(self) -> None:
        """Close both sockets."""
        for end in self._ends:
            end.close()

    async def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                data = await loop.sock_recv(source, _CHUNK)
            except OSError:
                if self._is_dead():
                    return  # a half-open connection: the other side must not notice
                raise
            if not data:
                break
            for piece in await self._pieces(source, data):
                if self._is_dead():
                    break
                await loop.sock_sendall(sink, piece)
                for _ in range(_TURNS):
                    await asyncio.sleep(0)
                if sink is self._ends[0]:
                    self._count(len(piece))
        if not self._is_dead():
            with contextlib.suppress(OSError):  # the other side may be gone already
                sink.shutdown(socket.SHUT_WR)

    def _is_dead(self) -> bool:
        # a stream that has lost bytes is useless, so it stays dead when the fault is over
        self._dead = self._dead or self._faults.take(Fault.HALF_OPEN) is not None
        return self._dead

    async def _pieces(self, source: socket.socket, data: bytes) -> list[bytes]:
        if terms := self._faults.take(Fault.MERGE):
            await self._clock.sleep(terms.seconds)
            with contextlib.suppress(BlockingIOError):
                while more := source.recv(_CHUNK):
                    data += more
        if terms := self._faults.take(Fault.SPLIT):
            return [data[start : start + terms.size] for start in range(0, len(data), terms.size)]
        if terms := self._faults.take(Fault.SLOW_LINK):
            await self._clock.sleep(terms.seconds + len(data) / terms.rate)
        return [data]

    def _count(self, size: int) -> None:
        self._to_client += size
        terms = self._faults.look(Fault.CUT)
        if terms is not None and self._to_client >= terms.size:
            self._faults.take(Fault.CUT)
            raise ConnectionAbortedError("cut by the proxy")


def _bound(port: int) -> socket.socket:
    """Return a socket that has the port; while it does not listen the system refuses connections."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setblocking(False)
        bound.bind((LOOPBACK, port))
    except BaseException:
        bound.close()
        raise
    return bound
