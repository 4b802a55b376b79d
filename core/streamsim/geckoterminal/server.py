"""An emulated GeckoTerminal: the pools of a token, and the candles of a pool, for clients without a key."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar

import msgspec

from streamcore.clock import Clock
from streamsim.servers.http11 import HttpReply, HttpRequest
from streamsim.servers.limits import SlidingWindow
from streamsim.servers.polled import PolledServer
from streamsim.wire import exact, is_address
from streamsim.world.candles import Candle, bucket_start, filled
from streamsim.world.catalog import SOL, USDC, USDT, listing_of
from streamsim.world.market import Market, Token
from streamsim.world.pools import Pool

REQUESTS, WINDOW = 10, 60.0
"""Requests allowed in a window of seconds, as measured in 2026-10; documented are 30."""
BURST, BURST_WINDOW = 3, 10.0
"""The same for requests at once."""
DAYS_BACK = 182
"""How far the candles reach back without a key."""
USUAL_CANDLES, MOST_CANDLES = 100, 1000

_LENGTHS = {
    "minute": {"1": 60, "5": 300, "15": 900},
    "hour": {"1": 3600, "4": 14_400, "12": 43_200},
    "day": {"1": 86_400},
}
"""Seconds of a candle, by time frame and number of them."""
_ROUTE = "/api/v2/networks/solana/"
_SPANS = {"m5": 300.0, "h1": 3600.0, "h6": 21_600.0, "h24": 86_400.0}
_COINS = {SOL: "wrapped-solana", USDC: "usd-coin", USDT: "tether"}
_HUNDREDTH = Decimal("0.01")


class Refusal(Enum):
    """What a request too many is answered with: the HTTP status, and the body."""

    ERRORS = (429, {"errors": [{"status": "429", "title": "Rate Limited"}]})
    STATUS = (429, {"status": {"error_code": 429, "error_message": "You've exceeded the Rate Limit."}})
    OK = (200, {"status": {"error_code": 429, "error_message": "You've exceeded the Rate Limit."}})
    """With a status that says it was granted."""


class _Missing(Exception):
    """There is no such thing."""


class _Bad(Exception):
    """A parameter is wrong; the text says which."""


class GeckoTerminalServer(PolledServer):
    """GeckoTerminal on loopback.

    Args:
        clock: Time.
        market: The market it serves.
        watch: Called with the mints a client asks for.
    """

    name: ClassVar[str] = "GeckoTerminal"

    def __init__(self, clock: Clock, market: Market, watch: Callable[[list[str]], None]) -> None:
        super().__init__(clock, market, watch, REQUESTS, WINDOW)
        self.refusal = Refusal.ERRORS
        """How a request too many is refused."""
        self.unindexed: set[str] = set()
        """Addresses of pools it does not know, though others do."""
        self.without_figures: set[str] = set()
        """Addresses of pools whose figures are ``null``."""

    def limit_to(self, requests: int, seconds: float) -> None:
        """Change the rate limit, and start counting from zero. A larger one may be used up at once."""
        super().limit_to(requests, seconds)
        at_once = BURST if requests <= REQUESTS else requests
        self._burst = SlidingWindow(self.clock, at_once, BURST_WINDOW, lenient=True)

    async def answer(self, request: HttpRequest) -> HttpReply:
        """Return the answer to an HTTP request."""
        if request.method == "GET" and not self._burst.take():
            self.refused += 1
            return self._too_many()
        return await super().answer(request)

    def _too_many(self) -> HttpReply:
        status, body = self.refusal.value
        return HttpReply.json(body, status)

    def _error_body(self, status: int) -> bytes:
        title = {404: "Not Found", 400: "Bad Request"}.get(status, "Internal Server Error")
        body: dict[str, Any] = {"errors": [{"status": str(status), "title": title}]}
        if status == 404:
            body["meta"] = {"ref_id": self._number()}
        return msgspec.json.encode(body)

    def _number(self) -> str:
        """Return a number for an answer, in the form of a UUID."""
        return f"00000000-0000-4000-8000-{len(self._requests):012x}"

    def _rate_headers(self) -> dict[str, str]:
        return {}

    def _reply(self, request: HttpRequest) -> HttpReply:
        if not request.path.startswith(_ROUTE):
            return HttpReply(404, self._error_body(404))
        try:
            match request.path.removeprefix(_ROUTE).split("/"):
                case ["tokens", mint, "pools"]:
                    return HttpReply.json({"data": self._pools(mint, request.query)})
                case ["pools", address, "ohlcv", frame]:
                    return HttpReply.json(self._candles(address, frame, request.query))
                case _:
                    return HttpReply(404, self._error_body(404))
        except _Missing:
            return HttpReply(404, self._error_body(404))
        except _Bad:
            return HttpReply(400, self._error_body(400))

    # Pools

    def _pools(self, mint: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        if not is_address(mint) or self._market.token(mint) is None:
            raise _Missing
        self._watch([mint])
        if query.get("page", "1") != "1":
            return []
        return [
            self._described(pool)
            for pool in self._market.pools.of(mint)
            if pool.address not in self.unindexed
        ]

    def _described(self, pool: Pool) -> dict[str, Any]:
        token, base, quote = (self._token(mint) for mint in (pool.about, pool.base, pool.quote))
        figures: dict[str, Any] = {
            "base_token_price_usd": format(base.price, "f"),
            "quote_token_price_usd": format(quote.price, "f"),
            "price_change_percentage": {
                span: format(base.change(seconds).quantize(_HUNDREDTH), "f")
                for span, seconds in _SPANS.items()
            },
            "transactions": {span: _transactions(token, pool, seconds) for span, seconds in _SPANS.items()},
            "volume_usd": {
                span: format(exact(token.window(seconds).usd * pool.share), "f")
                for span, seconds in _SPANS.items()
            },
            "reserve_in_usd": format(exact(token.listing.liquidity * pool.share), "f"),
        }
        if pool.address in self.without_figures:
            figures = {
                name: dict.fromkeys(figure) if isinstance(figure, dict) else None
                for name, figure in figures.items()
            }
        return {
            "id": f"solana_{pool.address}",
            "type": "pool",
            "attributes": {
                "address": pool.address,
                "name": f"{base.listing.symbol} / {quote.listing.symbol}",
                "pool_created_at": datetime.fromtimestamp(pool.opened, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                **figures,
            },
            "relationships": {
                "base_token": {"data": {"id": f"solana_{pool.base}", "type": "token"}},
                "quote_token": {"data": {"id": f"solana_{pool.quote}", "type": "token"}},
                "dex": {"data": {"id": pool.dex, "type": "dex"}},
            },
        }

    def _token(self, mint: str) -> Token:
        token = self._market.token(mint)
        if token is None:
            raise _Missing
        return token

    # Candles

    def _candles(self, address: str, frame: str, query: Mapping[str, str]) -> dict[str, Any]:
        pool = None if address in self.unindexed else self._market.pools.at(address)
        if pool is None:
            raise _Missing
        length = _LENGTHS.get(frame, {}).get(query.get("aggregate", "1"))
        wanted = query.get("limit", str(USUAL_CANDLES))
        before = query.get("before_timestamp", str(math.ceil(self.clock.time())))
        currency = query.get("currency", "usd")
        if length is None or not wanted.isdecimal() or not before.isdecimal():
            raise _Bad
        if not 0 < int(wanted) <= MOST_CANDLES or currency not in {"usd", "token"}:
            raise _Bad
        told = query.get("token", "base")
        mint = {"base": pool.base, "quote": pool.quote}.get(told, told)
        if mint not in {pool.base, pool.quote}:
            raise _Bad
        self._watch([mint])
        traded, now = self._token(pool.about), self._token(pool.about).now()
        oldest = max(pool.opened, traded.history.past.since, now - DAYS_BACK * 86_400)
        last = bucket_start(length, min(now, int(before) - 1))
        rows = _newest(
            traded,
            length,
            bucket_start(length, oldest),
            last,
            int(wanted),
            with_empty=query.get("include_empty_intervals") == "true",
        )
        prices = rows if mint == pool.about else self._prices(mint, length, rows)
        worth = self._prices(pool.other(mint), length, rows) if currency == "token" else None
        told_rows = [
            _row(price, Decimal(1) if worth is None else worth[index].close, row.volume_usd * pool.share)
            for index, (row, price) in enumerate(zip(rows, prices, strict=True))
        ]
        return {
            "data": {
                "id": self._number(),
                "type": "ohlcv_request_response",
                "attributes": {"ohlcv_list": told_rows[::-1]},
            },
            "meta": {"base": _named(pool.base), "quote": _named(pool.quote)} if rows else _NO_META,
        }

    def _prices(self, mint: str, length: int, rows: list[Candle]) -> list[Candle]:
        """Return the candles of a token at the times of others."""
        if not rows:
            return []
        token = self._token(mint)
        known = token.candles(length, rows[0].start, rows[-1].start + length)
        return filled(known, [row.start for row in rows], token.price_ago(token.now() - rows[0].start))


def _newest(
    token: Token, length: int, oldest: int, last: int, wanted: int, *, with_empty: bool
) -> list[Candle]:
    """Return so many candles up to the last, oldest first; of a quiet token they lie further back."""
    reach = wanted
    while last >= oldest:
        begin = max(oldest, last - (reach - 1) * length)
        rows = token.candles(length, begin, last + length)
        if with_empty:
            return filled(rows, range(begin, last + length, length), token.price_ago(token.now() - begin))
        if len(rows) >= wanted or begin == oldest:
            return rows[-wanted:]
        reach *= 4
    return []


_NO_META = {"base": None, "quote": None}


def _row(candle: Candle, worth: Decimal, volume: Decimal) -> list[Any]:
    prices = (candle.open, candle.high, candle.low, candle.close)
    return [candle.start, *(float(exact(price / worth)) for price in prices), float(exact(volume))]


def _transactions(token: Token, pool: Pool, seconds: float) -> dict[str, int]:
    bar = token.window(seconds)
    buys, sells = (math.ceil(count * pool.share) for count in (bar.buys, bar.sells))
    return {"buys": buys, "sells": sells, "buyers": math.ceil(buys * 0.6), "sellers": math.ceil(sells * 0.6)}


def _named(mint: str) -> dict[str, Any]:
    listing = listing_of(mint)
    usual = listing.name.lower().replace(" ", "-") if listing.verified else None
    return {
        "address": mint,
        "name": listing.name,
        "symbol": listing.symbol,
        "coingecko_coin_id": _COINS.get(mint, usual),
    }
