"""HTTP/1.1 over connections from `streamcore.net.dial`, which are kept for further requests.

The library h11 reads and writes the protocol. Time is counted by whoever makes a request: nothing here has a
timeout.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import h11

from streamcore.net.dial import Dialler, hand_over
from streamcore.net.http_body import Body
from streamcore.net.http_target import Origin, Target

MOST_CONNECTIONS = 100
MOST_IDLE = 20
IDLE_FOR = 5.0
"""Seconds after which an idle connection is not used again: a host closes it some time, and a request that
meets its end is lost."""
MOST_HEAD = 100 * 1024
"""Bytes of the headers of an answer."""
_READ = 65_536


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What a request brought."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; those that came several times are joined by commas (RFC 9110, section 5.3)."""
    body: bytes
    """Unpacked."""


class HttpConnections:
    """The connections of one client, at most `MOST_CONNECTIONS` in use at a time."""

    def __init__(self, dialler: Dialler) -> None:
        """Make one that has no connections; ``dialler`` opens them."""
        self._dialler = dialler
        self._idle: list[_Connection] = []
        """The longest idle first."""
        self._room = asyncio.Semaphore(MOST_CONNECTIONS)

    async def exchange(
        self, method: str, target: Target, headers: Mapping[str, str], body: bytes, *, most: int
    ) -> Exchanged:
        """Send a request and return the answer, of whose body at most so many bytes are taken.

        Raises:
            ProviderError: A proxy was not reached or has refused.
            OSError: The host was not reached, or has hung up.
            h11.ProtocolError: It does not speak HTTP, or the answer breaks off.
            TooLarge: The body is larger.
            zlib.error: The body is not packed as its header says.
        """
        async with self._room:
            connection = self._take_idle(target.origin) or await self._open(target.origin)
            try:
                answer = await connection.exchange(method, target, headers, body, most)
            except BaseException:
                connection.close()
                raise
            self._keep(connection)
            return answer

    async def aclose(self) -> None:
        """Close all connections that are idle; there are no others once every request has ended."""
        while self._idle:
            self._idle.pop().close()
        for _ in range(2):  # the loop closes a socket two turns later
            await asyncio.sleep(0)

    def _take_idle(self, origin: Origin) -> _Connection | None:
        since = asyncio.get_running_loop().time() - IDLE_FOR
        found = None
        for connection in reversed(self._idle[:]):
            if connection.idle_since < since or connection.has_ended:
                self._idle.remove(connection)
                connection.close()
            elif found is None and connection.origin == origin:
                self._idle.remove(connection)
                found = connection
        return found

    def _keep(self, connection: _Connection) -> None:
        if not connection.begin_anew():
            connection.close()
            return
        self._idle.append(connection)
        if len(self._idle) > MOST_IDLE:
            self._idle.pop(0).close()

    async def _open(self, origin: Origin) -> _Connection:
        transport = await self._dialler.dial(origin.host, origin.port)
        if origin.scheme == "https":
            transport = await self._dialler.encrypt(transport, origin.host, origin.port)
        return _Connection(origin, transport)


class _CountingReader(asyncio.StreamReader):
    """Knows whether there is something to read."""

    unread = 0
    """Bytes that have come and were not read."""

    def feed_data(self, data: bytes) -> None:  # type: ignore[override] # asyncio hands in bytes
        self.unread += len(data)
        super().feed_data(data)

    async def read(self, n: int = -1) -> bytes:
        data = await super().read(n)
        self.unread -= len(data)
        return data


class _Connection:
    """One connection; it carries one request at a time."""

    def __init__(self, origin: Origin, transport: asyncio.Transport) -> None:
        self.origin = origin
        self.idle_since = 0.0
        """Seconds of the event loop's time."""
        loop = asyncio.get_running_loop()
        self._transport = transport
        self._reader = _CountingReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(self._reader, loop=loop)
        hand_over(transport, protocol)
        self._writer = asyncio.StreamWriter(transport, protocol, self._reader, loop)
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEAD)

    async def exchange(
        self, method: str, target: Target, headers: Mapping[str, str], body: bytes, most: int
    ) -> Exchanged:
        """See `HttpConnections.exchange`."""
        try:
            await self._send(method, target, headers, body)
        except OSError as error:
            try:
                return await self._receive(most)  # what a host says before it hangs up is its answer
            except (OSError, h11.ProtocolError):
                raise error from None
        return await self._receive(most)

    async def _send(self, method: str, target: Target, headers: Mapping[str, str], body: bytes) -> None:
        fields = {"Host": target.authority, **headers}
        if body or method not in ("GET", "HEAD"):
            fields["Content-Length"] = str(len(body))
        request = h11.Request(method=method, target=target.path, headers=[*fields.items()])
        events = (request, h11.Data(data=body), h11.EndOfMessage())
        self._writer.write(b"".join(self._http.send(event) or b"" for event in events))
        await self._writer.drain()

    async def _receive(self, most: int) -> Exchanged:
        response = await self._next()
        while isinstance(response, h11.InformationalResponse):
            response = await self._next()
        if not isinstance(response, h11.Response):
            raise h11.RemoteProtocolError("the host hung up without an answer")
        headers: dict[str, str] = {}
        for raw_name, raw_value in response.headers:
            name, value = raw_name.decode("ascii"), raw_value.decode("latin-1")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
        body = Body(headers.get("content-encoding", ""), most)
        while isinstance(event := await self._next(), h11.Data):
            body.add(bytes(event.data))
        return Exchanged(response.status_code, headers, body.whole())

    async def _next(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._reader.read(_READ))
        return event

    @property
    def has_ended(self) -> bool:
        """Whether the host has hung up, or said something that nobody asked for, as many do before it."""
        return bool(self._reader.unread) or self._reader.at_eof() or self._transport.is_closing()

    def begin_anew(self) -> bool:
        """Prepare for the next request; return whether there can be one."""
        http = self._http
        if http.our_state is not h11.DONE or http.their_state is not h11.DONE or http.trailing_data[0]:
            return False
        http.start_next_cycle()
        self.idle_since = asyncio.get_running_loop().time()
        return not self.has_ended

    def close(self) -> None:
        """Close it, whatever the host does."""
        self._transport.close()
        # a host that does not read would keep it open
        asyncio.get_running_loop().call_soon(self._transport.abort)
