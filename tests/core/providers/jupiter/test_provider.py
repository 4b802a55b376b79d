from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from busiest import busiest
from hypothesis import given
from hypothesis import strategies as st
from manual_clock import ManualClock
from properties import quick
from scripted_http import Asked, ScriptedHttp
from wire_fixtures import names, public

from streamcore.assets.instruments import Instrument, Venue
from streamcore.assets.tokens import Token
from streamcore.config.model import Settings, StreamSettings
from streamcore.config.sources import JupiterSettings
from streamcore.errors import ProviderError
from streamcore.events import DataKind, ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.http_errors import RATE_LIMIT_REST
from streamcore.providers.jupiter.provider import REQUESTS_PER_WINDOW, WINDOW, JupiterProvider
from streamcore.providers.reports import Malformed, PriceReport, Refusal, Report, SignatureSeen

SOL = "So11111111111111111111111111111111111111112"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
JUP = "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN"
WBTC = "3NZ9JMVBmGAqocybic2c7LQCJScmgsAZ6vQqTDzcqmJh"
K = ErrorKind


def ok(body: str | bytes) -> Callable[[Asked], Answer]:
    raw = body.encode() if isinstance(body, str) else body
    return lambda asked: Answer(200, {}, raw)


def priced(asked: Asked) -> Answer:
    body = {mint: {"usdPrice": 1.5} for mint in asked.params["ids"].split(",")}
    return Answer(200, {}, json.dumps(body).encode())


class Jupiter:
    """A provider whose HTTP answers are scripted."""

    def __init__(self, reply: Callable[[Asked], Answer], rest_url: str = "https://api.jup.ag", **stream: Any):
        self.clock = ManualClock()
        self.http = ScriptedHttp(reply, self.clock.monotonic)
        settings = Settings(jupiter=JupiterSettings(rest_url=rest_url), stream=StreamSettings(**stream))
        self.provider = JupiterProvider(settings, self.http, self.clock)  # type: ignore[arg-type]

    async def fetch(self, *mints: str, within: float = 1000.0) -> list[Report]:
        async def collect() -> list[Report]:
            return [report async for report in self.provider.rest.fetch(mints, {})]

        task = asyncio.create_task(collect())
        await self.clock.advance(within)
        return await task

    async def failure(self, *mints: str) -> ProviderError:
        with pytest.raises(ProviderError) as caught:
            await self.fetch(*mints)
        return caught.value


def refusal_of(mint: str, reports: list[Report]) -> ProviderError:
    (found,) = [report for report in reports if isinstance(report, Refusal) and mint in report.topics]
    return found.error


async def test_prices_come_exact_and_in_one_request_without_a_key() -> None:
    jupiter = Jupiter(ok(public("jupiter", "rest_price_v3")))
    assert await jupiter.fetch(SOL, USDC) == [
        PriceReport(SOL, Decimal("147.48"), Decimal("1.29"), complete=True),
        PriceReport(USDC, Decimal("0.9999"), Decimal("-0.003"), complete=True),
    ]
    (asked,) = jupiter.http.asked
    assert (asked.method, asked.url) == ("GET", "https://api.jup.ag/price/v3")
    assert asked.params == {"ids": f"{SOL},{USDC}"}
    assert "x-api-key" not in {name.lower() for name in asked.headers}


async def test_the_older_short_form_is_read_to_the_last_digit() -> None:
    jupiter = Jupiter(ok(public("jupiter", "rest_price_v3_short_form")))
    assert await jupiter.fetch(JUP, SOL) == [
        PriceReport(JUP, Decimal("0.4056018512541055"), Decimal("0.5292887924920519"), complete=True),
        PriceReport(SOL, Decimal("147.4789340738336"), Decimal("1.2907622140620008"), complete=True),
    ]


async def test_an_omitted_mint_is_refused_by_itself_and_a_null_change_says_nothing() -> None:
    jupiter = Jupiter(ok(public("jupiter", "rest_price_v3_missing_and_null")))
    price, refused = await jupiter.fetch(BONK, SOL)
    assert price == PriceReport(BONK, Decimal("0.000003361204"), complete=True)
    error = refusal_of(SOL, [refused])
    assert (error.kind, error.message) == (K.SUBSCRIPTION, f"Jupiter has no price for {SOL}")


async def test_an_empty_answer_refuses_every_mint() -> None:
    reports = await Jupiter(ok(public("jupiter", "rest_price_v3_empty"))).fetch(SOL, BONK)
    assert [report.topics for report in reports if isinstance(report, Refusal)] == [(SOL,), (BONK,)]


