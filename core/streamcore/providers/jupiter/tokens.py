"""Jupiter's list of tokens: searched by ticker, name or mint, and asked for the names of mints.

What is absent from an entry is a no: ``isVerified`` of a token that is not verified, ``isSus`` of one that is
not suspected. Source: the Tokens API V2 of dev.jup.ag; answers captured on 2026-10-02.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from streamcore.assets.tokens import is_address
from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.net.rate_limit import RateLimit, SlidingWindow
from streamcore.net.transport import Answer, Http
from streamcore.providers.batching import batches
from streamcore.providers.decoding import Undecodable, content, json_as
from streamcore.providers.http_errors import (
    RATE_LIMIT_REST,
    malformed_answer,
    pause_after,
    refusal,
    retry_after,
)
from streamcore.providers.token_directory import (
    MOST_HITS,
    NAME_LIMIT,
    SYMBOL_LIMIT,
    TokenDirectory,
    amount,
    shown_text,
)
from streamcore.text import printable
from streamcore.token_hits import TokenHit

NAME = "jupiter"
TITLE = "Jupiter"
PATH = "/tokens/v2/search"
MINTS_PER_REQUEST = 100

SEARCHES = 10
SEARCH_WINDOW = 60.0
"""Searches in so many seconds: they come out of the thirty requests that the prices live on as well."""

REMAINING = "x-ratelimit-remaining"
"""Header of every answer: how many requests are left; may be below zero."""

YOUNG = 7
"""Days; a token that was made since then has no past that would speak for it."""
LITTLE = Decimal(10_000)
"""US dollars of liquidity, below which nobody can sell much."""
MUCH = Decimal(10_000_000)
FEW_TRADES = 50
"""Trades in 24 hours; with more liquidity than `MUCH` so few do not belong together."""
FALSE_TURNOVER = 20
"""Times its liquidity that a token's volume may be before it looks invented."""
_DAY = 86_400.0


class _OverDay(msgspec.Struct, frozen=True, rename="camel"):
    """``stats24h``: US dollars, and numbers of trades."""

    buy_volume: object = None
    sell_volume: object = None
    num_buys: object = None
    num_sells: object = None


class _Audit(msgspec.Struct, frozen=True, rename="camel"):
    is_sus: object = None


class _Pool(msgspec.Struct, frozen=True, rename="camel"):
    created_at: object = None


class _Entry(msgspec.Struct, frozen=True, rename="camel"):
    """One token. Apart from its mint everything may be absent or null."""

    id: str
    name: object = None
    symbol: object = None
    is_verified: object = None
    organic_score: object = None
    """From 0 to 100: how much of its trade is by people."""
    liquidity: object = None
    audit: _Audit | None = None
    first_pool: _Pool | None = None
    freeze_authority: object = None
    stats24h: _OverDay | None = None


