"""DefiLlama's past prices: a line without candles or volumes, and many tokens in one answer.

A token that it does not know is left out of an answer. The points are the samples nearest to each moment, so
they are not evenly spaced, and two moments may have the same one.
Source: api-docs.defillama.com, "coins"; no limit is published.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from streamcore.assets.instruments import Instrument
from streamcore.candles import Candle, CandleSeries, ChartRange
from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.net.rate_limit import TokenBucket
from streamcore.net.transport import Http
from streamcore.providers.decoding import Undecodable, json_as
from streamcore.providers.history_source import (
    ChartRateLimit,
    HistorySource,
    candle,
    candle_series,
    no_history,
    readable,
)
from streamcore.providers.http_errors import malformed_answer, refusal

TITLE = "DefiLlama"

INTERVALS: Mapping[ChartRange, int] = MappingProxyType(
    {
        ChartRange.HOUR: 300,
        ChartRange.DAY: 900,
        ChartRange.WEEK: 3600,
        ChartRange.MONTH: 14_400,
        ChartRange.YEAR: 86_400,
    }
)
"""Seconds between two points."""

_PERIODS = {300: "5m", 900: "15m", 3600: "1h", 14_400: "4h", 86_400: "1d"}

COINS_PER_REQUEST = 40
"""Their addresses are part of the path, which stays within 2,000 characters."""

RATE = 1.0
"""Requests a second; a figure of 500 a minute is remembered, none is published any more."""


class _Point(msgspec.Struct, frozen=True):
    timestamp: object = None
    price: object = None


class _Coin(msgspec.Struct, frozen=True):
    symbol: object = None
    prices: list[_Point] = []


class _Chart(msgspec.Struct, frozen=True):
    coins: dict[str, _Coin]


class DefiLlamaPrices(HistorySource):
    """Past prices of Solana tokens, drawn as a line."""

    name = "defillama"
    title = TITLE
    intervals = INTERVALS
    for_trends = True
    batch_size = COINS_PER_REQUEST

    def __init__(self, settings: Settings, http: Http, clock: Clock) -> None:
        self._http = http
        self._base_url = settings.defillama.rest_url.rstrip("/")
        self._rate_limit = ChartRateLimit(TITLE, clock, TokenBucket(RATE, 2, clock))

    def has(self, instrument: Instrument) -> bool:
        """Return whether there is a Solana token of it, wrapped or not."""
        return instrument.mint is not None

    async def candles(self, instrument: Instrument, span: ChartRange, now: float) -> CandleSeries:
        """See `HistorySource.candles`; the four prices of each are one."""
        found = await self.many((instrument,), span, now)
        if instrument.key not in found:
            raise no_history(TITLE, instrument)
        return found[instrument.key]

    async def many(
        self, instruments: Sequence[Instrument], span: ChartRange, now: float
    ) -> dict[str, CandleSeries]:
        """See `HistorySource.many`."""
        coins = {f"solana:{one.mint}": one for one in instruments if one.mint is not None}
        try:
            chart = await self._get(",".join(coins), span, now)
        except ProviderError as error:
            self._rate_limit.note(error)
            raise
        found: dict[str, CandleSeries] = {}
        for coin, instrument in coins.items():
            if coin not in chart.coins:
                continue
            points = readable(TITLE, chart.coins[coin].prices, _point)
            market = f"{instrument.symbol}/USD"
            found[instrument.key] = candle_series(
                self,
                instrument,
                span,
                now,
                points,
                market=market,
                volume_unit=None,
                line=True,
            )
        return found

    async def _get(self, coins: str, span: ChartRange, now: float) -> _Chart:
        interval = INTERVALS[span]
        query = {
            "start": str(int(now) - span.seconds),
            "span": str(span.seconds // interval + 1),
            "period": _PERIODS[interval],
        }
        answer = await self._http.request(
            "GET",
            f"{self._base_url}/chart/{coins}",
            params=query,
            headers={"accept": "application/json"},
            rate_limit=self._rate_limit,
        )
        if answer.status != 200:
            raise refusal(TITLE, answer.status, answer.headers, key_setting=None)
        try:
            return json_as(answer.body, _Chart)
        except Undecodable as error:
            raise malformed_answer(TITLE, "a request for past prices", error) from error


def _point(point: _Point) -> Candle:
    return candle(point.timestamp, *[point.price] * 4)