@pytest.mark.parametrize("entry", ["null", "{}", '{"usdPrice":null}'])
async def test_a_price_of_null_is_no_price_and_never_zero(entry: str) -> None:
    assert refusal_of(SOL, await Jupiter(ok(f'{{"{SOL}":{entry}}}')).fetch(SOL))


@pytest.mark.parametrize("entry", ["5", "[]", '"1"', '{"usdPrice":"free"}', '{"usdPrice":1e999999}'])
async def test_an_entry_that_makes_no_sense_spoils_just_itself(entry: str) -> None:
    bad, good = await Jupiter(ok(f'{{"{SOL}":{entry},"{BONK}":{{"usdPrice":1}}}}')).fetch(SOL, BONK)
    assert isinstance(bad, Malformed)
    assert good == PriceReport(BONK, Decimal(1), complete=True)


@pytest.mark.parametrize("body", ["", "<html>", "[]", "null", "5", "{"])
async def test_an_answer_that_is_no_table_of_prices_is_a_protocol_error(body: str) -> None:
    error = await Jupiter(ok(body)).failure(SOL)
    assert (error.kind, error.retryable) == (K.PROTOCOL, True)
    assert error.message.startswith("Jupiter")


async def test_many_mints_are_asked_for_fifty_at_a_time() -> None:
    jupiter = Jupiter(priced)
    mints = [f"mint{number}" for number in range(120)]
    reports = await jupiter.fetch(*mints)
    assert [len(asked.params["ids"].split(",")) for asked in jupiter.http.asked] == [50, 50, 20]
    assert [report.topic for report in reports if isinstance(report, PriceReport)] == mints


async def test_a_smaller_batch_can_be_set_and_a_larger_one_cannot() -> None:
    small = Jupiter(priced, max_symbol_batch=2)
    await small.fetch("a", "b", "c")
    assert len(small.http.asked) == 2
    large = Jupiter(priced, max_symbol_batch=500)
    await large.fetch(*map(str, range(51)))
    assert len(large.http.asked) == 2


async def test_no_window_of_a_minute_holds_more_requests_than_are_allowed_without_a_key() -> None:
    jupiter = Jupiter(priced, max_symbol_batch=1)
    await jupiter.fetch(*map(str, range(100)))
    times = [asked.at for asked in jupiter.http.asked]
    assert len(times) == 100
    assert REQUESTS_PER_WINDOW * 0.8 <= busiest(times, WINDOW) <= REQUESTS_PER_WINDOW


async def test_a_rate_limit_is_waited_out_until_a_place_is_free_again() -> None:
    headers = {"date": "Fri, 30 Oct 2026 00:00:00 GMT", "x-ratelimit-reset": str(1_793_318_407)}
    jupiter = Jupiter(lambda asked: Answer(429, headers, public("jupiter", "rest_429").encode()))
    with pytest.raises(ProviderError) as caught:
        await anext(jupiter.provider.rest.fetch([SOL], {}))
    assert (caught.value.kind, caught.value.retryable) == (K.RATE_LIMIT, True)
    assert caught.value.retry_after == pytest.approx(7.2)
    await jupiter.failure(SOL)
    assert [asked.at for asked in jupiter.http.asked] == pytest.approx([0.0, 7.2], abs=1e-3)


async def test_a_rate_limit_that_names_no_end_is_waited_out_as_well() -> None:
    error = await Jupiter(lambda asked: Answer(429, {}, b"Too many requests")).failure(SOL)
    assert (error.kind, error.retry_after) == (K.RATE_LIMIT, RATE_LIMIT_REST)


@pytest.mark.parametrize(
    ("status", "kind", "parks"),
    [(401, K.AUTH, False), (403, K.AUTH, False), (451, K.AUTH, False), (400, K.PROTOCOL, False)]
    + [(status, K.SERVER, False) for status in (500, 502, 503, 521)],
)
async def test_every_other_status_has_its_meaning(status: int, kind: ErrorKind, parks: bool) -> None:
    error = await Jupiter(lambda asked: Answer(status, {}, b"<html>")).failure(SOL)
    assert (error.kind, error.parks) == (kind, parks)
    assert error.message.startswith("Jupiter")
    assert "refused the API key" not in error.message  # there is none


async def test_what_had_been_learnt_before_a_failure_stands() -> None:
    replies = [ok('{"a":{"usdPrice":1}}'), lambda asked: Answer(503, {}, b"")]
    jupiter = Jupiter(lambda asked: replies.pop(0)(asked), max_symbol_batch=1)
    reports = jupiter.provider.rest.fetch(["a", "b"], {})
    assert isinstance(await anext(reports), PriceReport)
    with pytest.raises(ProviderError):
        await anext(reports)


