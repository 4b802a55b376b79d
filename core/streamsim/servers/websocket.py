"""The base of the emulated providers with a stream: WebSockets, clients, faults.

A provider subclasses `ProviderServer` and implements its messages. Tests drive one through ``faults`` and
the methods `ProviderServer.drop`, `ProviderServer.close_clients`, `ProviderServer.send_raw` and so on, and
watch it through its properties and `ProviderServer.wait_for`; they never need to sleep.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from abc import abstractmethod
from collections import deque
from collections.abc import Iterable
from typing import Any, ClassVar, Generic, TypeVar
from weakref import WeakSet

from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.typing import Subprotocol

from streamcore.clock import Clock
from streamsim.servers.clients import REMEMBERED, Client, Connection, Frame, Handshake, decoded
from streamsim.servers.faults import Event, Fault
from streamsim.servers.http11 import LOOPBACK, HttpReply, phrase
from streamsim.servers.provider import HttpServer, unusable
from streamsim.tasks import LOGGER

KEEPALIVE_INTERVAL = 30.0
"""Seconds between pings, and between checks for clients that have gone quiet."""

_CLOSE_TIMEOUT = 0.3
"""Seconds a client gets to answer a close frame."""

_MAX_FRAME = 16 * 1024 * 1024
"""Bytes in one client frame; a list of 50,000 addresses is about 2.4 MB."""

_MAX_BACKLOG = 64 * 1024 * 1024
"""Bytes a client may leave unread."""

_GARBAGE = b"\x00\xff\xfe\xc1garbage\x93"


AnyClient = TypeVar("AnyClient", bound=Client)


class ProviderServer(HttpServer, Generic[AnyClient]):
    """An emulated provider with a WebSocket port and an HTTP port, which keeps what its clients sent.

    After `start` you must `close` it.
    """

    key_parameter: ClassVar[str]
    """The query parameter that holds the key."""
    subprotocols: ClassVar[tuple[str, ...]] = ()
    rounds_until_dropped: ClassVar[int]
    """After how many keepalive rounds in which nothing was received a client is dropped."""
    pings: ClassVar[bool]
    """Whether the server sends pings."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.bytes_sent = 0
        """Bytes of data frames, before framing."""
        self.ws_port = 0
        self._clients: dict[AnyClient, None] = {}
        self._numbers = itertools.count(1)
        self._frames: deque[Any] = deque(maxlen=REMEMBERED)
        self._handshakes: deque[Handshake] = deque(maxlen=REMEMBERED)
        self._held: dict[AnyClient, Frame] = {}  # frames held back by `Fault.OUT_OF_ORDER`
        self._sockets: WeakSet[Connection] = WeakSet()
        self._ws: Server | None = None

    # Implemented by each provider

    @abstractmethod
    def _refusal(self, handshake: Handshake, key: str) -> HttpReply | None:
        """Return the answer that refuses an upgrade, or ``None`` to accept it."""

    @abstractmethod
    def _client(self, number: int, connection: Connection, handshake: Handshake, key: str) -> AnyClient:
        """Return the record of a new client."""

    @abstractmethod
    def _opened(self, client: AnyClient) -> None:
        """Greet a client."""

    @abstractmethod
    def _received(self, client: AnyClient, message: Any) -> None:
        """Act on a frame of a client: decoded JSON, or `Unreadable`."""

    # Start and end

    async def start(self, port: int) -> None:
        """Listen on ``port`` for WebSockets and on the next one for HTTP; 0 takes two free ones.

        Raises:
            OSError: A port cannot be used; the message is a sentence that names it.
        """
        try:
            self._ws = await serve(
                self._serve,
                LOOPBACK,
                port,
                process_request=self._admit,
                subprotocols=[Subprotocol(name) for name in self.subprotocols] or None,
                select_subprotocol=_first_common,
                compression=None,
                ping_interval=None,
                close_timeout=_CLOSE_TIMEOUT,
                max_size=_MAX_FRAME,
                logger=LOGGER,
                create_connection=self._accepted,  # type: ignore[arg-type]  # it is only ever called
                start_serving=False,  # in two steps: who is cancelled in the second one can still close it
            )
            await self._ws.start_serving()
            self.ws_port = next(iter(self._ws.sockets)).getsockname()[1]
            port = port and port + 1
            self.http_port = await self._http.start(port)
        except (OSError, OverflowError) as error:
            await self.close()
            raise unusable(self.name, port, error) from error
        self._tasks.spawn(self._keepalive())

    async def close(self) -> None:
        """Close every client (1001), stop listening, end every task."""
        self._closing.set()
        await self._tasks.cancel()
        for connection in tuple(self._sockets):
            if connection.state is State.CONNECTING:
                connection.transport.abort()  # otherwise closing would wait for its handshake
        for client in self._clients:
            client.connection.transport.resume_reading()
        if self._ws is not None:
            self._ws.close(code=1001)
        await self._http.close()
        if self._ws is not None:
            await self._ws.wait_closed()

    # What a test may look at

    @property
    def connections(self) -> int:
        """How many WebSockets are open."""
        return len(self._clients)

    @property
    def clients(self) -> tuple[AnyClient, ...]:
        """The open connections, oldest first."""
        return tuple(self._clients)

    @property
    def frames_received(self) -> list[Any]:
        """What all clients sent, decoded, oldest first, those of closed connections included."""
        return list(self._frames)

    @property
    def handshakes(self) -> list[Handshake]:
        """Every attempt to open a WebSocket, oldest first, refused ones included."""
        return list(self._handshakes)

    # Actions of a test

    def drop(self) -> None:
        """Break every TCP connection of a WebSocket, without a close frame."""
        for client in self.clients:
            client.connection.transport.abort()

    async def close_clients(self, code: int = 1000, reason: str = "") -> None:
        """Close every WebSocket with a close frame."""
        await asyncio.gather(*(client.connection.close(code, reason) for client in self.clients))

    def freeze(self) -> None:
        """Stop listening to the clients that are connected now: no pong, no answer, no data."""
        for client in self.clients:
            client.connection.transport.pause_reading()
        self.faults.set(Fault.STALL)

    def thaw(self) -> None:
        """Undo `freeze`."""
        for client in self.clients:
            client.connection.transport.resume_reading()
        self.faults.clear(Fault.STALL)

    async def send_raw(self, frame: Frame) -> None:
        """Send one frame to every client; faults do not apply to it."""
        self._send(self.clients, frame)

    async def send_error(self, message: str, code: int = 400) -> None:
        """Send an error frame of the provider's kind to every client, without a request."""
        self._send(self.clients, self._error_frame(message, code))

    @abstractmethod
    def _error_frame(self, message: str, code: int) -> str:
        """Return an error frame that answers nothing in particular."""

    # WebSocket side

    def _accepted(self, *args: Any, **options: Any) -> Connection:
        connection = Connection(*args, **options)
        self._sockets.add(connection)
        return connection

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        handshake = Handshake.read(request, self.clock.monotonic())
        self._handshakes.append(handshake)
        self.check_waiters()
        if terms := self.faults.take(Fault.SLOW_UPGRADE):
            await self._pause(terms.seconds)
        if terms := self.faults.take(Fault.REFUSE_UPGRADE):
            return _response(self._fault_reply(terms))
        reply = self._refusal(handshake, handshake.query.get(self.key_parameter, ""))
        return None if reply is None else _response(reply)

    async def _serve(self, connection: ServerConnection) -> None:
        if terms := self.faults.take(Fault.ACCEPT_AND_CLOSE):
            await connection.close(terms.code, terms.reason)
            return
        assert isinstance(connection, Connection)  # noqa: S101 - what `create_connection` makes
        assert connection.request is not None  # noqa: S101 - there is one after the handshake
        handshake = Handshake.read(connection.request, self.clock.monotonic())
        key = handshake.query.get(self.key_parameter, "")
        client = self._client(next(self._numbers), connection, handshake, key)
        self._clients[client] = None
        try:
            self.faults.happened(Event.CONNECT)
            self._opened(client)
            self.check_waiters()
            async for frame in connection:
                message = decoded(frame)
                client.frames_received.append(message)
                self._frames.append(message)
                self.faults.happened(Event.MESSAGE)
                self._received(client, message)
                self.check_waiters()
        except ConnectionClosed:
            pass  # however the client ended it
        finally:
            del self._clients[client]
            self._held.pop(client, None)
            self.faults.happened(Event.DISCONNECT)
            self.check_waiters()

    async def _keepalive(self) -> None:
        while True:
            await self.clock.sleep(KEEPALIVE_INTERVAL)
            for client in self.clients:
                if client.connection.transport.get_write_buffer_size() > _MAX_BACKLOG:
                    client.connection.transport.abort()  # it does not read; real servers drop it, too
                    continue
                client.quiet_rounds = 0 if client.connection.heard else client.quiet_rounds + 1
                client.connection.heard = False
                if client.quiet_rounds >= self.rounds_until_dropped:
                    self._tasks.spawn(client.connection.close(1011, "no sign of life"))
                elif self.pings:
                    self._tasks.spawn(_ping(client.connection))

    # Sending

    def publish(self, clients: Iterable[AnyClient], frame: Frame) -> None:
        """Send one data frame to some clients; the `DATA_FAULTS` that are on apply to it."""
        self.faults.happened(Event.DATA)
        if not self.faults.touches_data and not self._held:
            self._send(clients, frame)
            return
        for client in clients:
            self._publish_damaged(client, frame)

    def _publish_damaged(self, client: AnyClient, frame: Frame) -> None:
        faults = self.faults
        if faults.take(Fault.STALL) or faults.take(Fault.LEAVE_OUT):
            return
        only = (client,)
        if faults.take(Fault.UNKNOWN_TYPE):
            self._send(only, '{"type":"SOMETHING_NEW_DATA","method":"somethingNotification","data":{"x":1}}')
        if faults.take(Fault.HUGE_FRAME):
            self._send(
                only, '{"type":"HUGE_DATA","method":"hugeNotification","data":"' + "x" * 5_000_000 + '"}'
            )
        sent: Frame = frame
        if faults.take(Fault.MALFORMED_JSON):
            sent = frame[: len(frame) // 2]
        if faults.take(Fault.BINARY_GARBAGE):
            sent = _GARBAGE
        held = self._held.pop(client, None)
        if held is not None:
            self._send(only, sent)
            sent = held
        elif faults.take(Fault.OUT_OF_ORDER):
            self._held[client] = sent
            return
        self._send(only, sent)
        if faults.take(Fault.DUPLICATE):
            self._send(only, sent)

    def _send(self, clients: Iterable[Client], frame: Frame) -> None:
        connections = [client.connection for client in clients]
        broadcast(connections, frame)
        self.bytes_sent += len(frame) * len(connections)
        if self._waiters:
            # a condition may depend on what the receivers do with the frame, so they get their turn first
            asyncio.get_running_loop().call_soon(self.check_waiters)


async def _ping(connection: Connection) -> None:
    with contextlib.suppress(ConnectionClosed):
        await connection.ping()


def _first_common(connection: ServerConnection, offered: Iterable[Subprotocol]) -> Subprotocol | None:
    known = connection.protocol.available_subprotocols or ()
    return next((name for name in offered if name in known), None)


def _response(reply: HttpReply) -> Response:
    headers = Headers(reply.headers)
    headers["Content-Type"] = reply.content_type
    headers["Content-Length"] = str(len(reply.body))
    headers["Connection"] = "close"
    return Response(reply.status, phrase(reply.status), headers, reply.body)
