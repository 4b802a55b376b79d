"""An emulated DefiLlama: past prices of many coins in one answer, as single points."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from urllib.parse import unquote

import msgspec

from streamcore.clock import Clock
from streamsim.servers.http11 import HttpReply, HttpRequest
from streamsim.servers.polled import PolledServer
from streamsim.wire import is_address
from streamsim.world.catalog import SOL, USDC
from streamsim.world.market import Market, Token

REQUESTS, WINDOW = 500, 60.0
"""Requests allowed in a window of seconds. An old figure: nothing is published."""

_ROUTE = "/chart/"
_PERIOD = re.compile(r"([1-9][0-9]{0,4})(m|h|d|w)")
_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_COINS = {
    "bitcoin": "exchange:BTC",
    "ethereum": "exchange:ETH",
    "ripple": "exchange:XRP",
    "dogecoin": "exchange:DOGE",
    "cardano": "exchange:ADA",
    "chainlink": "exchange:LINK",
    "litecoin": "exchange:LTC",
    "sui": "exchange:SUI",
    "hyperliquid": "exchange:HYPE",
    "solana": SOL,
    "usd-coin": USDC,
}
"""Names of CoinGecko to keys on the market."""


class DefiLlamaServer(PolledServer):
    """DefiLlama on loopback.

    Args:
        clock: Time.
        market: The market it serves.
        watch: Called with the market's keys of what a client asks for.
    """

    name: ClassVar[str] = "DefiLlama"

    def __init__(self, clock: Clock, market: Market, watch: Callable[[list[str]], None]) -> None:
        super().__init__(clock, market, watch, REQUESTS, WINDOW)
        self.unknown: set[str] = set()
        """Coins it does not know, as they are asked for, such as ``solana:MINT``."""

    def _error_body(self, status: int) -> bytes:
        return msgspec.json.encode({"message": "Too many requests" if status == 429 else "Bad request"})

    def _rate_headers(self) -> dict[str, str]:
        return {}

    def _reply(self, request: HttpRequest) -> HttpReply:
        if not request.path.startswith(_ROUTE):
            return HttpReply(404, self._error_body(404))
        moments = _moments(request.query, self.clock.time())
        if moments is None:
            return HttpReply(400, self._error_body(400))
        told: dict[str, Any] = {}
        for coin in dict.fromkeys(unquote(request.path.removeprefix(_ROUTE)).split(",")):
            token = self._token(coin)
            points = [] if token is None else self._points(coin, token, *moments)
            if token is not None and points:
                self._watch([token.listing.mint])
                told[coin] = {"symbol": token.listing.symbol, "confidence": 0.99, "prices": points}
        return HttpReply.json({"coins": told})

    def _token(self, coin: str) -> Token | None:
        chain, _, name = coin.partition(":")
        key = name if chain == "solana" and is_address(name) else _COINS.get(name, "")
        if coin in self.unknown or chain not in {"solana", "coingecko"} or not key:
            return None
        return self._market.token(key)

    def _points(self, coin: str, token: Token, moments: range, width: float) -> list[dict[str, Any]]:
        """Return the price at the sample nearest to each moment; samples are not evenly spaced."""
        now, since = token.now(), token.history.past.since
        points = []
        for moment in moments:
            apart = (zlib.crc32(f"{coin}/{moment}".encode()) / 2**32 - 0.5) * width
            at = int(min(now, moment + apart))
            if at >= since:
                points.append({"timestamp": at, "price": float(token.price_ago(now - at))})
        return points


def _moments(query: Mapping[str, str], now: float) -> tuple[range, float] | None:
    """Return the moments asked for, and the width of what a sample is searched in; ``None``: nonsense."""
    matched = _PERIOD.fullmatch(query.get("period", "1d"))
    numbers = [query.get(name, "0") for name in ("start", "end", "span")]
    if matched is None or not all(number.isdecimal() for number in numbers):
        return None
    period = int(matched[1]) * _UNITS[matched[2]]
    start, end, span = map(int, numbers)
    if not start:
        end = min(end or int(now), int(now))
        start = end - max(0, span - 1) * period
    elif span:
        end = start + (span - 1) * period
    else:
        end = end or int(now)
    return range(start, min(end, int(now)) + 1, period), period * 0.1