async def test_a_trailing_slash_in_the_url_does_no_harm_and_nothing_wanted_asks_nothing() -> None:
    jupiter = Jupiter(priced, rest_url="http://127.0.0.1:8080/")
    assert await jupiter.fetch() == []
    assert jupiter.http.asked == []
    await jupiter.fetch("a")
    assert jupiter.http.asked[0].url == "http://127.0.0.1:8080/price/v3"


def instrument(symbol: str, mint: str | None, *, by_mint: bool = False) -> Instrument:
    token = None if mint is None else Token(symbol=symbol, name="", mint=mint)
    return Instrument(symbol=symbol, token=token, by_mint=by_mint)


def test_it_prices_exactly_what_was_asked_for_or_nothing() -> None:
    provider = Jupiter(priced).provider
    assert provider.topic(instrument("BONK", BONK)) == BONK
    assert provider.topic(instrument("X", USDC, by_mint=True)) == USDC
    assert provider.topic(instrument("BTC", WBTC)) is None  # wrapped: the price of something else
    assert provider.topic(instrument("BTC", WBTC, by_mint=True)) == WBTC
    assert provider.topic(instrument("DOGE", None)) is None


async def test_it_has_no_stream_and_says_so() -> None:
    provider = Jupiter(priced).provider
    assert (provider.name, provider.kind, provider.venue) == ("jupiter", DataKind.PRICES, Venue.CHAIN)
    assert provider.endpoint() is None
    assert provider.limits.topics_per_connection is None
    with pytest.raises(NotImplementedError, match="jupiter has no stream"):
        provider.codec()
    provider.forget()
    assert provider.handshake_refusal(503, {}, b"").kind is K.SERVER
    assert [report async for report in provider.rest.answer(SignatureSeen("a", "s", 1))] == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
ENTRY = JSON | st.fixed_dictionaries({}, optional={"usdPrice": JSON, "priceChange24h": JSON})
TABLE = st.fixed_dictionaries({}, optional={SOL: ENTRY, BONK: ENTRY}).map(json.dumps).map(str.encode)


@quick
@given(
    st.sampled_from([200, 200, 200, 429, 404, 500]),
    st.binary() | JSON.map(json.dumps).map(str.encode) | TABLE,
)
def test_any_answer_is_one_report_a_mint_or_a_provider_error(status: int, body: bytes) -> None:
    async def fetch() -> list[Report]:
        jupiter = Jupiter(lambda asked: Answer(status, {}, body))
        return [report async for report in jupiter.provider.rest.fetch([SOL, BONK], {})]

    try:
        reports = asyncio.run(fetch())
    except ProviderError:
        return
    assert len(reports) == 2
    assert all(isinstance(report, PriceReport | Refusal | Malformed) for report in reports)
    assert all(report.price is not None for report in reports if isinstance(report, PriceReport))


@pytest.mark.parametrize("name", names("public/jupiter"))
async def test_every_known_answer_is_read_without_anything_left_over(name: str) -> None:
    status = 429 if name == "rest_429" else 200
    jupiter = Jupiter(lambda asked: Answer(status, {}, public("jupiter", name).encode()))
    if status == 429:
        assert (await jupiter.failure(SOL)).kind is K.RATE_LIMIT
    else:
        assert not any(isinstance(report, Malformed) for report in await jupiter.fetch(SOL, BONK, JUP))


@pytest.mark.parametrize(
    "body",
    [
        '{"code":429,"message":"Too many requests"}',
        '{"error":"Internal Server Error"}',
        '{"data":{},"timeTaken":1}',
    ],
)
async def test_an_error_that_comes_as_a_success_is_no_word_about_the_mints(body: str) -> None:
    error = await Jupiter(ok(body)).failure(SOL, BONK)
    assert (error.kind, error.retryable) == (K.PROTOCOL, True)


async def test_what_was_not_asked_for_beside_a_price_does_no_harm() -> None:
    reports = await Jupiter(ok(json.dumps({SOL: {"usdPrice": 2}, "note": "beta"}))).fetch(SOL)
    assert reports == [PriceReport(SOL, Decimal(2), complete=True)]


@pytest.mark.parametrize("change", ['"a lot"', "{}", "true", "1e999999"])
async def test_a_change_that_makes_no_sense_takes_no_price_down(change: str) -> None:
    body = f'{{"{SOL}":{{"usdPrice":2,"priceChange24h":{change}}}}}'
    price, bad = await Jupiter(ok(body)).fetch(SOL)
    assert price == PriceReport(SOL, Decimal(2), complete=True)
    assert isinstance(bad, Malformed)
