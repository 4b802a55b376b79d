"""GeckoTerminal's public interface: the pools of a token, and the candles of a pool.

Without a key it allows few requests, says so in no header, and refuses in three ways: by status, with either
of two bodies, and with a body alone under a status of 200. Candles go back about half a year.
Source: apiguide.geckoterminal.com, docs.coingecko.com; measured 2026-04 to 2026-10.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import msgspec

from streamcore.candles import Candle, ChartRange
from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.rate_limit import TokenBucket
from streamcore.net.transport import Answer, Http
from streamcore.providers.decoding import Undecodable, content, json_as, number
from streamcore.providers.history_source import ChartRateLimit, candle, readable
from streamcore.providers.http_errors import malformed_answer, refusal
from streamcore.providers.pools import Pool, PoolHistory, UnknownPool, pool_name
from streamcore.text import printable

TITLE = "GeckoTerminal"
ACCEPT = "application/json;version=20230302"

INTERVALS: Mapping[ChartRange, int] = MappingProxyType(
    {
        ChartRange.HOUR: 60,
        ChartRange.DAY: 900,
        ChartRange.WEEK: 900,
        ChartRange.MONTH: 3600,
        ChartRange.YEAR: 86_400,
    }
)
"""Seconds of a candle in each range."""

_FRAMES = {60: ("minute", "1"), 900: ("minute", "15"), 3600: ("hour", "1"), 86_400: ("day", "1")}
"""Seconds of a candle to what the path and the query call it."""

PERIOD = 10.0
"""Seconds of one request: about ten a minute were granted where thirty are documented."""
BURST = 2

TOO_FAST = "429"


class _Status(msgspec.Struct, frozen=True):
    error_code: object = None


class _Envelope(msgspec.Struct, frozen=True):
    """Every answer: ``data`` after a success, else ``errors`` or ``status``."""

    data: msgspec.Raw = msgspec.Raw(b"null")
    meta: msgspec.Raw = msgspec.Raw(b"null")
    errors: list[dict[str, Any]] | None = None
    status: _Status | None = None


class _Attributes(msgspec.Struct, frozen=True):
    ohlcv_list: list[list[object]]


class _Ohlcv(msgspec.Struct, frozen=True):
    attributes: _Attributes


class _Token(msgspec.Struct, frozen=True):
    address: str = ""


class _Meta(msgspec.Struct, frozen=True):
    """The tokens of the pool."""

    base: _Token | None = None
    quote: _Token | None = None


class _PoolAttributes(msgspec.Struct, frozen=True):
    """Money comes as text, and any of it may be missing."""

    address: str
    name: str = ""
    pool_created_at: str | None = None
    reserve_in_usd: object = None


class _Id(msgspec.Struct, frozen=True):
    id: str = ""


class _Related(msgspec.Struct, frozen=True):
    data: _Id = _Id()


class _Relationships(msgspec.Struct, frozen=True):
    """Tokens by ids such as ``solana_<mint>``."""

    base_token: _Related = _Related()
    quote_token: _Related = _Related()
    dex: _Related = _Related()


class _Pool(msgspec.Struct, frozen=True):
    attributes: _PoolAttributes
    relationships: _Relationships = _Relationships()


class GeckoTerminal(PoolHistory):
    """The HTTP side of GeckoTerminal."""

    name = "geckoterminal"
    title = TITLE
    intervals = INTERVALS

    def __init__(self, settings: Settings, http: Http, clock: Clock) -> None:
        self._http = http
        self._base_url = f"{settings.geckoterminal.rest_url.rstrip('/')}/api/v2/networks/solana"
        self.rate_limit = ChartRateLimit(TITLE, clock, TokenBucket(1 / PERIOD, BURST, clock))

    async def pools(self, mint: str) -> list[Pool]:
        """See `PoolLister.pools`: those in which most is traded; none while the token is launched."""
        query = {"sort": "h24_volume_usd_desc", "page": "1"}
        envelope = await self._get(f"/tokens/{mint}/pools", query, what="token")
        try:
            entries = content(envelope.data, list[msgspec.Raw])
        except Undecodable as error:
            raise malformed_answer(TITLE, "a request for pools", error) from error
        found: list[Pool] = []
        for entry in entries:
            try:
                pool = content(entry, _Pool)
                sides = (pool.relationships.base_token.data.id, pool.relationships.quote_token.data.id)
                if f"solana_{mint}" in sides:
                    found.append(_pool(pool))
            except (Undecodable, ValueError, OverflowError):  # the last of a time that cannot be
                continue
        return found

    async def candles(self, pool: str, mint: str, span: ChartRange) -> list[Candle]:
        """See `PoolHistory.candles`; newest first."""
        frame, aggregate = _FRAMES[INTERVALS[span]]
        query = {
            "aggregate": aggregate,
            "limit": str(span.seconds // INTERVALS[span]),
            "currency": "usd",
            # else a token on the quote side of the pool gets the prices of the other one
            "token": mint,
        }
        envelope = await self._get(f"/pools/{pool}/ohlcv/{frame}", query, what="pool")
        try:
            rows = content(envelope.data, _Ohlcv).attributes.ohlcv_list
            meta: _Meta | None = content(envelope.meta, _Meta | None)  # type: ignore[arg-type]
        except Undecodable as error:
            raise malformed_answer(TITLE, "a request for candles", error) from error
        tokens = () if meta is None else (meta.base, meta.quote)
        sides = {token.address for token in tokens if token is not None}
        if sides and mint not in sides:
            raise ProviderError(ErrorKind.PROTOCOL, f"{TITLE} answered with the candles of another token")
        return readable(TITLE, rows, _candle)

    async def _get(self, path: str, query: Mapping[str, str], *, what: str) -> _Envelope:
        answer = await self._http.request(
            "GET",
            self._base_url + path,
            params=query,
            headers={"accept": ACCEPT},
            rate_limit=self.rate_limit,
        )
        try:
            envelope = json_as(answer.body, _Envelope)
        except Undecodable as error:
            if answer.status == 200:
                raise malformed_answer(TITLE, f"a request for a {what}", error) from error
            envelope = _Envelope()
        codes = {str(one.get("status")) for one in envelope.errors or ()}
        if envelope.status is not None:
            codes.add(str(envelope.status.error_code))
        if answer.status == 429 or TOO_FAST in codes:
            raise _too_fast(answer)
        if answer.status == 404 or "404" in codes:
            raise UnknownPool(TITLE, what)
        if answer.status != 200:
            raise refusal(TITLE, answer.status, answer.headers, key_setting=None)
        if codes:
            shown = printable(", ".join(sorted(codes)), limit=60)
            raise ProviderError(ErrorKind.PROTOCOL, f"{TITLE} refused a request for a {what}: {shown}")
        return envelope


def _too_fast(answer: Answer) -> ProviderError:
    error = refusal(TITLE, 429, answer.headers, key_setting=None)
    if answer.status == 200:
        text = f"{TITLE} asks for fewer requests"
        return ProviderError(error.kind, text, retry_after=error.retry_after)
    return error


def _pool(pool: _Pool) -> Pool:
    told = pool.attributes
    base, _, quote = told.name.partition(" / ")
    created = told.pool_created_at
    return Pool(
        address=told.address,
        name=pool_name(base, quote, pool.relationships.dex.data.id),
        depth=number(told.reserve_in_usd) or Decimal(0),
        created_at=None if created is None else datetime.fromisoformat(created).timestamp(),
    )


def _candle(row: list[object]) -> Candle:
    """Read ``[time, open, high, low, close, volume]``."""
    if len(row) < 6:
        raise Undecodable("a row that is too short")
    start, first, high, low, close, volume = row[:6]
    return candle(start, first, high, low, close, volume)
