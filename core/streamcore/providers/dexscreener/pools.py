"""DexScreener's list of the pools of one token. It has no past of them, but the same addresses as others.

What a pool claims to hold can be false: with a great amount of one token, priced by its last trade, a pool
that could pay out a few thousand dollars claims a billion. So a pool is as deep as its lesser side, doubled.
Source: docs.dexscreener.com, "API Reference", ``/token-pairs/v1``; a capture of 2026-08-17.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.net.rate_limit import TokenBucket
from streamcore.net.transport import Http
from streamcore.providers.decoding import Undecodable, content, json_as, number
from streamcore.providers.history_source import ChartRateLimit
from streamcore.providers.http_errors import malformed_answer, refusal
from streamcore.providers.pools import Pool, PoolLister, pool_name

TITLE = "DexScreener"
CHAIN = "solana"

RATE = 0.5
BURST = 5
"""Requests a second, and at once: with those for prices less than the 300 a minute that are allowed."""


class _Token(msgspec.Struct, frozen=True):
    address: str = ""
    symbol: str = ""


class _Liquidity(msgspec.Struct, frozen=True):
    """``usd`` of both sides together; ``base`` and ``quote`` in whole tokens."""

    usd: object = None
    base: object = None
    quote: object = None


class _Pair(msgspec.Struct, frozen=True, rename="camel"):
    """``price_usd`` and ``price_native`` are of the base token: in US dollars, and in the quote token."""

    chain_id: str = ""
    dex_id: str = ""
    pair_address: str = ""
    base_token: _Token = _Token()
    quote_token: _Token = _Token()
    price_usd: object = None
    price_native: object = None
    liquidity: _Liquidity | None = None
    pair_created_at: object = None


class _Wrapped(msgspec.Struct, frozen=True):
    """The answer of an older route."""

    pairs: list[msgspec.Raw] | None


class DexScreenerPools(PoolLister):
    """The pools of one token."""

    title = TITLE

    def __init__(self, settings: Settings, http: Http, clock: Clock) -> None:
        self._http = http
        self._base_url = settings.dexscreener.rest_url.rstrip("/")
        self.rate_limit = ChartRateLimit(TITLE, clock, TokenBucket(RATE, BURST, clock))

    async def pools(self, mint: str) -> list[Pool]:
        """See `PoolLister.pools`."""
        answer = await self._http.request(
            "GET",
            f"{self._base_url}/token-pairs/v1/{CHAIN}/{mint}",
            headers={"accept": "application/json"},
            rate_limit=self.rate_limit,
        )
        if answer.status != 200:
            raise refusal(TITLE, answer.status, answer.headers, key_setting=None)
        try:
            return read_pools(answer.body, mint)
        except Undecodable as error:
            raise malformed_answer(TITLE, "a request for pools", error) from error


def read_pools(body: bytes, mint: str) -> list[Pool]:
    """Return the pools of a token in an answer; one that makes no sense is left out.

    Raises:
        Undecodable: It is no list of pools.
    """
    answered = json_as(body, list[msgspec.Raw] | _Wrapped)  # type: ignore[arg-type]
    entries = (answered.pairs or []) if isinstance(answered, _Wrapped) else answered
    found: list[Pool] = []
    for entry in entries:
        try:
            pair = content(entry, _Pair)
            sides = (pair.base_token.address, pair.quote_token.address)
            if pair.chain_id != CHAIN or not pair.pair_address or mint not in sides:
                continue
            created = number(pair.pair_created_at)
            found.append(
                Pool(
                    address=pair.pair_address,
                    name=pool_name(pair.base_token.symbol, pair.quote_token.symbol, pair.dex_id),
                    depth=_depth(pair),
                    created_at=None if created is None else float(created) / 1000,
                )
            )
        except Undecodable:
            continue
    return found


def _depth(pair: _Pair) -> Decimal:
    """Return the US dollars that a pool holds: what it claims, and no more than twice its lesser side."""
    liquidity = pair.liquidity
    claimed = None if liquidity is None else number(liquidity.usd)
    if liquidity is None or claimed is None:
        return Decimal(0)
    dollars, native = number(pair.price_usd), number(pair.price_native)
    base, quote = number(liquidity.base), number(liquidity.quote)
    if not dollars or not native or base is None or quote is None:
        return claimed
    return min(claimed, 2 * base * dollars, 2 * quote * dollars / native)
