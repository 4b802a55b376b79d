"""The network as one object that is handed in: what the engine asks of it, and nothing more.

`streamcore.net.network.Network` is the real one. A test, a recording or another WebSocket library stands in
its place by offering the same few methods. All of them raise `streamcore.errors.ProviderError` and no foreign
exception (see `streamcore.net.errors`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any, Protocol, TypeAlias

import msgspec

from streamcore.net.endpoint import Endpoint, RefusalMeaning
from streamcore.net.rate_limit import RateLimit

USER_AGENT = "streamtui"
"""How this program names itself to every server."""

Frame: TypeAlias = str | bytes
"""One WebSocket message: text or binary."""


class Answer(msgspec.Struct, frozen=True):
    """What an HTTP request brought: any status, also an error's."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class Socket(Protocol):
    """One open WebSocket. One task reads it; whoever opened it must `close` it."""

    async def receive(self) -> Frame:
        """Return the next message; waits for it.

        Raises:
            ProviderError: The connection has ended, cleanly or not.
        """
        ...

    def arrived(self) -> list[Frame]:
        """Return the messages that are here already, oldest first, without waiting.

        It may leave some to `receive`, and says nothing of the end of the connection.
        """
        ...

    async def gather(self, seconds: float) -> bool:
        """Leave what comes in the buffer of the system for some seconds; return whether it did.

        While a `ping` is unanswered it does not, and returns at once.
        """
        ...

    async def send(self, frame: Frame) -> None:
        """Send one message; waits while the peer does not read.

        Raises:
            ProviderError: The connection has ended.
        """
        ...

    async def ping(self) -> Awaitable[float]:
        """Send a ping; hand what it returns to `pong`.

        Raises:
            ProviderError: The connection has ended.
        """
        ...

    async def pong(self, waiter: Awaitable[float], seconds: float) -> None:
        """Wait for the pong of a `ping`, at most so many seconds.

        Raises:
            ProviderError: It did not come in time, or the connection has ended.
        """
        ...

    async def close(self) -> None:
        """Close with a close frame; returns soon, whatever the peer does. Calling it again does nothing."""
        ...


class Http(Protocol):
    """The half of a `Transport` that asks: all that the HTTP side of a provider needs."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        secrets: tuple[str, ...] = (),
        rate_limit: RateLimit | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> Answer:
        """Make one request, as soon as the rate limit allows it. Redirects are not followed.

        Args:
            method: ``GET`` or ``POST``.
            url: Where; with the path.
            secrets: What must be masked in every text, and is blanked where the answer repeats it.
            rate_limit: Asked for a turn first; ``None``: the request is made at once.
            params: The query.
            headers: Sent as they are.
            json: Sent as the body; ``None``: there is none.

        Raises:
            ProviderError: No answer came. An answer with an error status is an `Answer`.
        """
        ...


class Transport(Http, Protocol):
    """All that the engine asks of a network."""

    async def connect(
        self, endpoint: Endpoint, *, name: str, refusal: RefusalMeaning, within: float, max_message_bytes: int
    ) -> Socket:
        """Open a WebSocket.

        Args:
            endpoint: Where and how.
            name: Who is called, for the log.
            refusal: Says what an HTTP answer other than 101 to the upgrade means.
            within: Seconds for name lookup, TCP, TLS and the upgrade together.
            max_message_bytes: A larger message closes the connection.

        Raises:
            ProviderError: It could not be reached, or refused.
        """
        ...
