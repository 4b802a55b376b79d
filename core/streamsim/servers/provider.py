"""The base of every emulated provider: an HTTP port, faults, and what a test may look at.

A provider that is only polled subclasses `HttpServer`; one with a WebSocket
`streamsim.servers.websocket.ProviderServer`, which is an `HttpServer` as well.
"""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from typing import ClassVar

from streamcore.clock import Clock, wait_for
from streamsim.servers.clients import REMEMBERED
from streamsim.servers.faults import Event, Fault, Faults, Terms
from streamsim.servers.http11 import LOOPBACK, Http11Server, HttpReply, HttpRequest
from streamsim.tasks import Tasks


class HttpServer(ABC):
    """An emulated provider over HTTP, which keeps the requests it gets for tests to look at.

    After `start` you must `close` it.
    """

    name: ClassVar[str]
    """The provider's name in error messages."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.faults = Faults()
        self.http_port = 0
        self._requests: deque[HttpRequest] = deque(maxlen=REMEMBERED)
        self._waiters: list[tuple[Callable[[], object], asyncio.Future[None]]] = []
        self._closing = asyncio.Event()
        self._tasks = Tasks()
        self._http = Http11Server(self._handle, clock)

    # Implemented by each provider

    @abstractmethod
    def _error_body(self, status: int) -> bytes:
        """Return the provider's usual body of an HTTP error."""

    @abstractmethod
    async def answer(self, request: HttpRequest) -> HttpReply:
        """Return the answer to an HTTP request."""

    # Start and end

    async def start(self, port: int) -> None:
        """Listen on ``port``; 0 takes a free one.

        Raises:
            OSError: The port cannot be used; the message is a sentence that names it.
        """
        try:
            self.http_port = await self._http.start(port)
        except (OSError, OverflowError) as error:
            await self.close()
            raise unusable(self.name, port, error) from error

    async def close(self) -> None:
        """Stop listening, end every task."""
        self._closing.set()
        await self._tasks.cancel()
        await self._http.close()

    # What a test may look at

    @property
    def requests(self) -> list[HttpRequest]:
        """The HTTP requests seen, oldest first."""
        return list(self._requests)

    async def wait_for(self, condition: Callable[[], object], timeout: float = 60.0) -> None:  # noqa: ASYNC109
        """Return as soon as ``condition()`` is true.

        The condition is checked whenever this server has received something or sent data.

        Args:
            condition: What to wait for.
            timeout: Seconds of real time, whatever the injected clock says: this is for tests.

        Raises:
            TimeoutError: It did not come true in time.
        """
        if condition():
            return
        waiter = (condition, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(timeout):
                await waiter[1]
        finally:
            self._waiters.remove(waiter)

    def check_waiters(self) -> None:
        """Check the conditions of all calls of `wait_for`; called after everything that may change one."""
        for condition, future in self._waiters:
            if not future.done() and condition():
                future.set_result(None)

    # Requests

    async def _handle(self, request: HttpRequest) -> HttpReply | None:
        self._requests.append(request)
        self.faults.happened(Event.REQUEST)
        self.check_waiters()
        if terms := self.faults.take(Fault.HTTP_SLOW):
            await self._pause(terms.seconds)
        if self.faults.take(Fault.HTTP_DROP):
            return None
        if self.faults.take(Fault.HTTP_GARBAGE):
            page = b"<!doctype html><title>Bad gateway</title><h1>Bad gateway</h1>"
            return HttpReply(200, page, content_type="text/html")
        if terms := self.faults.take(Fault.HTTP_STATUS):
            return self._fault_reply(terms)
        if self.faults.take(Fault.THROTTLE):
            return self._too_many()
        return await self.answer(request)

    def _too_many(self) -> HttpReply:
        """Return the answer to a request that is one too many."""
        return HttpReply(429, self._error_body(429))

    def _fault_reply(self, terms: Terms) -> HttpReply:
        headers = {} if terms.retry_after is None else {"Retry-After": f"{terms.retry_after:g}"}
        body = self._error_body(terms.status) if terms.body is None else terms.body.encode()
        return HttpReply(terms.status, body, headers)

    async def _pause(self, seconds: float) -> None:
        """Sleep, but end at once when the server is closed."""
        with contextlib.suppress(TimeoutError):
            await wait_for(self.clock, self._closing.wait(), seconds)


def unusable(name: str, port: int, error: Exception) -> OSError:
    """Return the error of an emulated provider whose port cannot be used, as a sentence that names it."""
    cause = getattr(error, "strerror", None) or str(error)
    failure = OSError(f"the emulated {name} cannot listen on {LOOPBACK}, port {port}: {cause}")
    failure.errno = getattr(error, "errno", None)
    return failure
