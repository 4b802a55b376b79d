"""DefiLlama's past prices: a line, many tokens in one answer, unknown ones left out."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal

import pytest
from asked_candles import AskedCandles
from exchange_http import answer
from manual_clock import START
from scripted_history import instrument
from scripted_http import Asked
from wire_fixtures import history

from streamcore.candles import ChartRange
from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer, Http
from streamcore.providers.defillama.prices import COINS_PER_REQUEST, DefiLlamaPrices

SOL = "So11111111111111111111111111111111111111112"


def llama(http: Http, clock: Clock) -> DefiLlamaPrices:
    return DefiLlamaPrices(Settings(), http, clock)


def known(asked: Asked) -> Answer:
    """Answer about every coin but BONK, with two points of which one comes twice."""
    coins = asked.url.rpartition("/")[2].split(",")
    points = [{"timestamp": START - 900, "price": 2.5}] * 2 + [{"timestamp": START - 10, "price": 2.25}]
    mine = [coin for coin in coins if not coin.endswith("B263")]
    return answer(200, json.dumps({"coins": {coin: {"symbol": "X", "prices": points} for coin in mine}}))


async def test_the_documented_answer_is_a_line_without_volumes() -> None:
    at = AskedCandles(llama, lambda _: answer(200, history("defillama", "rest_chart_constructed")))
    series = await at.series(ChartRange.WEEK, now=1_790_281_000)
    assert [(one.start, one.open, one.low) for one in series.candles] == [
        (1790272800, Decimal("219.41"), Decimal("219.41")),
        (1790276400, Decimal("219.87"), Decimal("219.87")),
        (1790280000, Decimal("220.02"), Decimal("220.02")),
    ]
    assert (series.line, series.running, series.volume_unit) == (True, False, None)
    assert (series.provider, series.market, series.address) == ("defillama", "SOL/USD", SOL)
    (asked,) = at.http.asked
    assert asked.url == f"https://coins.llama.fi/chart/solana:{SOL}"
    assert asked.params == {"start": "1789676200", "span": "169", "period": "1h"}


async def test_an_unknown_coin_is_an_answer_without_it_and_has_no_history() -> None:
    at = AskedCandles(
        llama, lambda _: answer(200, history("defillama", "rest_chart_unknown_coin_constructed"))
    )
    error = await at.failure(ChartRange.DAY)
    assert (error.kind, error.message) == (ErrorKind.SUBSCRIPTION, "DefiLlama has no history of SOL")


async def test_many_tokens_are_one_request_and_those_it_does_not_know_are_left_out() -> None:
    at = AskedCandles(llama, known)
    rows = [instrument(symbol) for symbol in ("SOL", "BONK", "WIF")]
    found = await at.source.many(rows, ChartRange.DAY, START)
    assert [series.symbol for series in found.values()] == ["SOL", "WIF"]
    assert len(at.http.asked) == 1
    assert all(
        [one.close for one in series.candles] == [Decimal("2.5"), Decimal("2.25")]
        for series in found.values()
    )


@pytest.mark.parametrize("span", ChartRange)
async def test_the_points_of_every_range_reach_from_its_beginning_until_now(span: ChartRange) -> None:
    at = AskedCandles(llama, known)
    series = await at.series(span)
    (asked,) = at.http.asked
    assert int(asked.params["start"]) == series.begin
    assert (int(asked.params["span"]) - 1) * series.interval == span.seconds


def test_a_request_for_as_many_as_may_be_asked_for_has_a_path_that_hosts_take() -> None:
    assert len(",".join(["solana:" + "1" * 44] * COINS_PER_REQUEST)) < 2100


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, "", ErrorKind.RATE_LIMIT),
        (502, "<html>", ErrorKind.SERVER),
        (200, "<html>", ErrorKind.PROTOCOL),
        (200, "[]", ErrorKind.PROTOCOL),
        (200, f'{{"coins":{{"solana:{SOL}":{{"prices":[{{"timestamp":1}}]}}}}}}', ErrorKind.PROTOCOL),
    ],
)
async def test_failures_are_sentences(status: int, body: str, kind: ErrorKind) -> None:
    error = await AskedCandles(llama, lambda _: answer(status, body)).failure(ChartRange.DAY)
    assert error.kind is kind
    assert error.message.startswith("DefiLlama ")


async def test_a_refusal_for_being_too_fast_is_a_rest_of_a_minute() -> None:
    at = AskedCandles(llama, lambda _: answer(429, ""))
    at.patience = 1
    await at.failure(ChartRange.DAY)
    assert "left alone for 59 s" in (await at.failure(ChartRange.DAY)).message
    assert len(at.http.asked) == 1
    await at.clock.advance(60)
    await at.failure(ChartRange.DAY)
    assert len(at.http.asked) == 2


async def test_two_requests_may_come_at_once_and_then_one_a_second() -> None:
    at = AskedCandles(llama, known)
    asking = [at.start(ChartRange.DAY) for _ in range(4)]
    await at.clock.advance(10)
    await asyncio.gather(*asking)
    assert [asked.at for asked in at.http.asked] == [0, 0, 1, 2]


def test_what_is_no_solana_token_at_all_is_not_there() -> None:
    at = AskedCandles(llama, known)
    assert at.source.has(instrument("SOL"))
    assert not at.source.has(instrument("NOPE"))
