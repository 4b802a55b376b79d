"""Birdeye's candles: what they cost, whom they are asked for, and what the answers mean."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from asked_candles import AskedCandles
from exchange_http import answer
from manual_clock import START
from scripted_history import instrument
from wire_fixtures import history

from streamcore.candles import ChartRange, VolumeUnit
from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.config.sources import BirdeyeSettings
from streamcore.events import ErrorKind
from streamcore.net.transport import Http
from streamcore.providers.birdeye.provider import BirdeyeProvider
from streamcore.providers.history_source import HistorySource

KEY = "a-secret-key"
SETTINGS = Settings(birdeye=BirdeyeSettings(api_key=KEY))


def birdeye(http: Http, clock: Clock) -> HistorySource:
    source = BirdeyeProvider(SETTINGS, http, clock).history
    assert source is not None
    return source


def replying(status: int, body: Any) -> AskedCandles:
    return AskedCandles(birdeye, lambda _: answer(status, body))


def items(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"success": True, "data": {"is_scaled_ui_token": False, "items": [*rows]}}


def item(ago: float, **fields: Any) -> dict[str, Any]:
    known = {"o": 2.1, "h": 3.25, "l": 1.5, "c": 2.125, "v": 8, "v_usd": 17.5, "unix_time": START - ago}
    return {**known, **fields}


async def test_candles_are_exact_oldest_first_and_their_volumes_are_dollars() -> None:
    at = replying(200, items(item(930), item(30)))
    series = await at.series(ChartRange.DAY, "BONK")
    first, last = series.candles
    assert first.start < last.start
    assert (last.open, last.high, last.low, last.close, last.volume) == tuple(
        Decimal(value) for value in ("2.1", "3.25", "1.5", "2.125", "17.5")
    )
    assert (series.provider, series.market, series.interval) == ("birdeye", "BONK/USD", 900)
    assert (series.volume_unit, series.running) == (VolumeUnit.USD, True)


@pytest.mark.parametrize(
    ("span", "kind"),
    [
        (ChartRange.HOUR, "1m"),
        (ChartRange.DAY, "15m"),
        (ChartRange.WEEK, "15m"),
        (ChartRange.MONTH, "1H"),
        (ChartRange.YEAR, "1D"),
    ],
)
async def test_each_range_is_one_request_of_fewer_than_a_thousand_candles(
    span: ChartRange, kind: str
) -> None:
    at = replying(200, items(item(30)))
    series = await at.series(span, "BONK")
    (asked,) = at.http.asked
    assert asked.url == "https://public-api.birdeye.so/defi/v3/ohlcv"
    assert asked.headers["X-API-KEY"] == KEY
    assert asked.params == {
        "address": instrument("BONK").mint,
        "type": kind,
        "currency": "usd",
        "time_from": str(int(START) - span.seconds),
        "time_to": str(int(START)),
        "mode": "range",
        "padding": "false",
        "ui_amount_mode": "scaled",
    }
    assert span.seconds / series.interval < 1000


async def test_a_token_without_candles_within_an_hour_has_none_and_one_without_any_in_a_year_no_history() -> (
    None
):
    at = replying(200, history("birdeye", "rest_ohlcv_v3_empty_constructed"))
    assert (await at.series(ChartRange.HOUR, "BONK")).candles == ()
    error = await at.failure(ChartRange.YEAR, "BONK")
    assert (error.kind, error.message) == (ErrorKind.SUBSCRIPTION, "Birdeye has no history of BONK")
    assert (await replying(200, {"success": True, "data": None}).series(ChartRange.DAY)).candles == ()


async def test_an_answer_of_single_prices_is_no_candles() -> None:
    at = replying(200, history("birdeye", "rest_history_price_documented"))
    error = await at.failure(ChartRange.DAY)
    assert error.kind is ErrorKind.PROTOCOL
    assert error.message.startswith("Birdeye answered a request for candles with something unreadable")


async def test_a_plan_without_candles_is_told_once_and_not_tried_until_a_person_asks_to() -> None:
    at = replying(401, {"success": False, "message": "You don't have sufficient permission to access."})
    assert (await at.failure(ChartRange.DAY)).kind is ErrorKind.PLAN
    assert not at.source.has(instrument("BONK"))
    at.source.forget()
    assert at.source.has(instrument("BONK"))


async def test_a_refusal_for_being_too_fast_is_a_rest_of_candles_and_not_of_prices() -> None:
    at = replying(429, {"success": False, "message": "Too many requests"})
    provider = BirdeyeProvider(SETTINGS, at.http, at.clock)
    at.source = provider.history
    at.patience = 1
    assert (await at.failure(ChartRange.DAY)).kind is ErrorKind.RATE_LIMIT
    assert "left alone for 59 s" in (await at.failure(ChartRange.DAY)).message
    assert len(at.http.asked) == 1
    before = at.clock.monotonic()
    await anext(provider.rest.fetch([instrument("BONK").mint or ""], {}))
    assert at.http.asked[-1].at == before, "the limit of the prices was not told to pause"


async def test_a_key_counts_as_metered_until_its_plan_is_seen_to_be_paid() -> None:
    batch = {"success": True, "data": {instrument("BONK").mint: {"value": 2, "priceChange24h": 1}}}
    at = replying(200, batch)
    provider = BirdeyeProvider(SETTINGS, at.http, at.clock)
    assert provider.history.metered
    async for _ in provider.rest.fetch([instrument("BONK").mint or ""], {}):
        break
    async for _ in provider.rest.fetch([instrument("BONK").mint or ""], {}):
        pass
    assert not provider.history.metered
