"""Kraken's candles: what is asked, and what becomes of captured answers."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest
from asked_candles import AskedCandles
from exchange_http import answer
from manual_clock import START, ManualClock
from scripted_history import instrument
from scripted_http import ScriptedHttp
from wire_fixtures import history

from streamcore.candles import ChartRange, VolumeUnit
from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.config.sources import KrakenSettings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Http
from streamcore.providers.history_source import HistorySource
from streamcore.providers.kraken.codec import KrakenCodec
from streamcore.providers.kraken.provider import KrakenProvider


def kraken(http: Http, clock: Clock, **settings: Any) -> HistorySource:
    source = KrakenProvider(Settings(**settings), http, clock).history
    assert source is not None
    return source


def captured(name: str) -> AskedCandles:
    return AskedCandles(kraken, lambda _: answer(200, history("kraken", name)))


def rows(*starts: float) -> str:
    figures = ["2", "3", "1", "2.5", "2.2", "10", 4]
    return json.dumps(
        {"error": [], "result": {"SOLUSD": [[s, *figures] for s in starts], "last": starts[-1]}}
    )


async def test_captured_hours_are_exact_oldest_first_and_the_last_one_is_running() -> None:
    at = captured("rest_ohlc_60m_captured")
    series = await at.series(ChartRange.MONTH, "BTC", now=1_790_361_000)
    assert [one.start for one in series.candles] == [1790348400, 1790352000, 1790355600, 1790359200]
    first = series.candles[0]
    prices = (first.open, first.high, first.low, first.close, first.volume)
    assert [str(price) for price in prices] == ["84001.9", "84075.9", "83351.5", "83777.5", "159.04484404"]
    assert series.running
    assert (series.provider, series.market, series.interval) == ("kraken", "BTC/USD", 3600)
    assert (series.address, series.volume_unit, series.line) == (None, VolumeUnit.BASE, False)
    (asked,) = at.http.asked
    assert asked.url == "https://api.kraken.com/0/public/OHLC"
    assert asked.params == {"pair": "XBTUSD", "interval": "60"}


async def test_captured_quiet_minutes_are_flat_without_a_volume_and_their_average_of_zero_is_no_price() -> (
    None
):
    series = await captured("rest_ohlc_1m_filled_gaps_captured").series(ChartRange.HOUR, now=1_762_777_400)
    assert len(series.candles) == 7
    assert min(one.low for one in series.candles) == Decimal("106038.1")
    quiet = series.candles[0]
    assert (quiet.open, quiet.close, quiet.volume) == (Decimal("106038.2"), Decimal("106038.2"), Decimal(0))


@pytest.mark.parametrize(
    ("span", "interval"),
    [
        (ChartRange.HOUR, "1"),
        (ChartRange.DAY, "15"),
        (ChartRange.WEEK, "15"),
        (ChartRange.MONTH, "60"),
        (ChartRange.YEAR, "1440"),
    ],
)
async def test_each_range_is_one_request_for_candles_of_which_it_has_no_more_than_720(
    span: ChartRange, interval: str
) -> None:
    at = AskedCandles(kraken, lambda _: answer(200, rows(START - 10)))
    await at.series(span)
    assert [asked.params for asked in at.http.asked] == [{"pair": "SOLUSD", "interval": interval}]
    assert span.seconds <= 720 * 60 * int(interval)


async def test_720_finished_candles_and_the_running_one_are_taken_and_only_the_range_is_kept() -> None:
    minute = START - START % 60
    at = AskedCandles(kraken, lambda _: answer(200, rows(*(minute - 60 * n for n in range(720, -1, -1)))))
    hour = await at.series(ChartRange.HOUR)
    assert len(hour.candles) == 61
    assert hour.candles[0].start >= hour.begin == int(START) - 3600
    assert hour.covered


@pytest.mark.parametrize("name", ["rest_error_rate_limit_reported", "rest_error_too_many_requests_reported"])
async def test_a_request_to_ask_less_stops_candles_for_a_minute(name: str) -> None:
    at = captured(name)
    at.patience = 2
    error = await at.failure(ChartRange.HOUR)
    assert (error.kind, error.retryable) == (ErrorKind.RATE_LIMIT, True)
    resting = await at.failure(ChartRange.HOUR)
    assert resting.message == "Kraken asked for fewer requests: its candles are left alone for 58 s"
    assert (resting.kind, len(at.http.asked)) == (ErrorKind.RATE_LIMIT, 1)
    at.source.forget()
    await at.failure(ChartRange.HOUR)
    assert len(at.http.asked) == 1, "a rest that was asked for goes on, whatever a person wishes"
    await at.clock.advance(60)
    await at.failure(ChartRange.HOUR)
    assert len(at.http.asked) == 2


async def test_a_rest_of_the_candles_is_none_of_the_live_prices() -> None:
    limit = history("kraken", "rest_error_rate_limit_reported")
    clock = ManualClock()
    http = ScriptedHttp(lambda asked: answer(200, limit if "OHLC" in asked.url else ""), clock.monotonic)
    provider = KrakenProvider(Settings(), http, clock)
    assert provider.history is not None
    with pytest.raises(ProviderError, match="fewer requests"):
        await provider.history.candles(instrument("SOL"), ChartRange.HOUR, START)
    live = asyncio.ensure_future(anext(provider.rest.fetch(["SOL/USD"], {})))
    await clock.advance(2)
    with pytest.raises(ProviderError, match="unreadable"):
        await live
    assert [asked.url.rpartition("/")[2] for asked in http.asked] == ["OHLC", "Ticker"]


async def test_an_interval_that_kraken_refuses_is_no_reason_to_believe_the_pair_unknown() -> None:
    error = await captured("rest_ohlc_bad_interval_reported").failure(ChartRange.HOUR)
    assert error.kind is ErrorKind.PROTOCOL
    assert "Invalid arguments:interval" in error.message


async def test_an_unknown_pair_is_no_fault_but_no_history() -> None:
    at = AskedCandles(kraken, lambda _: answer(200, {"error": ["EQuery:Unknown asset pair"]}))
    error = await at.failure(ChartRange.DAY, "NOPE")
    assert error.kind is ErrorKind.SUBSCRIPTION
    assert error.message == "Kraken has no history of NOPE: it does not list NOPE/USD"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, "<html><body>error 1015</body></html>", ErrorKind.RATE_LIMIT),
        (520, "<html>Web server is returning an unknown error</html>", ErrorKind.SERVER),
        (200, "<!DOCTYPE html><html></html>", ErrorKind.PROTOCOL),
        (200, '{"error":[],"result":{"last":1}}', ErrorKind.PROTOCOL),
        (200, '{"error":[],"result":{"A":[],"B":[],"last":1}}', ErrorKind.PROTOCOL),
        (200, '{"error":[],"result":{"A":[["x","1","1","1","1","1","1",1]],"last":1}}', ErrorKind.PROTOCOL),
    ],
)
async def test_pages_of_a_wall_and_answers_that_make_no_sense_are_failures_with_a_sentence(
    status: int, body: str, kind: ErrorKind
) -> None:
    error = await AskedCandles(kraken, lambda _: answer(status, body)).failure(ChartRange.HOUR)
    assert error.kind is kind
    assert error.message.startswith("Kraken ")
    assert "html" not in error.message


async def test_a_row_that_cannot_be_read_is_left_out_and_leaves_a_hole() -> None:
    minute = int(START - START % 60)
    good, bad = [minute, "2", "2", "2", "2", "2", "1", 1], [minute - 60, "0", "2", "2", "2", "2", "1", 1]
    body = {"error": [], "result": {"SOLUSD": [bad, good, [minute - 120]], "last": minute}}
    series = await AskedCandles(kraken, lambda _: answer(200, body)).series(ChartRange.HOUR)
    assert [one.start for one in series.candles] == [minute]


def test_there_are_no_candles_of_another_market_than_that_of_a_stream_on_this_machine() -> None:
    local = KrakenSettings(ws_url="ws://127.0.0.1:9000/v2")
    at = AskedCandles(lambda http, clock: kraken(http, clock, kraken=local), lambda _: answer(500, ""))
    assert not at.source.has(instrument("SOL"))


@pytest.mark.parametrize(
    "name",
    [
        "s2c_ohlc_ack_captured",
        "s2c_ohlc_nack_captured",
        "s2c_ohlc_snapshot_gaps_captured",
        "s2c_ohlc_update_captured",
    ],
)
def test_candles_of_the_stream_are_not_subscribed_and_are_no_prices(name: str) -> None:
    codec = KrakenCodec()
    codec.opened()
    codec.set_topics(["BTC/USDT"])
    codec.frames_to_send()
    assert not [one for one in codec.received(history("kraken", name)) if hasattr(one, "price")]
