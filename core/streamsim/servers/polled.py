"""What the emulated price sources without a stream have in common: a market, and a rate limit."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from streamcore.clock import Clock
from streamsim.servers.http11 import LOOPBACK, HttpReply, HttpRequest
from streamsim.servers.limits import SlidingWindow
from streamsim.servers.provider import HttpServer
from streamsim.world.market import Market


class PolledServer(HttpServer):
    """A price source on loopback that answers GET requests within a rate limit.

    Args:
        clock: Time.
        market: The market it serves; a mint without a price there is left out of every answer.
        watch: Called with the mints a client asks for.
        requests: Requests allowed in any window of ``seconds``; refused ones do not count.
        seconds: Length of that window.
    """

    def __init__(
        self,
        clock: Clock,
        market: Market,
        watch: Callable[[list[str]], None],
        requests: int,
        seconds: float,
    ) -> None:
        super().__init__(clock)
        self.refused = 0
        """Requests answered with 429."""
        self._market = market
        self._watch = watch
        self.limit_to(requests, seconds)

    def limit_to(self, requests: int, seconds: float) -> None:
        """Change the rate limit, and start counting from zero."""
        self._window = SlidingWindow(self.clock, requests, seconds, lenient=True)

    @property
    def rest_url(self) -> str:
        """Scheme and host of the API."""
        return f"http://{LOOPBACK}:{self.http_port}"

    @abstractmethod
    def _reply(self, request: HttpRequest) -> HttpReply:
        """Return the answer to a request that is within the rate limit."""

    @abstractmethod
    def _rate_headers(self) -> dict[str, str]:
        """Return the headers about the rate limit, for answers with status 200 and 429."""

    def _too_many(self) -> HttpReply:
        return HttpReply(429, self._error_body(429), self._rate_headers())

    async def answer(self, request: HttpRequest) -> HttpReply:
        """Return the answer to an HTTP request."""
        if request.method != "GET":
            return HttpReply(405, self._error_body(405))
        if self._window.take():
            reply = self._reply(request)
        else:
            self.refused += 1
            return self._too_many()
        if reply.status != 200:
            return reply
        return HttpReply(reply.status, reply.body, {**reply.headers, **self._rate_headers()})
