"""A small HTTP/1.1 server on loopback: keep-alive, bounded bodies, quick to close.

Nothing here knows a provider. A handler takes an `HttpRequest` and returns an `HttpReply`, or ``None`` to
close the connection without an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import h11
import msgspec

from streamcore.clock import Clock
from streamsim.tasks import Tasks

LOOPBACK = "127.0.0.1"
"""The only address an emulated provider ever listens on."""

MAX_BODY = 8 * 1024 * 1024
"""Bytes; a larger request is answered with 413."""

_CHUNK = 65536


class HttpRequest(msgspec.Struct, frozen=True):
    """One request as it came in."""

    method: str
    path: str
    """Without the query."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    at: float
    """Monotonic seconds of the injected clock."""


class HttpReply(msgspec.Struct, frozen=True):
    """One answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}
    content_type: str = "application/json"

    @classmethod
    def json(cls, content: Any, status: int = 200, **headers: str) -> HttpReply:
        """Return an answer with a JSON body; header names with underscores for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, msgspec.json.encode(content), named)


Handler = Callable[[HttpRequest], Awaitable[HttpReply | None]]


def phrase(status: int) -> str:
    """Return the reason phrase of a status, also of the ones only some provider knows."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


class Http11Server:
    """Serves one handler on one port of the loopback interface.

    After `start` you must `close` it.
    """

    def __init__(self, handler: Handler, clock: Clock) -> None:
        self._handler = handler
        self._clock = clock
        self._tasks = Tasks()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def start(self, port: int) -> int:
        """Listen, and return the port; 0 takes a free one.

        Raises:
            OSError: The port cannot be used.
        """
        # in two steps: whoever is cancelled in the second one can still close it
        self._server = await asyncio.start_server(self._connected, LOOPBACK, port, start_serving=False)
        await self._server.start_serving()
        listening: int = self._server.sockets[0].getsockname()[1]
        return listening

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is None:
            return
        self._server.close()
        await self._tasks.cancel()
        for writer in self._writers:
            writer.transport.abort()  # accepted so late that nobody has begun to serve it
        await self._server.wait_closed()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self._tasks.spawn(self._serve(reader, writer))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._converse(h11.Connection(h11.SERVER), reader, writer)
        except ConnectionError:
            pass  # the client is gone; there is nobody to tell
        finally:
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _converse(
        self, http: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while True:
            try:
                request = await self._request(http, reader)
            except h11.RemoteProtocolError as error:
                if http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
                    status = error.error_status_hint
                    await self._answer(http, writer, HttpReply(status, b"", content_type="text/plain"))
                return
            if request is None:
                return
            reply = await self._handler(request)
            if reply is None:
                return
            await self._answer(http, writer, reply)
            if http.our_state is not h11.DONE or http.their_state is not h11.DONE:
                return
            http.start_next_cycle()

    async def _request(self, http: h11.Connection, reader: asyncio.StreamReader) -> HttpRequest | None:
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                http.receive_data(await reader.read(_CHUNK))
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > MAX_BODY:
                    raise h11.RemoteProtocolError("the body is too large", error_status_hint=413)
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                target = urlsplit(head.target.decode("ascii", "replace"))
                return HttpRequest(
                    method=head.method.decode("ascii"),
                    path=target.path,
                    query=dict(parse_qsl(target.query, keep_blank_values=True)),
                    headers={name.decode("ascii"): value.decode("latin-1") for name, value in head.headers},
                    body=bytes(body),
                    at=self._clock.monotonic(),
                )
            else:
                return None  # the client closed, or wants another protocol

    async def _answer(self, http: h11.Connection, writer: asyncio.StreamWriter, reply: HttpReply) -> None:
        headers = [
            ("Content-Type", reply.content_type),
            ("Content-Length", str(len(reply.body))),
            *reply.headers.items(),
        ]
        head = h11.Response(status_code=reply.status, headers=headers, reason=phrase(reply.status))
        for event in (head, h11.Data(data=reply.body), h11.EndOfMessage()):
            writer.write(http.send(event) or b"")
        await writer.drain()
