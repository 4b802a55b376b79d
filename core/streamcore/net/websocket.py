"""WebSockets by the library websockets: opening one, and one that is open.

It offers every server to compress messages (permessage-deflate, RFC 7692).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable

from websockets.asyncio.client import ClientConnection

from streamcore.clock import Clock
from streamcore.net import errors
from streamcore.net import websockets_internals as internals
from streamcore.net.dial import Dialler
from streamcore.net.endpoint import Endpoint, RefusalMeaning
from streamcore.net.open_socket import CLOSE_TIMEOUT, OpenSocket, open_within
from streamcore.net.transport import USER_AGENT, Frame
from streamcore.text import Mask, MaskingFilter


class WebSocket(OpenSocket):
    """A `streamcore.net.transport.Socket`."""

    def __init__(self, connection: ClientConnection, endpoint: Endpoint, clock: Clock) -> None:
        super().__init__(endpoint, clock)
        self._connection = connection

    async def receive(self) -> Frame:
        """Return the next message; waits for it.

        Raises:
            ProviderError: The connection has ended, cleanly or not.
        """
        with errors.talking(self._host, self._mask):
            frame = await self._connection.recv()
        return self._without_echo(frame)

    def arrived(self) -> list[Frame]:
        """Return the messages that are here already, oldest first, without waiting.

        One in parts, or that is no text though it says so, is left to `receive`, and so is what follows it.
        """
        messages = internals.take_messages(self._connection)
        return self._echo.in_all(messages) if self._has_secrets else messages

    def _pause_reading(self) -> None:
        internals.pause_reading(self._connection)

    def _resume_reading(self) -> None:
        internals.resume_reading(self._connection)

    async def send(self, frame: Frame) -> None:
        """Send one message; waits while the peer does not read.

        Raises:
            ProviderError: The connection has ended.
        """
        with errors.talking(self._host, self._mask):
            await self._connection.send(frame)

    async def _send_ping(self) -> Awaitable[float]:
        return await self._connection.ping()

    async def close(self) -> None:
        """Close with a close frame; returns within `CLOSE_TIMEOUT`, whatever the peer does."""
        await self._connection.close()


async def open_websocket(
    endpoint: Endpoint,
    *,
    name: str,
    refusal: RefusalMeaning,
    within: float,
    max_message_bytes: int,
    clock: Clock,
    dialler: Dialler,
) -> WebSocket:
    """Open a WebSocket; see `streamcore.net.transport.Transport.connect`. ``clock`` counts every timeout.

    ``dialler`` opens the connection below.

    Raises:
        ProviderError: It could not be reached, or refused.
    """
    logger = logging.getLogger(f"streamcore.websocket.{name}")
    logger.filters = [internals.is_no_frame, MaskingFilter(Mask(endpoint.secrets))]

    async def connect() -> WebSocket:
        # a redirect is a refusal: to follow it could carry the key to another host
        connection = await internals.Connect(
            endpoint.url,
            dialler=dialler,
            origin=endpoint.origin,
            subprotocols=endpoint.subprotocols or None,
            additional_headers=dict(endpoint.headers),
            user_agent_header=USER_AGENT,
            open_timeout=None,  # counted by the injected clock instead
            ping_interval=None,  # whoever uses the socket sends its own pings, by the same clock
            close_timeout=CLOSE_TIMEOUT,
            max_size=max_message_bytes,
            logger=logger,
        )
        return WebSocket(connection, endpoint, clock)

    return await open_within(
        connect(), endpoint, refusal=refusal, within=within, clock=clock, dialler=dialler
    )