class JupiterTokens(TokenDirectory):
    """The list, asked over HTTP within the same rate as Jupiter's prices."""

    def __init__(self, http: Http, base_url: str, rate_limit: RateLimit, clock: Clock) -> None:
        """``rate_limit``: that of all requests to Jupiter; searches have a smaller one within it."""
        self._http = http
        self._url = base_url.rstrip("/") + PATH
        self._rate_limit = rate_limit
        self._searches = SlidingWindow(SEARCHES, SEARCH_WINDOW, clock)
        self._clock = clock

    async def find(self, text: str) -> Sequence[TokenHit]:
        """Return the tokens found, those with the most trade by people first.

        Raises:
            ProviderError: Jupiter could not be asked, or refused.
        """
        await self._searches.take()
        # a comma would make a list of mints of it
        entries = await self._ask(" ".join(text.replace(",", " ").split()))
        entries.sort(key=lambda entry: amount(entry.organic_score) or Decimal(0), reverse=True)
        return [self._hit(entry) for entry in entries[:MOST_HITS]]

    async def name(self, mints: Sequence[str]) -> Sequence[TokenHit]:
        """Return what Jupiter knows of some mints, a hundred in a request.

        Raises:
            ProviderError: Jupiter could not be asked, or refused.
        """
        found: list[TokenHit] = []
        for some in batches(mints, MINTS_PER_REQUEST):
            found += [self._hit(entry) for entry in await self._ask(",".join(some)) if entry.id in some]
        return found

    async def _ask(self, query: str) -> list[_Entry]:
        answer = await self._http.request(
            "GET",
            self._url,
            params={"query": query},
            headers={"accept": "application/json"},
            rate_limit=self._rate_limit,
        )
        rest_when_used_up(self._rate_limit, answer.headers)
        if answer.status != 200:
            raise self._refused(answer)
        entries: list[_Entry] = []
        try:
            raws = json_as(answer.body, list[msgspec.Raw])
        except Undecodable as error:
            raise malformed_answer(TITLE, "a search", error) from error
        for raw in raws:
            try:
                entry = content(raw, _Entry)
            except Undecodable:
                continue  # what makes no sense is no token that could be offered
            if is_address(entry.id):
                entries.append(entry)
        return entries

    def _refused(self, answer: Answer) -> ProviderError:
        error = refusal(TITLE, answer.status, answer.headers, key_setting=None)
        if (wait := pause_after(error, self._rate_limit)) is not None:
            return ProviderError(error.kind, error.message, retry_after=wait)
        told = _message(answer.body)
        text = f"{error.message}: {told}" if told else error.message
        return ProviderError(error.kind, text, retryable=error.retryable, retry_after=error.retry_after)

    def _hit(self, entry: _Entry) -> TokenHit:
        day = entry.stats24h or _OverDay()
        sides = [side for side in (amount(day.buy_volume), amount(day.sell_volume)) if side is not None]
        verified = entry.is_verified is True
        volume = sum(sides, Decimal(0)) if sides else None
        return TokenHit(
            symbol=shown_text(entry.symbol, SYMBOL_LIMIT),
            name=shown_text(entry.name, NAME_LIMIT),
            mint=entry.id,
            provider=NAME,
            verified=verified,
            liquidity=amount(entry.liquidity),
            volume_24h=volume,
            doubts=() if verified else tuple(self._doubts(entry, day, volume)),
        )

    def _doubts(self, entry: _Entry, day: _OverDay, volume: Decimal | None) -> list[str]:
        """Return what speaks against a token that is not verified."""
        doubts: list[str] = []
        if entry.audit is not None and entry.audit.is_sus is not None:
            doubts.append("suspected of fraud")
        if (age := self._days_since(entry.first_pool)) is not None and age < YOUNG:
            doubts.append("less than a day old" if age < 1 else f"made {int(age)} d ago")
        if entry.freeze_authority is not None:
            doubts.append("its maker can freeze it")
        liquidity = amount(entry.liquidity)
        trades = sum((amount(one) or Decimal(0) for one in (day.num_buys, day.num_sells)), Decimal(0))
        if liquidity is None:
            doubts.append("liquidity unknown")
        elif liquidity < LITTLE:
            doubts.append("hardly any liquidity")
        elif (volume is not None and volume > FALSE_TURNOVER * liquidity) or (
            entry.stats24h is not None and trades < FEW_TRADES and liquidity > MUCH
        ):
            doubts.append("its figures do not fit together")
        return doubts

    def _days_since(self, pool: _Pool | None) -> float | None:
        if pool is None or not isinstance(pool.created_at, str):
            return None
        try:
            made = datetime.fromisoformat(pool.created_at)
        except ValueError:
            return None
        return (self._clock.time() - made.timestamp()) / _DAY


def rest_when_used_up(rate_limit: RateLimit, headers: Mapping[str, str]) -> None:
    """Rest until the time that Jupiter names where it says that nothing is left."""
    try:
        left = int(headers.get(REMAINING, ""))
    except ValueError:
        return
    if left <= 0:
        wait = retry_after(headers)
        rate_limit.pause(RATE_LIMIT_REST if wait is None else wait)


def _message(body: bytes) -> str:
    """Return what an error's body says, for a person; empty if it is no message."""
    try:
        told = json_as(body, dict[str, object]).get("message")
    except Undecodable:
        return ""
    return printable(told, limit=100) if isinstance(told, str) else ""
