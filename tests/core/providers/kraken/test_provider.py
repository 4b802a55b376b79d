"""Kraken over HTTP: what is asked, how often, and what the answers mean."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise

import pytest
from exchange_http import ExchangeHttp, answer
from scripted_http import Asked
from wire_fixtures import public

from streamcore.config.model import StreamSettings
from streamcore.config.sources import KrakenSettings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.kraken.provider import KrakenProvider
from streamcore.providers.reports import Malformed, PriceReport, QuoteRequest, Refusal, SignatureSeen

K = ErrorKind
PAIR_FIGURES = {"c": ["2", "1"], "v": ["9", "10"], "p": ["1", "3"], "o": "1"}


def listing(*listed: str) -> Callable[[Asked], Answer]:
    """Answer as Kraken, which refuses a whole call for one pair that it does not have."""

    def reply(asked: Asked) -> Answer:
        pairs = asked.params["pair"].split(",")
        if any(pair not in listed for pair in pairs):
            return answer(200, public("kraken", "rest_error_unknown_pair"))
        return answer(200, {"error": [], "result": dict.fromkeys(pairs, PAIR_FIGURES)})

    return reply


async def test_krakens_example_is_read_without_a_change_since_its_open_is_not_of_a_day_ago() -> None:
    bench = ExchangeHttp(KrakenProvider, lambda _: answer(200, public("kraken", "rest_ticker")))
    assert await bench.fetch("SOL/USD") == [
        PriceReport(
            "SOL/USD",
            price=Decimal("119.46000"),
            volume_24h=Decimal("88813953.50"),
            high_24h=Decimal("121.35000"),
            low_24h=Decimal("116.80000"),
            bid=Decimal("119.45000"),
            ask=Decimal("119.46000"),
            vwap_24h=Decimal("119.02000"),
            trades_24h=64639,
        )
    ]
    (asked,) = bench.http.asked
    assert asked.url == "https://api.kraken.com/0/public/Ticker"
    assert asked.params == {"pair": "SOLUSD"}


async def test_a_quote_is_the_present_bid_and_ask_and_says_nothing_of_the_price() -> None:
    bench = ExchangeHttp(KrakenProvider, lambda _: answer(200, public("kraken", "rest_ticker")))
    found = [report async for report in bench.provider.rest.answer(QuoteRequest("SOL/USD"))]
    assert found == [PriceReport("SOL/USD", bid=Decimal("119.45000"), ask=Decimal("119.46000"))]
    assert [one async for one in bench.provider.rest.answer(SignatureSeen("SOL/USD", "s", 1))] == []
    unknown = ExchangeHttp(KrakenProvider, lambda _: answer(200, public("kraken", "rest_error_unknown_pair")))
    assert [one async for one in unknown.provider.rest.answer(QuoteRequest("NO/USD"))] == []


async def test_kraken_has_old_names_for_some_pairs_in_what_it_is_asked_and_in_what_it_answers() -> None:
    result = {"XXBTZUSD": PAIR_FIGURES, "XETHZUSD": PAIR_FIGURES, "XDGUSD": PAIR_FIGURES, "WIFUSD": {}}
    bench = ExchangeHttp(KrakenProvider, lambda _: answer(200, {"error": [], "result": result}))
    reports = await bench.fetch("BTC/USD", "ETH/USD", "DOGE/USD", "WIF/USD", "JUP/USD")
    assert bench.pairs == ["XBTUSD,ETHUSD,XDGUSD,WIFUSD,JUPUSD"]
    good = [(report.topic, report.price) for report in reports if isinstance(report, PriceReport)]
    assert good == [("BTC/USD", 2), ("ETH/USD", 2), ("DOGE/USD", 2)]
    assert [type(report) for report in reports[3:]] == [Malformed, Malformed]


async def test_one_unknown_pair_is_found_by_halving() -> None:
    bench = ExchangeHttp(KrakenProvider, listing("AUSD", "BUSD", "CUSD"))
    reports = await bench.fetch("A/USD", "B/USD", "NOPE/USD", "C/USD")
    assert [report.topics for report in reports if isinstance(report, Refusal)] == [("NOPE/USD",)]
    assert {report.topic for report in reports if isinstance(report, PriceReport)} == {
        "A/USD",
        "B/USD",
        "C/USD",
    }
    assert len(bench.http.asked) == 5


@pytest.mark.parametrize("pair", ["XBT/USD", "XDG/USD", "XETHZ/USD"])
async def test_an_old_name_is_no_ticker_lest_one_asset_be_shown_under_anothers_name(pair: str) -> None:
    bench = ExchangeHttp(KrakenProvider, listing("XBTUSD", "XDGUSD", "XETHZUSD"))
    (report,) = await bench.fetch(pair)
    assert isinstance(report, Refusal)
    assert bench.http.asked == []


async def test_kraken_is_asked_less_than_once_a_second_and_in_batches() -> None:
    pairs = [f"T{number}/USD" for number in range(5)]
    everything = listing(*(f"T{number}USD" for number in range(5)))
    bench = ExchangeHttp(KrakenProvider, everything, stream=StreamSettings(max_symbol_batch=2))
    assert len(await bench.fetch(*pairs)) == 5
    assert [len(asked.split(",")) for asked in bench.pairs] == [2, 2, 1]
    times = [asked.at for asked in bench.http.asked]
    assert all(later - earlier > 1.0 for earlier, later in pairwise(times))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("EGeneral:Too many requests", K.RATE_LIMIT),
        ("EAPI:Rate limit exceeded", K.RATE_LIMIT),
        ("EService:Unavailable", K.SERVER),
        ("EGeneral:Internal error", K.PROTOCOL),
        ("E\x1b[2J", K.PROTOCOL),
    ],
)
async def test_kraken_says_what_went_wrong_in_an_answer_with_status_200(error: str, kind: ErrorKind) -> None:
    failure = await ExchangeHttp(KrakenProvider, lambda _: answer(200, {"error": [error]})).failure("SOL/USD")
    assert (failure.kind, failure.retryable) == (kind, True)
    assert "\x1b" not in failure.message


@pytest.mark.parametrize("body", ["<html>", "[]", '{"error":[],"result":[]}', '{"error":[]}', ""])
async def test_an_unreadable_answer_of_kraken_is_a_protocol_error(body: str) -> None:
    assert (
        await ExchangeHttp(KrakenProvider, lambda _: answer(200, body)).failure("SOL/USD")
    ).kind is K.PROTOCOL


async def test_after_a_rate_limit_kraken_is_left_alone_for_as_long_as_it_asks() -> None:
    replies = [answer(429, "", retry_after="30"), answer(200, public("kraken", "rest_ticker"))]
    bench = ExchangeHttp(KrakenProvider, lambda _: replies.pop(0))
    with pytest.raises(ProviderError):
        await anext(bench.provider.rest.fetch(["SOL/USD"], {}))
    await bench.fetch("SOL/USD")
    assert bench.http.asked[1].at == pytest.approx(30.0, abs=1.2)


async def test_a_kraken_stream_on_this_machine_is_not_polled_at_the_public_host() -> None:
    section = KrakenSettings(ws_url="ws://127.0.0.1:9/v2")
    bench = ExchangeHttp(KrakenProvider, listing("SOLUSD"), kraken=section)
    assert "kraken.rest_url" in (await bench.failure("SOL/USD")).message
    assert bench.http.asked == []


async def test_figures_that_make_no_sense_take_no_price_down() -> None:
    odd = {"c": ["2", "1"], "v": ["1", "a lot"], "p": ["2", "2"], "h": ["3", "3"], "b": [[]], "t": [1, 1.5]}
    reply = answer(200, {"error": [], "result": {"SOLUSD": odd}})
    price, *bad = await ExchangeHttp(KrakenProvider, lambda _: reply).fetch("SOL/USD")
    assert isinstance(price, PriceReport)
    assert (price.price, price.vwap_24h, price.high_24h, price.volume_24h, price.bid) == (2, 2, 3, None, None)
    assert [type(report) for report in bad] == [Malformed] * 3
