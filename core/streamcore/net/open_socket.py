"""What an open WebSocket does whatever library carries it: waiting for pongs, letting messages gather."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable
from typing import TypeVar

from streamcore.clock import Clock, wait_for
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net import errors
from streamcore.net.dial import Dialler
from streamcore.net.endpoint import Endpoint, RefusalMeaning, address_of, host_of
from streamcore.net.transport import Frame
from streamcore.text import Echo, Mask

CLOSE_TIMEOUT = 1.0
"""Seconds the closing handshake may take; a person who pressed ``q`` is waiting."""

_Opened = TypeVar("_Opened", bound="OpenSocket")


class OpenSocket(ABC):
    """The part of a `streamcore.net.transport.Socket` that the libraries share."""

    def __init__(self, endpoint: Endpoint, clock: Clock) -> None:
        self._clock = clock
        self._host = host_of(endpoint.url)
        self._mask = Mask(endpoint.secrets)
        self._echo = Echo(endpoint.secrets)
        self._has_secrets = bool(endpoint.secrets)
        self._awaits_pong = False

    @abstractmethod
    def _pause_reading(self) -> None:
        """Leave what comes in the buffer of the system; a second time does nothing."""

    @abstractmethod
    def _resume_reading(self) -> None:
        """Read again, unless there is another reason not to; a second time does nothing."""

    @abstractmethod
    async def _send_ping(self) -> Awaitable[float]:
        """Send a ping and return what completes with its pong, or fails when the connection ends."""

    def _without_echo(self, frame: Frame) -> Frame:
        return self._echo.in_text(frame) if isinstance(frame, str) else self._echo.in_bytes(frame)

    async def gather(self, seconds: float) -> bool:
        """Leave what comes in the buffer of the system for some seconds; return whether it did.

        While a `ping` is unanswered it does not: the pong would wait there too, and the round trip
        seem longer than it is.
        """
        if self._awaits_pong:
            return False
        self._pause_reading()
        try:
            await self._clock.sleep(seconds)
        finally:
            self._resume_reading()
        return True

    async def ping(self) -> Awaitable[float]:
        """Send a ping; hand what it returns to `pong`. Ends a `gather`.

        Raises:
            ProviderError: The connection has ended.
        """
        self._awaits_pong = True
        self._resume_reading()
        with errors.talking(self._host, self._mask):
            return await self._send_ping()

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


async def open_within(
    opening: Awaitable[_Opened],
    endpoint: Endpoint,
    *,
    refusal: RefusalMeaning,
    within: float,
    clock: Clock,
    dialler: Dialler,
) -> _Opened:
    """Wait for a library to open a WebSocket by ``dialler``, so many seconds of ``clock``, and return it.

    Raises:
        ProviderError: It could not be reached, or refused; the library's own exceptions are translated.
    """
    with errors.connecting(endpoint, within, refusal):
        try:
            return await wait_for(clock, opening, within)
        except TimeoutError as error:
            if (proxy := dialler.whom_it_waits_for(*address_of(endpoint.url))) is not None:
                raise errors.silent(proxy, within) from error
            raise
