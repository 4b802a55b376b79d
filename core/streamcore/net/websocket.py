"""WebSockets by the library websockets: opening one, and one that is open."""

from __future__ import annotations

import logging
from collections.abc import Awaitable

from websockets.asyncio.client import ClientConnection

from streamcore.clock import Clock, wait_for
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net import errors
from streamcore.net import websockets_internals as internals
from streamcore.net.dial import Dialler
from streamcore.net.endpoint import Endpoint, RefusalMeaning, address_of, host_of
from streamcore.net.transport import USER_AGENT, Frame
from streamcore.text import Echo, Mask, MaskingFilter

CLOSE_TIMEOUT = 1.0
"""Seconds the closing handshake may take; a person who pressed ``q`` is waiting."""


class WebSocket:
    """A `streamcore.net.transport.Socket`."""

    def __init__(self, connection: ClientConnection, endpoint: Endpoint, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._host = host_of(endpoint.url)
        self._mask = Mask(endpoint.secrets)
        self._echo = Echo(endpoint.secrets)
        self._has_secrets = bool(endpoint.secrets)
        self._awaits_pong = False

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
        return [self._without_echo(message) for message in messages] if self._has_secrets else messages

    def _without_echo(self, frame: Frame) -> Frame:
        return self._echo.in_text(frame) if isinstance(frame, str) else self._echo.in_bytes(frame)

    async def gather(self, seconds: float) -> bool:
        """Leave what comes in the buffer of the system for some seconds; return whether it did.

        While a `ping` is unanswered it does not: the pong would wait there too, and the round trip
        seem longer than it is.
        """
        if self._awaits_pong:
            return False
        internals.pause_reading(self._connection)
        try:
            await self._clock.sleep(seconds)
        finally:
            internals.resume_reading(self._connection)
        return True

    async def send(self, frame: Frame) -> None:
        """Send one message; waits while the peer does not read.

        Raises:
            ProviderError: The connection has ended.
        """
        with errors.talking(self._host, self._mask):
            await self._connection.send(frame)

    async def ping(self) -> Awaitable[float]:
        """Send a ping; hand what it returns to `pong`. Ends a `gather`.

        Raises:
            ProviderError: The connection has ended.
        """
        self._awaits_pong = True
        internals.resume_reading(self._connection)
        with errors.talking(self._host, self._mask):
            return await self._connection.ping()

    async def pong(self, waiter: Awaitable[float], seconds: float) -> None:
        """Wait for the pong of a `ping`, at most so many seconds.

        Raises:
            ProviderError: It did not come in time, or the connection has ended.
        """
        with errors.talking(self._host, self._mask):
            try:
                await wait_for(self._clock, waiter, seconds)
            except TimeoutError as error:  # it is an OSError too, and must not be taken for one
                text = f"{self._host} did not answer a ping for {seconds:g} s"
                raise ProviderError(ErrorKind.NETWORK, text) from error
            finally:
                self._awaits_pong = False

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
    with errors.connecting(endpoint, within, refusal):
        # a redirect is a refusal: to follow it could carry the key to another host
        opening = internals.Connect(
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
        try:
            return WebSocket(await wait_for(clock, opening, within), endpoint, clock)
        except TimeoutError as error:
            if (proxy := dialler.whom_it_waits_for(*address_of(endpoint.url))) is not None:
                raise errors.silent(proxy, within) from error
            raise
