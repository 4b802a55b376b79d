"""Coinbase's candles: at most 300 in an answer, newest first, the lowest price before the opening one.

Both ends of the time that is asked for are included, so that 300 intervals would bring 301 candles, and more
are refused. Times without a trade have no candle, and some from before the beginning may come.
Source: docs.cdp.coinbase.com, "Get product candles"; captures of 2024-03-13.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from urllib.parse import quote

import msgspec

from streamcore.assets.instruments import Instrument, Venue
from streamcore.candles import Candle, CandleSeries, ChartRange, VolumeUnit
from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.rate_limit import RateLimit, TokenBucket
from streamcore.net.transport import Answer, Http
from streamcore.providers.coinbase.listing import TITLE
from streamcore.providers.decoding import Undecodable, json_as
from streamcore.providers.exchange import HttpHost
from streamcore.providers.history_source import (
    ChartRateLimit,
    HistorySource,
    candle,
    candle_series,
    no_history,
    readable,
)
from streamcore.providers.http_errors import malformed_answer, refusal
from streamcore.providers.market_directory import MarketDirectory
from streamcore.text import printable

INTERVALS: Mapping[ChartRange, int] = MappingProxyType(
    {
        ChartRange.HOUR: 60,
        ChartRange.DAY: 900,
        ChartRange.WEEK: 3600,
        ChartRange.MONTH: 21_600,
        ChartRange.YEAR: 86_400,
    }
)
"""Seconds; of those that Coinbase has, the shortest with which a range takes few requests."""

MOST_CANDLES = 300
"""Candles of one answer."""

RATE = 2.0
"""Requests a second for candles alone: "historical rates should not be polled frequently"."""

GONE = (404, 410)


class _Refusal(msgspec.Struct, frozen=True):
    message: str = ""


class CoinbaseCandles(HistorySource):
    """The past of Coinbase's prices; a year takes two requests, every other range one."""

    name = "coinbase"
    title = TITLE
    venue = Venue.EXCHANGE
    intervals = INTERVALS
    for_trends = True

    def __init__(
        self, http: Http, host: HttpHost, directory: MarketDirectory, rate_limit: RateLimit, clock: Clock
    ) -> None:
        """``rate_limit`` is what Coinbase allows this address in all."""
        self._http = http
        self._host = host
        self._directory = directory
        self._rate_limit = ChartRateLimit(TITLE, clock, TokenBucket(RATE, int(RATE), clock), rate_limit)

    def has(self, instrument: Instrument) -> bool:
        """Return whether there is a product in US dollars, and an HTTP side that belongs to the stream."""
        return self._host.source("") is not None and self._directory.pair_of(instrument) is not None

    async def candles(self, instrument: Instrument, span: ChartRange, now: float) -> CandleSeries:
        """See `HistorySource.candles`."""
        product = self._directory.pair_of(instrument)
        if product is None:
            raise no_history(TITLE, instrument)
        interval = INTERVALS[span]
        rows: list[list[object]] = []
        for start, end in _windows(int(now) - span.seconds, int(now), interval):
            query = {"granularity": str(interval), "start": str(start), "end": str(end)}
            try:
                rows += await self._get(instrument, product, query)
            except ProviderError as error:
                self._rate_limit.note(error)
                raise
        candles = readable(TITLE, rows, _candle)
        return candle_series(
            self, instrument, span, now, candles, market=product, volume_unit=VolumeUnit.BASE
        )

    async def _get(
        self, instrument: Instrument, product: str, query: Mapping[str, str]
    ) -> list[list[object]]:
        answer = await self._http.request(
            "GET",
            self._host.url(f"/products/{quote(product, safe='')}/candles"),
            params=query,
            headers={"accept": "application/json"},
            rate_limit=self._rate_limit,
        )
        if answer.status in GONE:
            raise no_history(TITLE, instrument, reason=f"it does not list {product}")
        if answer.status == 400:
            raise _refused(answer, instrument)
        if answer.status != 200:
            raise refusal(TITLE, answer.status, answer.headers, key_setting=None)
        try:
            return json_as(answer.body, list[list[object]])
        except Undecodable as error:
            raise malformed_answer(TITLE, "a request for candles", error) from error


def _windows(begin: int, end: int, interval: int) -> Iterator[tuple[int, int]]:
    """Yield the times to ask for, one after the other: no answer may have too many candles."""
    longest = (MOST_CANDLES - 1) * interval
    while begin < end:
        yield begin, min(begin + longest, end)
        begin += longest


def _refused(answer: Answer, instrument: Instrument) -> ProviderError:
    """Return what a status of 400 means: the product is delisted, or the request is one that we got wrong."""
    try:
        message = printable(json_as(answer.body, _Refusal).message, limit=120)
    except Undecodable:
        message = ""
    if "delisted" in message.casefold():
        return no_history(TITLE, instrument, reason=message)
    return ProviderError(
        ErrorKind.PROTOCOL, f"{TITLE} refused a request for candles: {message or 'no reason given'}"
    )


def _candle(row: list[object]) -> Candle:
    """Read ``[time, low, high, open, close, volume]``."""
    if len(row) < 6:
        raise Undecodable("a row that is too short")
    start, low, high, first, close, volume = row[:6]
    return candle(start, first, high, low, close, volume)
