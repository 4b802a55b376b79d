"""DexScreener's search for pools, read as a list of tokens.

It answers with pools of all chains whose tokens or name match, in no order to rely on, and vouches for none
of them: pools that claim a billion dollars come before the real one, or without it. So nothing here is
verified, and a figure is no more than a claim. Source: docs.dexscreener.com, "API Reference"; answers
captured on 2026-08-17.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from streamcore.assets.confusables import skeletons
from streamcore.assets.tokens import is_address
from streamcore.net.rate_limit import RateLimit
from streamcore.net.transport import Http
from streamcore.providers.decoding import Undecodable, content, json_as
from streamcore.providers.http_errors import malformed_answer, pause_after, refusal
from streamcore.providers.token_directory import (
    MOST_HITS,
    NAME_LIMIT,
    SYMBOL_LIMIT,
    TokenDirectory,
    amount,
    shown_text,
)
from streamcore.token_hits import TokenHit

NAME = "dexscreener"
TITLE = "DexScreener"
CHAIN = "solana"
PATH = "/latest/dex/search"

MUCH = Decimal(10_000_000)
FEW_TRADES = 50
"""Trades in 24 hours; with more US dollars of liquidity than `MUCH` so few do not belong together."""


class _Token(msgspec.Struct, frozen=True):
    address: object = None
    name: object = None
    symbol: object = None


class _Trades(msgspec.Struct, frozen=True):
    buys: object = None
    sells: object = None


class _OverTime(msgspec.Struct, frozen=True):
    h24: object = None


class _TradesOverTime(msgspec.Struct, frozen=True):
    h24: _Trades | None = None


class _Liquidity(msgspec.Struct, frozen=True):
    usd: object = None


class _Pair(msgspec.Struct, frozen=True, rename="camel"):
    chain_id: str = ""
    base_token: _Token = _Token()
    quote_token: _Token = _Token()
    volume: _OverTime | None = None
    txns: _TradesOverTime | None = None
    liquidity: _Liquidity | None = None


class _Found(msgspec.Struct, frozen=True):
    pairs: list[msgspec.Raw] | None = None


@dataclass(slots=True)
class _Gathered:
    """What the pools of one token add up to."""

    symbol: str
    name: str
    liquidity: Decimal | None = None
    volume: Decimal | None = None
    is_odd: bool = False
    """One of its pools claims what its trades do not bear out."""


class DexScreenerTokens(TokenDirectory):
    """The search, asked over HTTP within the same rate as DexScreener's prices."""

    def __init__(self, http: Http, base_url: str, rate_limit: RateLimit) -> None:
        """``rate_limit``: that of all requests to DexScreener."""
        self._http = http
        self._url = base_url.rstrip("/") + PATH
        self._rate_limit = rate_limit

    async def find(self, text: str) -> Sequence[TokenHit]:
        """Return the tokens of the pools found that match the text themselves, those most traded first.

        Raises:
            ProviderError: DexScreener could not be asked, or refused.
        """
        tokens: dict[str, _Gathered] = {}
        for pair in await self._ask(text):
            for token, is_base in ((pair.base_token, True), (pair.quote_token, False)):
                _gather(tokens, token, pair if is_base else None, text)
        ranked = sorted(tokens.items(), key=lambda item: item[1].volume or Decimal(0), reverse=True)
        return [_hit(mint, token) for mint, token in ranked[:MOST_HITS]]

    async def _ask(self, text: str) -> list[_Pair]:
        answer = await self._http.request(
            "GET",
            self._url,
            params={"q": text},
            headers={"accept": "application/json"},
            rate_limit=self._rate_limit,
        )
        if answer.status != 200:
            error = refusal(TITLE, answer.status, answer.headers, key_setting=None)
            pause_after(error, self._rate_limit)
            raise error
        try:
            raws = json_as(answer.body, _Found).pairs or []
        except Undecodable as error:
            raise malformed_answer(TITLE, "a search", error) from error
        pairs: list[_Pair] = []
        for raw in raws:
            try:
                pair = content(raw, _Pair)
            except Undecodable:
                continue  # what makes no sense is no token that could be offered
            if pair.chain_id == CHAIN:
                pairs.append(pair)
        return pairs


def _gather(tokens: dict[str, _Gathered], token: _Token, pool: _Pair | None, wanted: str) -> None:
    """Add a token of a pool to those found, if it matches; ``pool``: where it is what is traded."""
    mint = token.address
    symbol, name = shown_text(token.symbol, SYMBOL_LIMIT), shown_text(token.name, NAME_LIMIT)
    if not isinstance(mint, str) or not is_address(mint) or not _matches(wanted, mint, symbol, name):
        return
    found = tokens.setdefault(mint, _Gathered(symbol, name))
    if pool is None:
        return
    liquidity = None if pool.liquidity is None else amount(pool.liquidity.usd)
    volume = None if pool.volume is None else amount(pool.volume.h24)
    day = pool.txns.h24 if pool.txns is not None else None
    trades = None if day is None else (amount(day.buys) or Decimal(0)) + (amount(day.sells) or Decimal(0))
    found.is_odd |= liquidity is not None and liquidity > MUCH and trades is not None and trades < FEW_TRADES
    if liquidity is not None:
        found.liquidity = max(found.liquidity or Decimal(0), liquidity)
    if volume is not None:
        found.volume = (found.volume or Decimal(0)) + volume


def _matches(wanted: str, mint: str, symbol: str, name: str) -> bool:
    """Whether a token is what was looked for, and not only the other side of its pool."""
    if wanted == mint:
        return True
    forms = skeletons(wanted)
    shown = skeletons(symbol) | skeletons(name) | {form for word in name.split() for form in skeletons(word)}
    return (
        any(one.startswith(form) for one in shown for form in forms) or wanted.casefold() in symbol.casefold()
    )


def _hit(mint: str, token: _Gathered) -> TokenHit:
    doubts = ["its figures do not fit together"] if token.is_odd else []
    if token.liquidity is None:
        doubts.append("liquidity unknown")
    return TokenHit(
        symbol=token.symbol,
        name=token.name,
        mint=mint,
        provider=NAME,
        verified=False,
        liquidity=token.liquidity,
        volume_24h=token.volume,
        doubts=tuple(doubts),
    )
