"""An emulated Jupiter: prices and the list of tokens, for clients without a key, in one rate limit."""

from __future__ import annotations

import math
from collections.abc import Callable
from email.utils import formatdate
from typing import Any, ClassVar

import msgspec

from streamcore.clock import Clock
from streamsim.servers.http11 import HttpReply, HttpRequest
from streamsim.servers.polled import PolledServer
from streamsim.wire import is_address
from streamsim.world.chain import FIRST_SLOT, SLOT_SECONDS
from streamsim.world.history import DAY
from streamsim.world.market import Market, Token

MEASURED = (5, 10.0)
"""Requests allowed in a window of seconds without a key, as measured in 2026-09."""
DOCUMENTED = (30, 60.0)
"""The same as documented by Jupiter; a test may set it with `JupiterServer.limit_to`."""
MOST_MINTS = 50

_LISTED = "2024-06-05T08:55:25.527Z"
_MESSAGES = {401: "Unauthorized", 404: "Route not found", 429: "[API Gateway] Too many requests"}


class JupiterServer(PolledServer):
    """Jupiter on loopback.

    Args:
        clock: Time.
        market: The market it serves.
        watch: Called with the mints a client asks for.
    """

    name: ClassVar[str] = "Jupiter"

    def __init__(self, clock: Clock, market: Market, watch: Callable[[list[str]], None]) -> None:
        super().__init__(clock, market, watch, *MEASURED)
        self.without_change: set[str] = set()
        """Mints whose answers have no 24 hour change, as seen for tokens with little trading."""

        self.unlisted: set[str] = set()
        """Mints that its list of tokens does not have."""

    def _error_body(self, status: int) -> bytes:
        message = _MESSAGES.get(status, "Internal server error" if status >= 500 else "Bad request")
        return msgspec.json.encode({"code": status, "message": message})

    def _rate_headers(self) -> dict[str, str]:
        now, used = self.clock.time(), self._window.used
        return {
            "date": formatdate(now, usegmt=True),
            "x-ratelimit-remaining": str(self._window.count - used),
            "x-ratelimit-current": str(used),
            "x-ratelimit-reset": str(math.ceil(now + self._window.opens_in)),
            "x-api-gateway-request-id": f"{len(self._requests):032x}",
        }

    def _reply(self, request: HttpRequest) -> HttpReply:
        if "x-api-key" in request.headers:
            return HttpReply(401, self._error_body(401))  # no key is valid here
        if request.path == "/tokens/v2/search":
            return self._search(request.query.get("query", ""))
        if request.path != "/price/v3":
            return HttpReply(404, self._error_body(404))
        mints = list(dict.fromkeys(request.query.get("ids", "").split(",")))
        if len(mints) > MOST_MINTS or not all(map(is_address, mints)):
            return HttpReply(400, self._error_body(400))
        self._watch(mints)
        tokens = {mint: self._market.token(mint) for mint in mints}
        return HttpReply.json(
            {mint: self._price(token) for mint, token in tokens.items() if token is not None}
        )

    def _search(self, query: str) -> HttpReply:
        # imported when somebody searches: the demo starts sooner
        from streamsim.jupiter.tokens import BadQuery, search

        try:
            return HttpReply.json(search(self._market, query, self.unlisted))
        except BadQuery:
            return HttpReply(400, self._error_body(400))

    def _price(self, token: Token) -> dict[str, Any]:
        told = {
            "createdAt": _LISTED,
            "liquidity": float(token.listing.liquidity),
            "usdPrice": float(token.price),
            "blockId": FIRST_SLOT + int(self.clock.monotonic() / SLOT_SECONDS),
            "decimals": token.listing.decimals,
            "priceChange24h": float(token.change(DAY)),
        }
        if token.listing.mint in self.without_change:
            del told["priceChange24h"]
        return told
