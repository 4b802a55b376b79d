"""Coinbase over HTTP: what is asked, how often, and what the answers mean."""

from __future__ import annotations

from decimal import Decimal

import pytest
from exchange_http import ExchangeHttp, answer
from scripted_http import Asked
from wire_fixtures import public

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.coinbase.provider import CoinbaseProvider
from streamcore.providers.reports import Malformed, PriceReport, PriceRequest, QuoteRequest, Refusal, Report

K = ErrorKind


def products(asked: Asked) -> Answer:
    if "/NOPE-USD/" in asked.url:
        return answer(404, public("coinbase_exchange", "rest_not_found"))
    what = asked.url.rpartition("/")[2]
    return answer(200, public("coinbase_exchange", f"rest_product_{what}"))


async def test_one_request_tells_all_about_a_product() -> None:
    bench = ExchangeHttp(CoinbaseProvider, products)
    price = Decimal("119.46")
    assert await bench.fetch("SOL-USD") == [
        PriceReport(
            "SOL-USD",
            price=price,
            change_24h=Decimal("1.45222929936"),
            volume_24h=Decimal("156518933.89"),
            high_24h=Decimal("121.35"),
            low_24h=Decimal("116.8"),
            complete=True,
        )
    ]
    assert [asked.url for asked in bench.http.asked] == [
        "https://api.exchange.coinbase.com/products/SOL-USD/stats"
    ]


async def test_statistics_without_a_price_are_completed_by_the_ticker() -> None:
    def reply(asked: Asked) -> Answer:
        return answer(200, {"open": "118", "volume": "2"}) if asked.url.endswith("stats") else products(asked)

    (report,) = await ExchangeHttp(CoinbaseProvider, reply).fetch("SOL-USD")
    assert isinstance(report, PriceReport)
    assert (report.price, report.volume_24h) == (Decimal("119.46"), Decimal("238.92"))


async def test_an_unknown_product_is_refused_alone() -> None:
    bench = ExchangeHttp(CoinbaseProvider, products)
    refusal, report = await bench.fetch("NOPE-USD", "SOL-USD")
    assert isinstance(refusal, Refusal)
    assert refusal.topics == ("NOPE-USD",)
    assert isinstance(report, PriceReport)


async def test_coinbase_is_asked_at_most_ten_times_a_second_after_the_first_burst() -> None:
    bench = ExchangeHttp(CoinbaseProvider, products)
    await bench.fetch(*["SOL-USD"] * 40)
    times = [asked.at for asked in bench.http.asked]
    for start in times:
        assert sum(start <= time < start + 1 for time in times) <= 15
        assert sum(start + 1 <= time < start + 2 for time in times) <= 10


@pytest.mark.parametrize("body", ["<html>", "[]", '{"last":{}}', '{"last":"1e999999999"}'])
async def test_an_unreadable_product_takes_no_other_down(body: str) -> None:
    def reply(asked: Asked) -> Answer:
        return answer(200, body) if "/BAD-USD/" in asked.url else products(asked)

    bad, good = await ExchangeHttp(CoinbaseProvider, reply).fetch("BAD-USD", "SOL-USD")
    assert isinstance(bad, Malformed)
    assert isinstance(good, PriceReport)


async def test_a_rate_limit_of_coinbase_is_told_and_kept() -> None:
    replies = [answer(429, {"message": "Public rate limit exceeded"}), products]
    bench = ExchangeHttp(CoinbaseProvider, lambda asked: r(asked) if callable(r := replies.pop(0)) else r)
    with pytest.raises(ProviderError) as caught:
        await anext(bench.provider.rest.fetch(["SOL-USD"], {}))
    assert caught.value.kind is K.RATE_LIMIT
    await bench.fetch("SOL-USD")
    assert bench.http.asked[1].at == pytest.approx(10.0, abs=0.2)


# The price after a gap of the stream


async def asked_for(bench: ExchangeHttp, trade: int) -> list[Report]:
    question = PriceRequest("SOL-USD", trade)
    return [report async for report in bench.provider.rest.answer(question)]


async def test_row_i_the_price_after_a_gap_is_that_of_the_last_trade() -> None:
    bench = ExchangeHttp(CoinbaseProvider, products)
    (report,) = await asked_for(bench, 1)
    assert isinstance(report, PriceReport)
    assert (report.topic, report.price, report.complete) == ("SOL-USD", Decimal("119.46"), False)
    assert bench.http.asked[0].url.endswith("/products/SOL-USD/ticker")


async def test_row_i_an_answer_from_before_the_gap_is_no_answer() -> None:
    bench = ExchangeHttp(CoinbaseProvider, products)
    with pytest.raises(ProviderError) as caught:
        await asked_for(bench, 10**15)
    assert caught.value.kind is K.SERVER


async def test_a_quote_is_the_present_bid_and_ask_and_says_nothing_of_the_price() -> None:
    bench = ExchangeHttp(CoinbaseProvider, products)
    found = [report async for report in bench.provider.rest.answer(QuoteRequest("SOL-USD"))]
    (report,) = found
    assert isinstance(report, PriceReport)
    assert report == PriceReport("SOL-USD", bid=report.bid, ask=report.ask)
    assert None not in (report.bid, report.ask)


@pytest.mark.parametrize("body", ["<html>", '{"price": "x"}', "[]"])
async def test_row_i_an_unreadable_answer_after_a_gap_is_a_protocol_error(body: str) -> None:
    bench = ExchangeHttp(CoinbaseProvider, lambda asked: answer(200, body))
    with pytest.raises(ProviderError) as caught:
        await asked_for(bench, 1)
    assert caught.value.kind is K.PROTOCOL


async def test_row_i_a_product_that_is_gone_has_no_price_after_a_gap() -> None:
    bench = ExchangeHttp(CoinbaseProvider, lambda asked: answer(404, "{}"))
    assert await asked_for(bench, 1) == []


# What comes as a success and is none


async def test_an_error_that_comes_as_a_success_is_no_product_without_a_price() -> None:
    def reply(asked: Asked) -> Answer:
        return (
            answer(200, {"message": "Internal server error"}) if "/BAD-USD/" in asked.url else products(asked)
        )

    bad, good = await ExchangeHttp(CoinbaseProvider, reply).fetch("BAD-USD", "SOL-USD")
    assert isinstance(bad, Malformed)
    assert "Internal server error" in bad.reason
    assert isinstance(good, PriceReport)


async def test_figures_that_make_no_sense_take_no_price_down() -> None:
    odd = {"open": "a lot", "last": "2", "volume": [], "high": "3", "low": "1"}
    price, *bad = await ExchangeHttp(CoinbaseProvider, lambda _: answer(200, odd)).fetch("SOL-USD")
    assert price == PriceReport(
        "SOL-USD", price=Decimal(2), high_24h=Decimal(3), low_24h=Decimal(1), complete=True
    )
    assert [type(report) for report in bad] == [Malformed, Malformed]
