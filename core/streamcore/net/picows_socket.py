"""WebSockets by the library picows, which parses frames in C: opening one, and one that is open.

It is the quicker of the two libraries and knows less than websockets, so the rest is done here: messages in
parts are put together, within the same bound, and what breaks the protocol in ways that it does not look for
is hung up on. The handshake is read by the part of websockets that does no I/O, so a refusal is understood in
the same way. Differences that remain:

* messages are never compressed: it has no permessage-deflate;
* the buffer for what comes in grows with the largest message and is kept as long as the connection;
* masks come from the C library's ``rand``, which can be predicted. RFC 6455 (section 10.3) wants them against
  scripts of strangers that choose what a browser sends; here nobody but this program does.
"""

from __future__ import annotations

import asyncio
import logging
from base64 import b64encode
from collections import deque
from collections.abc import Awaitable
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from picows import WSFrame, WSListener, WSMsgType, WSTransport
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK
from websockets.frames import Close
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Origin, Subprotocol
from websockets.uri import WebSocketURI, parse_uri

from streamcore.clock import Clock
from streamcore.net import errors
from streamcore.net.dial import Dialler
from streamcore.net.endpoint import Endpoint, RefusalMeaning, host_of
from streamcore.net.open_socket import CLOSE_TIMEOUT, OpenSocket, open_within
from streamcore.net.picows_internals import Upgrade
from streamcore.net.transport import USER_AGENT, Frame
from streamcore.net.tunnel import Waiting
from streamcore.text import Mask, MaskingFilter

if TYPE_CHECKING:
    from picows.picows import WSCloseHandshake

ENOUGH = 16
"""Messages above which the socket is not read on until some were taken; as many as websockets keeps."""

_TEXT, _BINARY, _CONTINUATION = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION
_PROTOCOL_ERROR, _INVALID_DATA, _TOO_BIG, _NO_STATUS = 1002, 1007, 1009, 1005
"""Codes of RFC 6455, section 7.4.1."""


