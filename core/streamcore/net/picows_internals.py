"""Everything of the library picows that is used and not documented, in one place.

Its documentation promises nothing about these, so `streamcore.config.libraries` takes no other version than
those they were looked at in, and ``tests/core/net/test_picows_internals.py`` fails when one of them is gone:

* ``picows.picows.WSProtocol`` is the protocol of asyncio that `picows.ws_connect` makes; its arguments have
  no names. `ws_connect` itself cannot be used: it opens the connection below in ways of its own, and of a
  refusal it forgets the part of the body that has not come yet;
* its ``connection_made`` sends the request for an upgrade, whose headers, with the key, are then
  ``transport.request.headers``;
* its ``get_buffer`` and ``buffer_updated`` take an answer, and what has come behind it, all at once; the
  second hands over every frame that is complete before it returns, to its ``listener``;
* its ``transport.underlying_transport`` is the transport of asyncio below.

And of websockets: its part without I/O, `websockets.client.ClientProtocol`, takes another ``key`` than the
one it has made.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from picows import WSAutoPingStrategy, WSListener, WSTransport
from picows.picows import WSProtocol  # type: ignore[attr-defined]

_ACCEPTED = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"

READ_AT_ONCE = 128 * 1024
"""Bytes that are read at once, some hundred messages: the library by itself takes whatever has come."""


class Listener(WSListener):
    """What hears of frames, and of the end of every reading."""

    __slots__ = ()

    def has_read(self, transport: WSTransport) -> None:
        """Take note that all frames that were read together have been handed over. Here: do nothing."""


class _Protocol(WSProtocol):  # type: ignore[misc]
    """The library's protocol, which reads no more than `READ_AT_ONCE` and tells when it has read."""

    def get_buffer(self, size_hint: int) -> memoryview:
        """Return where to read to; the library offers all of its buffer, and doubles one that was filled."""
        buffer: memoryview = super().get_buffer(size_hint)
        return buffer[:READ_AT_ONCE]

    def buffer_updated(self, nbytes: int) -> None:
        """Hand over what has come frame by frame, and then tell the listener that this was all of it."""
        super().buffer_updated(nbytes)
        if self.listener is not None:  # there is one as soon as the connection has been upgraded
            self.listener.has_read(self.transport)


class Upgrade:
    """A connection that is about to become a WebSocket of picows."""

    def __init__(
        self,
        transport: asyncio.Transport,
        listener: Callable[[], Listener],
        *,
        host: str,
        resource: str,
        headers: Mapping[str, str],
        max_message_bytes: int,
        logger: logging.Logger,
    ) -> None:
        """Send the request for an upgrade.

        Args:
            transport: A connection on which nothing was said yet.
            listener: Makes what hears of frames.
            host: For the header ``Host``.
            resource: Path and query.
            headers: Further headers.
            max_message_bytes: A frame with a larger payload closes the connection.
            logger: For the library's log.
        """
        self._transport = transport
        self._protocol = _Protocol(
            host,
            resource,
            True,  # this is the client
            listener,
            _Quiet(logger, {}),
            True,  # an exception of the listener ends the connection
            None,  # whoever opens it counts the time
            False,  # no pings of its own
            10,
            10,
            WSAutoPingStrategy.PING_WHEN_IDLE,
            False,  # nor answers to those of others: the listener looks at them first
            max_message_bytes,
            headers,
            2 * READ_AT_ONCE,  # bytes of its buffer, at first; what is never filled takes no memory
        )
        self._protocol.connection_made(transport)

    @property
    def key(self) -> str:
        """The ``Sec-WebSocket-Key`` of the request."""
        key: str = self._protocol.transport.request.headers["Sec-WebSocket-Key"]
        return key

    def complete(self, accept: str, received: bytes) -> WSTransport:
        """Hand the connection to picows, as one that has been upgraded, and return it.

        The library accepts fewer spellings of an answer than there are, so it is told one that it knows.

        Args:
            accept: The ``Sec-WebSocket-Accept`` of the answer.
            received: What has come behind the answer.
        """
        self._transport.set_protocol(self._protocol)
        answer = f"{_ACCEPTED}Sec-WebSocket-Accept: {accept}\r\n\r\n"
        left = memoryview(answer.encode() + received)
        while left:
            buffer = self._protocol.get_buffer(-1)
            count = min(len(buffer), len(left))
            buffer[:count] = left[:count]
            self._protocol.buffer_updated(count)
            left = left[count:]
        transport: WSTransport = self._protocol.transport
        return transport


class _Quiet(logging.LoggerAdapter[logging.Logger]):
    """Lets the library log for debugging alone: what it complains of is told as an error of ours.

    It is also what keeps it from making loggers of its own, which would not have the filters of ours.
    """

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Leave a record as it is."""
        return msg, kwargs

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Log at the level for debugging, or lower."""
        super().log(min(level, logging.DEBUG), msg, *args, **kwargs)
