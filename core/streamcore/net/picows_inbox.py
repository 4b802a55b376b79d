"""What comes in on a WebSocket of picows: from its frames to messages, and to the end of the connection.

picows hands out frames as they are. Here messages in parts are put together, within the bound for a message,
pings are answered, and what breaks the protocol in ways that picows does not look for is hung up on. How it
ended is told in the exceptions of the library websockets, so that both are translated alike.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from picows import WSFrame, WSMsgType, WSTransport
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, ConnectionClosedOK
from websockets.frames import Close

from streamcore.net.picows_internals import Listener
from streamcore.net.transport import Frame

if TYPE_CHECKING:
    from picows.picows import WSCloseHandshake

ENOUGH = 16
"""Messages above which the socket is not read on until some were taken; as many as websockets keeps."""

_TEXT, _BINARY, _CONTINUATION = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.CONTINUATION
_PROTOCOL_ERROR, _INVALID_DATA, _TOO_BIG, _NO_STATUS = 1002, 1007, 1009, 1005
"""Codes of RFC 6455, section 7.4.1."""


class Inbox(Listener):
    """What has come in on one connection, and how it ended. picows calls the methods.

    It has slots since `on_ws_frame` reads them for every frame: in a class that is derived from one of Cython
    an attribute without a slot takes five times as long.
    """

    __slots__ = (
        "_is_text", "_max_message_bytes", "_parts", "_waiters", "ended", "full", "lost", "may_write",
        "messages", "over", "pings",
    )  # fmt: skip

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
        """Keep a message. This is done for every one; what can wait for the last of them is in `has_read`."""
        kind = frame.msg_type
        reserved = frame.rsv1 or frame.rsv2 or frame.rsv3
        if kind is _TEXT and frame.fin and not reserved and self._parts is None and not self.over:
            try:
                self.messages.append(frame.get_payload_as_utf8_text())
            except UnicodeDecodeError:
                self._fail(transport, _INVALID_DATA, "a text is not UTF-8")
        else:
            self._take_other(transport, frame, kind)

    def has_read(self, transport: WSTransport) -> None:
        """Take note that all frames that were read together have been handed over."""
        if transport.is_close_frame_sent:
            self.over = True  # it may be picows that has closed, because of what came behind them
        if self._waiters:
            self._wake()
        if len(self.messages) > ENOUGH and not self.full and not self.over:
            self.full = True
            transport.underlying_transport.pause_reading()

    def _take_other(self, transport: WSTransport, frame: WSFrame, kind: WSMsgType) -> None:
        if self.over and kind is not WSMsgType.CLOSE:
            return
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            self._fail(transport, _PROTOCOL_ERROR, "a reserved bit is set")
        elif kind is WSMsgType.PING:
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
        if self.ended is None:
            self._end(ConnectionClosedError(None, _sent_by(transport)))
        self._wake()

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
