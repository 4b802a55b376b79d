"""WebSockets by the library picows, which parses frames in C: opening one, and one that is open.

It is the quicker of the two libraries and knows less than websockets; `picows_inbox` does the rest. The
handshake is read by the part of websockets that does no I/O, so a refusal is understood in
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
from collections.abc import Awaitable
from contextlib import suppress
from typing import cast

from picows import WSMsgType, WSTransport
from websockets.client import ClientProtocol
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Origin, Subprotocol
from websockets.uri import WebSocketURI, parse_uri

from streamcore.clock import Clock
from streamcore.net import errors
from streamcore.net.dial import Dialler, waiting_on
from streamcore.net.endpoint import Endpoint, RefusalMeaning, host_of
from streamcore.net.open_socket import CLOSE_TIMEOUT, OpenSocket, open_within
from streamcore.net.picows_inbox import ENOUGH, Inbox
from streamcore.net.picows_internals import Upgrade
from streamcore.net.transport import USER_AGENT, Frame
from streamcore.net.tunnel import Waiting
from streamcore.text import Mask, MaskingFilter


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
        return self._echo.in_all(messages) if self._has_secrets else messages

    def _read_on(self) -> None:
        if self._inbox.full and len(self._inbox.messages) <= ENOUGH // 4:
            self._inbox.full = False
            if not self._gathers:
                self._resume_reading()

    def _pause_reading(self) -> None:
        self._gathers = True
        below = self._transport.underlying_transport
        if not below.is_closing():
            below.pause_reading()

    def _resume_reading(self) -> None:
        self._gathers = False
        below = self._transport.underlying_transport
        if not self._inbox.full and not below.is_closing():
            below.resume_reading()

    async def send(self, frame: Frame) -> None:
        """Send one message; waits while the peer does not read.

        Raises:
            ProviderError: The connection has ended.
        """
        self._check()
        self._transport.send(WSMsgType.TEXT if isinstance(frame, str) else WSMsgType.BINARY, frame)
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
    waiting = waiting_on(transport)
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