class Inbox(WSListener):
    """What has come in on one connection, and how it ended. picows calls the methods."""

    def __init__(self, max_message_bytes: int) -> None:
        super().__init__()
        self.messages: deque[Frame] = deque()
        """Those that nobody has taken, oldest first."""
        self.ended: ConnectionClosed | None = None
        """How the connection ended; ``None``: it has not."""
        self.lost = False
        """The connection below has ended, too."""
        self.pings: dict[bytes, tuple[asyncio.Future[float], float]] = {}
        """Unanswered ones, oldest first: by their payload who waits, and the loop's time when it was sent."""
        self.full = False
        """The socket is not read on before messages were taken."""
        self.may_write = True
        """The peer reads what is sent."""
        self.over = False
        """Nothing that comes is of interest any more, but a close frame."""
        self._max_message_bytes = max_message_bytes
        self._parts: bytearray | None = None
        """The beginning of a message in parts; ``None``: there is none under way."""
        self._is_text = False
        """It is one of text."""
        self._waiters: list[asyncio.Future[None]] = []

    async def changed(self) -> None:
        """Return when something has come in, was sent, or has ended."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            with suppress(ValueError):
                self._waiters.remove(waiter)

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Keep a message; this is done for every one, so nothing is called here that need not be."""
        kind = frame.msg_type
        if transport.is_close_frame_sent and kind is not WSMsgType.CLOSE and self._is_late(frame):
            return
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            self._fail(transport, _PROTOCOL_ERROR, "a reserved bit is set")
            return
        if kind is _TEXT and frame.fin and self._parts is None:
            try:
                self.messages.append(frame.get_payload_as_utf8_text())
            except UnicodeDecodeError:
                self._fail(transport, _INVALID_DATA, "a text is not UTF-8")
                return
        else:
            self._take_other(transport, frame, kind)
        if self._waiters:
            self._wake()
        if frame.last_in_buffer and len(self.messages) > ENOUGH and not self.full:
            self.full = True
            transport.underlying_transport.pause_reading()

    def _is_late(self, frame: WSFrame) -> bool:
        """Return whether a frame comes after this side has closed.

        Where picows has, because of the frame behind this one, it hands this one over only then.
        """
        late, self.over = self.over or frame.payload_size > self._max_message_bytes, True
        return late

    def _take_other(self, transport: WSTransport, frame: WSFrame, kind: WSMsgType) -> None:
        if kind is WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        elif kind is WSMsgType.PONG:
            self._answered(frame.get_payload_as_bytes())
        elif kind is WSMsgType.CLOSE:
            self._closed(transport, frame.get_payload_as_bytes())
        elif (kind is _CONTINUATION) is (self._parts is None):
            self._fail(transport, _PROTOCOL_ERROR, "the parts of a message do not fit")
        elif kind is _BINARY and frame.fin:
            self.messages.append(frame.get_payload_as_bytes())
        else:
            self._take_part(transport, frame, kind)

    def _take_part(self, transport: WSTransport, frame: WSFrame, kind: WSMsgType) -> None:
        if self._parts is None:
            self._parts, self._is_text = bytearray(), kind is _TEXT
        if len(self._parts) + frame.payload_size > self._max_message_bytes:
            self._fail(transport, _TOO_BIG, "")
            return
        self._parts += frame.get_payload_as_memoryview()
        if not frame.fin:
            return
        whole, self._parts = bytes(self._parts), None
        try:
            self.messages.append(whole.decode() if self._is_text else whole)
        except UnicodeDecodeError:
            self._fail(transport, _INVALID_DATA, "a text is not UTF-8")

    def _answered(self, payload: bytes) -> None:
        if payload not in self.pings:
            return  # nobody asked, which is legal
        now = asyncio.get_running_loop().time()
        for asked in list(self.pings):  # the answer to the newest of several is one to all of them
            waiter, sent_at = self.pings.pop(asked)
            if not waiter.done():
                waiter.set_result(now - sent_at)
            if asked == payload:
                return

    def _closed(self, transport: WSTransport, payload: bytes) -> None:
        received = Close(_NO_STATUS, "")
        if payload:
            try:
                received = Close.parse(payload)
                received.check()
            except Exception:
                self._fail(transport, _PROTOCOL_ERROR, "its close frame cannot be read")
                return
        sent = _sent_by(transport)
        self.over = True
        if sent is None:
            code = 1000 if received.code == _NO_STATUS else received.code
            transport.send_close(code, received.reason)  # type: ignore[arg-type]
            self._end(ConnectionClosedOK(received, received, rcvd_then_sent=True))
        else:
            self._end(ConnectionClosedOK(received, sent, rcvd_then_sent=False))
        transport.disconnect()

    def _fail(self, transport: WSTransport, code: int, reason: str) -> None:
        self.over = True
        transport.send_close(code, reason)  # type: ignore[arg-type]
        transport.disconnect()
        self._end(ConnectionClosedError(None, Close(code, reason)))

    def _end(self, how: ConnectionClosed) -> None:
        if self.ended is None:
            self.ended = how
        for waiter, _ in self.pings.values():
            if not waiter.done():
                waiter.set_exception(self.ended)
                waiter.exception()  # whoever waits has it; nobody need wait
        self.pings.clear()
        self._wake()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Take note that the connection has ended; it may be picows that has hung up."""
        self.lost = True
        self._end(ConnectionClosedError(None, _sent_by(transport)))

    def pause_writing(self) -> None:
        """Take note that the peer does not read."""
        self.may_write = False

    def resume_writing(self) -> None:
        """Take note that it does again."""
        self.may_write = True
        self._wake()


def _sent_by(transport: WSTransport) -> Close | None:
    handshake: WSCloseHandshake | None = transport.close_handshake  # the library's types know no ``None``
    if handshake is None or handshake.sent is None:
        return None
    return Close(handshake.sent.code.value, handshake.sent.reason)


class PicowsSocket(OpenSocket):
    """A `streamcore.net.transport.Socket`."""

    def __init__(self, transport: WSTransport, inbox: Inbox, endpoint: Endpoint, clock: Clock) -> None:
        super().__init__(endpoint, clock)
        self._transport = transport
        self._inbox = inbox
        self._pings = 0
        self._gathers = False

    async def receive(self) -> Frame:
        """Return the next message; waits for it.

        Raises:
            ProviderError: The connection has ended, cleanly or not.
        """
        inbox = self._inbox
        while not inbox.messages:
            self._check()
            await inbox.changed()
        message = inbox.messages.popleft()
        self._read_on()
        return self._without_echo(message) if self._has_secrets else message

    def arrived(self) -> list[Frame]:
        """Return the messages that are here already, oldest first, without waiting."""
        messages = list(self._inbox.messages)
        self._inbox.messages.clear()
        self._read_on()
        return self._echo.in_messages(messages) if self._has_secrets else messages

    def _read_on(self) -> None:
        if self._inbox.full and len(self._inbox.messages) <= ENOUGH // 4:
            self._inbox.full = False
            if not self._gathers:
                self._transport.underlying_transport.resume_reading()

    def _pause_reading(self) -> None:
        self._gathers = True
        if not self._inbox.lost:
            self._transport.underlying_transport.pause_reading()

    def _resume_reading(self) -> None:
        self._gathers = False
        if not self._inbox.full and not self._inbox.lost:
            self._transport.underlying_transport.resume_reading()

    async def send(self, frame: Frame) -> None:
        """Send one message; waits while the peer does not read.

        Raises:
            ProviderError: The connection has ended.
        """
        self._check()
        self._transport.send(_TEXT if isinstance(frame, str) else _BINARY, frame)
        while not self._inbox.may_write:
            self._check()
            await self._inbox.changed()

    async def _send_ping(self) -> Awaitable[float]:
        self._check()
        loop = asyncio.get_running_loop()
        self._pings += 1
        payload = self._pings.to_bytes(4, "big")
        waiter: asyncio.Future[float] = loop.create_future()
        self._inbox.pings[payload] = (waiter, loop.time())
        self._transport.send_ping(payload)
        return waiter

    async def close(self) -> None:
        """Close with a close frame; returns within `CLOSE_TIMEOUT`, whatever the peer does."""
        transport, inbox = self._transport, self._inbox
        transport.send_close(1000)  # type: ignore[arg-type] # does nothing if one was sent
        inbox.over, inbox.full = True, False
        self._resume_reading()  # its answer may wait behind what nobody reads any more
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                while not inbox.lost:
                    await inbox.changed()
        except TimeoutError:
            transport.disconnect(graceful=False)
        with suppress(Exception):  # what picows complains of was told already
            await transport.wait_disconnected()

    def _check(self) -> None:
        with errors.talking(self._host, self._mask):
            if self._inbox.ended is not None:
                raise self._inbox.ended


async def open_picows(
    endpoint: Endpoint,
    *,
    name: str,
    refusal: RefusalMeaning,
    within: float,
    max_message_bytes: int,
    clock: Clock,
    dialler: Dialler,
) -> PicowsSocket:
    """Open a WebSocket; see `streamcore.net.transport.Transport.connect`. ``clock`` counts every timeout.

    ``dialler`` opens the connection below.

    Raises:
        ProviderError: It could not be reached, or refused.
    """
    logger = logging.getLogger(f"streamcore.websocket.{name}")
    logger.filters = [MaskingFilter(Mask(endpoint.secrets))]

    async def connect() -> PicowsSocket:
        uri = parse_uri(endpoint.url)
        transport = await dialler.dial(uri.host, uri.port)
        try:
            if uri.secure:
                transport = await dialler.encrypt(transport, uri.host, uri.port)
            inbox = Inbox(max_message_bytes)
            upgraded = await _upgrade(transport, inbox, uri, endpoint, max_message_bytes, logger)
        except BaseException:
            transport.abort()
            raise
        return PicowsSocket(upgraded, inbox, endpoint, clock)

    return await open_within(
        connect(), endpoint, refusal=refusal, within=within, clock=clock, dialler=dialler
    )


async def _upgrade(
    transport: asyncio.Transport,
    inbox: Inbox,
    uri: WebSocketURI,
    endpoint: Endpoint,
    max_message_bytes: int,
    logger: logging.Logger,
) -> WSTransport:
    waiting = cast("Waiting", transport.get_protocol())
    waiting.check()
    logger.debug("> GET %s HTTP/1.1, by picows", uri.resource_name)
    upgrade = Upgrade(
        transport,
        lambda: inbox,
        host=host_of(endpoint.url),
        resource=uri.resource_name,
        headers=_headers(endpoint, uri),
        max_message_bytes=max_message_bytes,
        logger=logger,
    )
    handshake = ClientProtocol(
        uri,
        origin=None if endpoint.origin is None else Origin(endpoint.origin),
        subprotocols=[Subprotocol(one) for one in endpoint.subprotocols] or None,
        logger=logger,
    )
    handshake.key = upgrade.key
    accept = await _accepted(waiting, handshake)
    waiting.check()
    upgraded = upgrade.complete(accept, waiting.take_all())
    if waiting.at_end:
        transport.close()
    return upgraded


async def _accepted(waiting: Waiting, handshake: ClientProtocol) -> str:
    """Return the ``Sec-WebSocket-Accept`` of an answer that accepts the upgrade; what is behind it is left.

    Raises:
        websockets.InvalidHandshake: It does not accept; `websockets.InvalidStatus` if that is its status.
    """
    try:
        handshake.receive_data(await waiting.read_head())
    except OSError:
        if not waiting.at_end:
            raise
    while handshake.state is State.CONNECTING and handshake.handshake_exc is None:
        if data := await waiting.read_some():
            handshake.receive_data(data)
        else:
            handshake.receive_eof()
    if handshake.handshake_exc is not None:
        raise handshake.handshake_exc
    (response,) = handshake.events_received()
    return cast("Response", response).headers["Sec-WebSocket-Accept"]


def _headers(endpoint: Endpoint, uri: WebSocketURI) -> dict[str, str]:
    headers = {"User-Agent": USER_AGENT, **endpoint.headers}
    if endpoint.origin is not None:
        headers["Origin"] = endpoint.origin
    if endpoint.subprotocols:
        headers["Sec-WebSocket-Protocol"] = ", ".join(endpoint.subprotocols)
    if uri.user_info is not None:
        headers["Authorization"] = "Basic " + b64encode(":".join(uri.user_info).encode()).decode()
    return headers
