"""What the emulated price sources without a stream share: a market, and a rate."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from streamcore.clock import Clock
from streamsim.servers.http11 import LOOPBACK, HttpReply, HttpRequest
from streamsim.servers.limits import SlidingWindow
from streamsim.servers.provider import HttpServer
from streamsim.world.market import Market


class PolledServer(HttpServer):
    """A price source on loopback that answers GET, so often and no more.

    Args:
        clock: Time.
        market: What it tells about; a mint without a price there is left out of every answer.
        watch: Called with the mints a client asks for.
        requests: How many it takes in any window of time; one that is refused does not count.
        seconds: How long that window is.
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
        """Take so many requests in so many seconds from now on, and begin to count anew."""
        self._window = SlidingWindow(self.clock, requests, seconds, lenient=True)

    @property
    def rest_url(self) -> str:
        """Scheme and host of the API."""
        return f"http://{LOOPBACK}:{self.http_port}"

    @abstractmethod
    def _reply(self, request: HttpRequest) -> HttpReply:
        """Return the answer to a request that is within the rate."""

    @abstractmethod
    def _rate_headers(self) -> dict[str, str]:
        """Return the headers that tell about the rate, on success and on 429."""

    async def answer(self, request: HttpRequest) -> HttpReply:
        """Return the answer to an HTTP request."""
        if request.method != "GET":
            return HttpReply(405, self._error_body(405))
        if self._window.take():
            reply = self._reply(request)
        else:
            self.refused += 1
            reply = HttpReply(429, self._error_body(429))
        if reply.status not in {200, 429}:
            return reply
        return HttpReply(reply.status, reply.body, {**reply.headers, **self._rate_headers()})
