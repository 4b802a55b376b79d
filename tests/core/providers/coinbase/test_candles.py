"""Coinbase's candles: what is asked, and what becomes of captured and documented answers."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import pairwise

import pytest
from asked_candles import AskedCandles
from exchange_http import answer
from scripted_history import instrument
from scripted_http import Asked
from wire_fixtures import history

from streamcore.candles import ChartRange, VolumeUnit
from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.config.sources import CoinbaseSettings
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer, Http
from streamcore.providers.coinbase.provider import CoinbaseProvider
from streamcore.providers.history_source import HistorySource


def coinbase(http: Http, clock: Clock) -> HistorySource:
    source = CoinbaseProvider(Settings(), http, clock).history
    assert source is not None
    return source


def stored(status: int, name: str) -> AskedCandles:
    return AskedCandles(coinbase, lambda _: answer(status, history("coinbase", name)))


def as_documented(asked: Asked) -> Answer:
    """Answer as Coinbase: both ends included, newest first, and no more than 300 intervals."""
    start, end, step = (int(asked.params[name]) for name in ("start", "end", "granularity"))
    if (end - start) // step > 300:
        return answer(400, history("coinbase", "rest_candles_too_many_captured"))
    first = -(-start // step) * step
    rows = [[moment, 1, 4, 2, 3, 0.5] for moment in range(first, end + 1, step)]
    return answer(200, json.dumps(rows[::-1]))


async def test_a_captured_candle_is_read_in_coinbases_order_of_columns() -> None:
    at = stored(200, "rest_candles_1h_captured")
    series = await at.series(ChartRange.WEEK, now=1_710_331_100)
    (one,) = series.candles
    assert (one.open, one.high, one.low, one.close, one.volume) == tuple(
        Decimal(value) for value in ("73243.33", "73402.47", "73241.5", "73370.65", "1.56794406")
    )
    assert (series.market, series.interval, series.volume_unit) == ("SOL-USD", 3600, VolumeUnit.BASE)
    assert series.running
    (asked,) = at.http.asked
    assert asked.url == "https://api.exchange.coinbase.com/products/SOL-USD/candles"
    assert asked.params == {"granularity": "3600", "start": "1709726300", "end": "1710331100"}


async def test_newest_first_becomes_oldest_first_and_a_minute_without_a_trade_is_a_hole() -> None:
    at = stored(200, "rest_candles_newest_first_gap_constructed")
    series = await at.series(ChartRange.HOUR, now=1_759_327_300)
    assert [(one.start, one.close) for one in series.candles] == [
        (1759327080, Decimal("220.26")),
        (1759327200, Decimal("220.4")),
        (1759327260, Decimal("220.52")),
    ]


@pytest.mark.parametrize("span", ChartRange)
async def test_every_range_is_complete_in_few_requests_none_of_which_is_too_large(span: ChartRange) -> None:
    at = AskedCandles(coinbase, as_documented)
    series = await at.series(span)
    assert len(at.http.asked) == (2 if span is ChartRange.YEAR else 1)
    assert {b.start - a.start for a, b in pairwise(series.candles)} == {series.interval}
    assert series.covered
    assert series.running


async def test_two_requests_of_a_year_keep_to_two_a_second_for_candles() -> None:
    at = AskedCandles(coinbase, as_documented)
    for symbol in ("SOL", "BTC", "ETH"):
        await at.series(ChartRange.YEAR, symbol)
        at.patience = 3
    times = [asked.at for asked in at.http.asked]
    assert len(times) == 6
    assert all(later - earlier >= 0.99 for earlier, later in zip(times, times[3:], strict=False))


async def test_before_a_listing_there_is_nothing_and_no_failure() -> None:
    series = await stored(200, "rest_candles_empty_documented").series(ChartRange.DAY)
    assert series.candles == ()
    assert not series.running


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rest_candles_bad_granularity_captured", "Unsupported granularity"),
        ("rest_candles_too_many_captured", "Count of aggregations requested exceeds 300"),
    ],
)
async def test_a_request_that_coinbase_refuses_is_told_with_its_words(name: str, words: str) -> None:
    error = await stored(400, name).failure(ChartRange.DAY)
    assert error.kind is ErrorKind.PROTOCOL
    assert words in error.message


async def test_the_candles_of_coinbases_other_interface_are_none_of_these() -> None:
    error = await stored(200, "rest_advanced_candles_captured").failure(ChartRange.DAY)
    assert error.kind is ErrorKind.PROTOCOL
    assert error.message.startswith("Coinbase answered a request for candles with something unreadable")


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, '{"message":"NotFound"}'), (400, '{"message":"Not allowed for delisted products"}')],
)
async def test_a_product_that_is_not_or_no_longer_listed_has_no_history(status: int, body: str) -> None:
    error = await AskedCandles(coinbase, lambda _: answer(status, body)).failure(ChartRange.DAY, "NOPE")
    assert error.kind is ErrorKind.SUBSCRIPTION
    assert error.message.startswith("Coinbase has no history of NOPE")


async def test_a_refusal_for_being_too_fast_leaves_the_candles_alone_for_a_minute() -> None:
    at = AskedCandles(coinbase, lambda _: answer(429, "<html>slow down</html>"))
    at.patience = 1
    assert (await at.failure(ChartRange.DAY)).kind is ErrorKind.RATE_LIMIT
    assert "left alone for" in (await at.failure(ChartRange.DAY)).message
    assert len(at.http.asked) == 1
    await at.clock.advance(60)
    await at.failure(ChartRange.DAY)
    assert len(at.http.asked) == 2


def test_there_are_no_candles_of_another_market_than_that_of_a_stream_on_this_machine() -> None:
    local = Settings(coinbase=CoinbaseSettings(ws_url="ws://127.0.0.1:9000"))
    at = AskedCandles(lambda http, clock: _history(local, http, clock), lambda _: answer(500, ""))
    assert not at.source.has(instrument("SOL"))
    assert not AskedCandles(coinbase, as_documented).source.has(instrument("PYUSD"))


def _history(settings: Settings, http: Http, clock: Clock) -> HistorySource:
    source = CoinbaseProvider(settings, http, clock).history
    assert source is not None
    return source
