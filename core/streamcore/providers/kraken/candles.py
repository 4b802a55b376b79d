"""Kraken's candles, ``OHLC``: at most 720 finished ones and the one that is running, oldest first.

``since`` does not reach further back than that, so a range is one request without it. Minutes in which
nothing was traded come as candles whose four prices are the same and whose volume is zero, with an average
price of ``0.0``, which is no price and is not read.
Source: docs.kraken.com, "Get OHLC Data"; captures of 2025-11 and 2026-09-25.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from streamcore.assets.instruments import Instrument, Venue
from streamcore.candles import Candle, CandleSeries, ChartRange, VolumeUnit
from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.net.rate_limit import RateLimit
from streamcore.net.transport import Http
from streamcore.providers.decoding import Undecodable, content
from streamcore.providers.exchange import HttpHost
from streamcore.providers.history_source import (
    ChartRateLimit,
    HistorySource,
    candle,
    candle_series,
    no_history,
    readable,
)
from streamcore.providers.http_errors import malformed_answer
from streamcore.providers.kraken.listing import assumed_names, is_ambiguous
from streamcore.providers.kraken.public_api import TITLE, BadRequest, Body, meaning, request
from streamcore.providers.market_directory import MarketDirectory

INTERVALS: Mapping[ChartRange, int] = MappingProxyType(
    {
        ChartRange.HOUR: 60,
        ChartRange.DAY: 900,
        ChartRange.WEEK: 900,
        ChartRange.MONTH: 3600,
        ChartRange.YEAR: 86_400,
    }
)
"""Seconds; with these, every range is within the newest 720 candles."""

PATH = "/0/public/OHLC"


class KrakenCandles(HistorySource):
    """The past of Kraken's prices, one request a range."""

    name = "kraken"
    title = TITLE
    venue = Venue.EXCHANGE
    intervals = INTERVALS
    for_trends = True

    def __init__(
        self, http: Http, host: HttpHost, directory: MarketDirectory, rate_limit: RateLimit, clock: Clock
    ) -> None:
        """``rate_limit`` is what Kraken allows this address in all."""
        self._http = http
        self._host = host
        self._directory = directory
        self._rate_limit = ChartRateLimit(TITLE, clock, rate_limit)

    def has(self, instrument: Instrument) -> bool:
        """Return whether there is a pair with the US dollar, and an HTTP side that belongs to the stream."""
        return self._host.source(PATH) is not None and self._pair(instrument) is not None

    async def candles(self, instrument: Instrument, span: ChartRange, now: float) -> CandleSeries:
        """See `HistorySource.candles`."""
        pair = self._pair(instrument)
        if pair is None:
            raise no_history(TITLE, instrument)
        market = self._directory.markets.find(pair)
        names = assumed_names(pair) if market is None or not market.http_names else market.http_names
        params = {"pair": names[0], "interval": str(INTERVALS[span] // 60)}
        try:
            body = await request(self._http, self._host.url(PATH), params, self._rate_limit)
            rows = _rows(body)
        except BadRequest as error:
            if error.unknown_pair:
                raise no_history(TITLE, instrument, reason=f"it does not list {pair}") from error
            raise
        except ProviderError as error:
            self._rate_limit.note(error)
            raise
        candles = readable(TITLE, rows, _candle)
        return candle_series(self, instrument, span, now, candles, market=pair, volume_unit=VolumeUnit.BASE)

    def _pair(self, instrument: Instrument) -> str | None:
        pair = self._directory.pair_of(instrument)
        if pair is None or (self._directory.markets.find(pair) is None and is_ambiguous(pair)):
            return None  # HTTP would take it for the old name of another asset
        return pair


def _rows(body: Body) -> list[list[object]]:
    """Return the rows of an answer, which has them under whatever Kraken calls the pair.

    Raises:
        ProviderError: It tells an error, or is not what is documented.
    """
    try:
        result = content(body.result, dict[str, msgspec.Raw])
        series = [raw for name, raw in result.items() if name != "last"]
        if len(series) == 1:
            return content(series[0], list[list[object]])
        reason = "no pair, or several"
    except Undecodable as error:
        reason = str(error)
    if body.error:
        raise meaning(body.error)
    raise malformed_answer(TITLE, "a request for candles", reason)


def _candle(row: list[object]) -> Candle:
    """Read ``[time, open, high, low, close, average, volume, count]``."""
    if len(row) < 7:
        raise Undecodable("a row that is too short")
    start, first, high, low, close, _, volume = row[:7]
    return candle(start, first, high, low, close, volume)
