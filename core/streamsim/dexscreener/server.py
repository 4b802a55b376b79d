"""An emulated DexScreener: the pools of tokens, and a search for pairs."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

import msgspec

from streamcore.clock import Clock
from streamsim.servers.http11 import HttpReply, HttpRequest
from streamsim.servers.polled import PolledServer
from streamsim.wire import exact, is_address
from streamsim.world.catalog import SOL, USDC, listing_of
from streamsim.world.market import Market, Token
from streamsim.world.pools import Pool, pool_address

REQUESTS, WINDOW = 300, 60.0
"""Requests allowed in a window, and its length in seconds."""
MOST_MINTS = 30

_BY_CHAIN = "/tokens/v1/solana/"
_LATEST = "/latest/dex/tokens/"
_SEARCH = "/latest/dex/search"
_PAIRS = "/token-pairs/v1/solana/"
_OPENED_AT = 1_672_531_200_000
_HUNDREDTH = Decimal("0.01")
_SPANS = {"m5": 300.0, "h1": 3600.0, "h6": 21_600.0, "h24": 86_400.0}


class DexScreenerServer(PolledServer):
    """DexScreener on loopback.

    Args:
        clock: Time.
        market: The market it serves.
        watch: Called with the mints a client asks for.
    """

    name: ClassVar[str] = "DexScreener"

    def __init__(self, clock: Clock, market: Market, watch: Callable[[list[str]], None]) -> None:
        super().__init__(clock, market, watch, REQUESTS, WINDOW)
        self.all_pools = False
        """Whether to list two more pools of each token: one with little liquidity at another price, and one
        in which the token is the quote side, so that ``priceUsd`` is the price of the other token."""

    def _error_body(self, status: int) -> bytes:
        return msgspec.json.encode({"error": "Too many requests" if status == 429 else "Request failed"})

    def _rate_headers(self) -> dict[str, str]:
        wait = self._window.opens_in
        return {"Retry-After": str(math.ceil(wait))} if wait else {}

    def _reply(self, request: HttpRequest) -> HttpReply:
        if request.path == _SEARCH:
            return self._search(request.query.get("q", ""))
        if request.path.startswith(_PAIRS):
            return self._token_pairs(request.path.removeprefix(_PAIRS))
        route = next((route for route in (_BY_CHAIN, _LATEST) if request.path.startswith(route)), None)
        if route is None:
            return HttpReply(404, self._error_body(404))
        mints = list(dict.fromkeys(request.path.removeprefix(route).split(",")))
        if len(mints) > MOST_MINTS or not all(map(is_address, mints)):
            return HttpReply(400, self._error_body(400))
        self._watch(mints)
        pairs = [pair for mint in mints for pair in self._pairs(mint)]
        if route == _LATEST:
            return HttpReply.json({"schemaVersion": "1.0.0", "pairs": pairs or None})
        return HttpReply.json(pairs)

    def _token_pairs(self, mint: str) -> HttpReply:
        """Return every pool of one token, in no order; in some it may be the quote side."""
        if not is_address(mint):
            return HttpReply(400, self._error_body(400))
        self._watch([mint])
        pairs = [pair for pool in self._market.pools.of(mint) if (pair := self._pool(pool)) is not None]
        return HttpReply.json(sorted(pairs, key=lambda pair: str(pair["pairAddress"])))

    def _search(self, query: str) -> HttpReply:
        # imported when somebody searches: the demo starts sooner
        from streamsim.dexscreener.search import search

        pairs = search(self._market, query, self._pool)
        return HttpReply.json({"schemaVersion": "1.0.0", "pairs": pairs})

    def _pool(self, pool: Pool) -> dict[str, Any] | None:
        """Return the pair of a pool, with its share of what is traded."""
        base, about = self._market.token(pool.base), self._market.token(pool.about)
        if base is None or about is None:
            return None
        pair = self._pair(base, pool.quote, pool.dex, base.price, pool.share)
        spans = {span: about.window(seconds) for span, seconds in _SPANS.items()}
        pair["volume"] = {span: float(exact(bar.usd * pool.share)) for span, bar in spans.items()}
        pair["pairCreatedAt"] = int(pool.opened * 1000)
        if pool.dex == "orca":
            pair["labels"] = ["wp"]
        return pair

    def _pairs(self, mint: str) -> list[dict[str, Any]]:
        token = self._market.token(mint)
        if token is None:
            return []
        quote = USDC if mint == SOL else SOL
        main = self._pair(token, quote, "orca", token.price, Decimal(1))
        if not self.all_pools:
            return [main]
        shallow = self._pair(token, quote, "meteora", exact(token.price * 2), Decimal("0.01"))
        turned = {
            **self._pair(token, quote, "raydium", exact(token.price * 7), Decimal(50)),
            "baseToken": _named(quote),
            "quoteToken": _named(mint),
        }
        return [turned, shallow, main]

    def _pair(self, token: Token, quote: str, dex: str, price: Decimal, share: Decimal) -> dict[str, Any]:
        mint, liquidity = token.listing.mint, token.listing.liquidity * share
        address = pool_address(dex, mint)
        quoted = self._market.token(quote)
        quote_price = listing_of(quote).price if quoted is None else quoted.price
        spans = {span: token.window(seconds) for span, seconds in _SPANS.items()}
        return {
            "chainId": "solana",
            "dexId": dex,
            "url": f"https://dexscreener.com/solana/{address}",
            "pairAddress": address,
            "baseToken": _named(mint),
            "quoteToken": _named(quote),
            "priceNative": format(exact(price / quote_price), "f"),
            "priceUsd": format(price, "f"),
            "txns": {span: {"buys": bar.buys, "sells": bar.sells} for span, bar in spans.items()},
            "volume": {span: float(bar.usd) for span, bar in spans.items()},
            "priceChange": {span: _change(token, seconds) for span, seconds in _SPANS.items()},
            "liquidity": {
                "usd": float(liquidity),
                "base": float(exact(liquidity / 2 / price)),
                "quote": float(exact(liquidity / 2 / quote_price)),
            },
            "fdv": float(exact(price * token.listing.supply)),
            "marketCap": float(exact(price * token.listing.supply)),
            "pairCreatedAt": _OPENED_AT,
        }


def _change(token: Token, seconds: float) -> float:
    return float(token.change(seconds).quantize(_HUNDREDTH))


def _named(mint: str) -> dict[str, str]:
    listing = listing_of(mint)
    return {"address": mint, "name": listing.name, "symbol": listing.symbol}
