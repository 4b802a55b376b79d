from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any

import pytest
from manual_clock import ManualClock
from scripted_http import Asked, ScriptedHttp
from wire_fixtures import birdeye

from streamcore.config.model import Settings, StreamSettings
from streamcore.config.sources import BirdeyeSettings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.birdeye.provider import BirdeyeProvider
from streamcore.providers.birdeye.rest import FREE_PERIOD, PAID_RATE, meaning
from streamcore.providers.reports import Malformed, PriceReport, Refusal, Report

KEY = "birdeye-key-123"
SOL = "So11111111111111111111111111111111111111112"
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
UNKNOWN = "CdsF47CkMGnXnMuGNPw9TpCbE6hxRvA4XUbxbZcLrfJ8"
K = ErrorKind


def answer(status: int, body: str | bytes, **headers: str) -> Answer:
    raw = body.encode() if isinstance(body, str) else body
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


PLAN = answer(401, birdeye("rest.error.401_plan.observed"))
WRONG_KEY = answer(401, birdeye("rest.error.401"))
BAD_ADDRESS = answer(400, birdeye("rest.error.400_list_address.observed"))
TOO_MANY = answer(429, birdeye("rest.error.429.observed"), retry_after="1")


def quotes(mints: list[str]) -> Answer:
    data = {mint: {"value": 1.5, "priceChange24h": -2.25} for mint in mints}
    return answer(200, json.dumps({"success": True, "data": data}))


def quote() -> Answer:
    return answer(200, json.dumps({"success": True, "data": {"value": 1.5, "priceChange24h": -2.25}}))


class PricesHttp(ScriptedHttp):
    """Answers about prices; that there is more than these to ask for, the plan denies."""

    async def request(self, method: str, url: str, **more: Any) -> Answer:
        if "/defi/price_volume" in url or "/utils/" in url:
            return PLAN
        return await super().request(method, url, **more)


class Bench:
    """A provider whose HTTP answers are scripted."""

    def __init__(self, reply: Callable[[Asked], Answer], **stream: Any) -> None:
        self.clock = ManualClock()
        self.http = PricesHttp(reply, self.clock.monotonic)
        settings = Settings(birdeye=BirdeyeSettings(api_key=KEY), stream=StreamSettings(**stream))
        self.provider = BirdeyeProvider(settings, self.http, self.clock)  # type: ignore[arg-type]

    async def fetch(self, *mints: str, within: float = 1000.0) -> list[Report]:
        reports: list[Report] = []

        async def collect() -> None:
            reports.extend([report async for report in self.provider.rest.fetch(mints, {})])

        task = asyncio.create_task(collect())
        await self.clock.advance(within)
        await task
        return reports

    async def failure(self, *mints: str) -> ProviderError:
        with pytest.raises(ProviderError) as caught:
            await self.fetch(*mints)
        return caught.value

    @property
    def paths(self) -> list[str]:
        return [asked.url.removeprefix("https://public-api.birdeye.so") for asked in self.http.asked]


def always(reply: Answer) -> Callable[[Asked], Answer]:
    return lambda asked: reply


def mints_of(asked: Asked) -> list[str]:
    return asked.params["list_address"].split(",")


async def test_all_prices_come_in_one_request_with_the_key_in_a_header_only() -> None:
    bench = Bench(always(answer(200, birdeye("rest.multi_price.200"))))
    assert await bench.fetch(SOL, BONK) == [
        PriceReport(SOL, Decimal("127.32916175338693"), Decimal("-5.833510393308625"), complete=True),
        PriceReport(BONK, Decimal("0.00001598090539282"), Decimal("-4.766925300538944"), complete=True),
    ]
    (asked,) = bench.http.asked
    assert (asked.method, asked.url, asked.params) == (
        "GET",
        "https://public-api.birdeye.so/defi/multi_price",
        {"list_address": f"{SOL},{BONK}"},
    )
    assert asked.headers["X-API-KEY"] == KEY
    assert asked.headers["x-chain"] == "solana"
    assert KEY not in asked.url + str(asked.params)


async def test_exponent_forms_keep_their_digits() -> None:
    mint = "5LafQUrVco6o7KMz42eqVEJ9LW31StPyGjeeu5sKoMtA"
    bench = Bench(always(answer(200, birdeye("rest.multi_price.include_liquidity.observed"))))
    (report,) = await bench.fetch(mint)
    assert isinstance(report, PriceReport)
    assert report.price == Decimal("0.0000034677373694862293")


async def test_a_null_entry_is_a_token_without_a_price_and_never_the_price_zero() -> None:
    bench = Bench(always(answer(200, birdeye("rest.multi_price.null_entry.client_code"))))
    known, unknown = await bench.fetch(BONK, UNKNOWN)
    assert isinstance(known, PriceReport)
    assert isinstance(unknown, Refusal)
    assert (unknown.topics, unknown.error.kind) == ((UNKNOWN,), K.SUBSCRIPTION)


@pytest.mark.parametrize("data", ["{}", "null"])
async def test_a_missing_entry_is_a_token_without_a_price(data: str) -> None:
    bench = Bench(always(answer(200, f'{{"success":true,"data":{data}}}')))
    (report,) = await bench.fetch(SOL)
    assert isinstance(report, Refusal)
    assert report.topics == (SOL,)


async def test_success_without_data_is_a_token_without_a_price() -> None:
    (report,) = await Bench(always(answer(200, '{"success":true}'))).fetch(SOL)
    assert isinstance(report, Refusal)


@pytest.mark.parametrize("entry", ["5", '"x"', "[]", '{"value":"free"}', '{"value":true}', '{"value":"NaN"}'])
async def test_a_quote_that_makes_no_sense_spoils_just_itself(entry: str) -> None:
    body = f'{{"success":true,"data":{{"{SOL}":{entry},"{BONK}":{{"value":1}}}}}}'
    bad, good = await Bench(always(answer(200, body))).fetch(SOL, BONK)
    assert isinstance(bad, Malformed)
    assert good == PriceReport(BONK, Decimal(1), complete=True)


async def test_a_change_of_null_says_nothing() -> None:
    body = f'{{"success":true,"data":{{"{SOL}":{{"value":1,"priceChange24h":null}}}}}}'
    assert await Bench(always(answer(200, body))).fetch(SOL) == [PriceReport(SOL, Decimal(1), complete=True)]


@pytest.mark.parametrize("data", ["[]", "5", '"x"'])
async def test_prices_that_are_no_table_are_a_protocol_error(data: str) -> None:
    error = await Bench(always(answer(200, f'{{"success":true,"data":{data}}}'))).failure(SOL)
    assert error.kind is K.PROTOCOL


@pytest.mark.parametrize("body", ["", "<html>", "[]", "{", '{"success":"yes"}'])
async def test_an_answer_that_is_no_json_is_a_protocol_error(body: str) -> None:
    error = await Bench(always(answer(200, body))).failure(SOL)
    assert (error.kind, error.retryable) == (K.PROTOCOL, True)


async def test_a_status_of_200_does_not_imply_success() -> None:
    error = await Bench(always(answer(200, '{"success":false,"message":"sorry"}'))).failure(SOL)
    assert error.kind is K.PROTOCOL
    assert "sorry" in error.message
    assert (await Bench(always(answer(200, '{"data":{}}'))).failure(SOL)).kind is K.PROTOCOL


async def test_many_tokens_are_asked_for_a_hundred_at_a_time() -> None:
    bench = Bench(lambda asked: quotes(mints_of(asked)))
    mints = [f"mint{number}" for number in range(250)]
    reports = await bench.fetch(*mints)
    assert [len(mints_of(asked)) for asked in bench.http.asked] == [100, 100, 50]
    assert [report.topic for report in reports if isinstance(report, PriceReport)] == mints


async def test_a_smaller_batch_can_be_set_and_a_larger_one_cannot() -> None:
    small = Bench(lambda asked: quotes(mints_of(asked)), max_symbol_batch=2)
    await small.fetch("a", "b", "c")
    assert [len(mints_of(asked)) for asked in small.http.asked] == [2, 1]
    large = Bench(always(quote()), max_symbol_batch=5000)
    assert large.provider.limits.topics_per_connection == 100


async def test_one_bad_address_is_found_by_halving_and_the_rest_have_prices() -> None:
    bench = Bench(lambda asked: BAD_ADDRESS if "bad" in mints_of(asked) else quotes(mints_of(asked)))
    mints = ["a", "b", "c", "d", "bad", "e", "f"]
    reports = await bench.fetch(*mints)
    assert [report.topic for report in reports if isinstance(report, PriceReport)] == list("abcdef")
    (refusal,) = [report for report in reports if isinstance(report, Refusal)]
    assert (refusal.topics, refusal.error.kind) == (("bad",), K.SUBSCRIPTION)
    assert len(bench.http.asked) <= 7


async def test_when_every_address_is_bad_each_is_refused_by_itself() -> None:
    reports = await Bench(always(BAD_ADDRESS)).fetch("a", "b", "c")
    assert [report.topics for report in reports if isinstance(report, Refusal)] == [("a",), ("b",), ("c",)]


def free_plan(asked: Asked) -> Answer:
    return PLAN if asked.url.endswith("multi_price") else quote()


async def test_a_free_key_is_asked_for_one_price_after_another_within_its_rate() -> None:
    bench = Bench(free_plan)
    reports = await bench.fetch("a", "b", "c")
    assert reports == [
        PriceReport(mint, Decimal("1.5"), Decimal("-2.25"), complete=True) for mint in ("a", "b", "c")
    ]
    assert bench.paths == ["/defi/multi_price", "/defi/price", "/defi/price", "/defi/price"]
    times = [asked.at for asked in bench.http.asked[1:]]
    # the refused batch took the first place
    assert times == pytest.approx([FREE_PERIOD, 2 * FREE_PERIOD, 3 * FREE_PERIOD], abs=1e-3)


async def test_on_a_free_key_the_first_prices_do_not_wait_for_the_last() -> None:
    bench = Bench(free_plan)
    reports = bench.provider.rest.fetch(["a", "b"], {})
    first = asyncio.ensure_future(anext(reports))
    await bench.clock.advance(FREE_PERIOD)
    assert isinstance(await first, PriceReport)
    await reports.aclose()  # type: ignore[attr-defined]


async def test_that_the_plan_has_no_batches_is_learnt_once() -> None:
    bench = Bench(free_plan)
    await bench.fetch("a")
    await bench.fetch("a")
    assert bench.paths == ["/defi/multi_price", "/defi/price", "/defi/price"]


async def test_a_wrong_key_is_told_by_the_single_price() -> None:
    bench = Bench(always(WRONG_KEY))
    error = await bench.failure("a", "b")
    assert (error.kind, error.parks) == (K.AUTH, True)
    assert "BIRDEYE_API_KEY" in error.message
    assert bench.paths == ["/defi/multi_price", "/defi/price"]


async def test_a_single_price_may_be_unknown_or_refused_for_its_address() -> None:
    def reply(asked: Asked) -> Answer:
        if asked.url.endswith("multi_price"):
            return PLAN
        if asked.params["address"] == "bad":
            return BAD_ADDRESS
        return answer(200, birdeye("rest.price.unknown_token.client_code"))

    reports = await Bench(reply).fetch("unknown", "bad")
    assert [report.topics for report in reports if isinstance(report, Refusal)] == [("unknown",), ("bad",)]


async def test_a_single_price_is_read_like_those_of_a_batch() -> None:
    body = birdeye("rest.price.200")
    bench = Bench(lambda asked: PLAN if asked.url.endswith("multi_price") else answer(200, body))
    assert await bench.fetch(SOL) == [
        PriceReport(SOL, Decimal("0.38622452197470425"), Decimal("1.933391934259418"), complete=True)
    ]


async def test_paid_requests_keep_to_their_rate_too() -> None:
    bench = Bench(lambda asked: quotes(mints_of(asked)), max_symbol_batch=1)
    await bench.fetch(*[f"mint{number}" for number in range(30)])
    times = [asked.at for asked in bench.http.asked]
    assert times[int(PAID_RATE) - 1] == 0.0
    assert times[-1] == pytest.approx((len(times) - PAID_RATE) / PAID_RATE, abs=1e-3)


async def test_a_rate_limit_says_how_long_the_provider_wants_to_be_left_alone() -> None:
    error = await Bench(always(answer(429, birdeye("rest.error.429.observed"), retry_after="30"))).failure(
        "a"
    )
    assert (error.kind, error.retryable, error.retry_after) == (K.RATE_LIMIT, True, 30.0)


async def test_the_next_request_after_a_rate_limit_waits_for_its_end() -> None:
    replies = [answer(429, "", retry_after="30"), quotes(["a"])]
    bench = Bench(lambda asked: replies.pop(0))
    with pytest.raises(ProviderError):
        await anext(bench.provider.rest.fetch(["a"], {}))
    await bench.fetch("a")
    assert [asked.at for asked in bench.http.asked] == pytest.approx([0.0, 30.0], abs=1e-3)


async def test_row_e_a_batch_denied_for_a_moment_is_taken_for_a_free_key_s_pace() -> None:
    replies = [TOO_MANY, TOO_MANY, quote(), quote(), quotes(["a", "b"])]
    bench = Bench(lambda asked: replies.pop(0))
    assert [report.topic for report in await bench.fetch("a", "b") if isinstance(report, PriceReport)] == [
        "a",
        "b",
    ]
    assert not bench.provider.metered  # nothing has shown that yet
    await bench.fetch("a", "b")
    assert bench.paths == ["/defi/multi_price", *["/defi/price"] * 3, "/defi/multi_price"]
    times = [asked.at for asked in bench.http.asked[:4]]
    assert times == pytest.approx([0.0, 2.05, 2.05 + FREE_PERIOD, 2.05 + 2 * FREE_PERIOD], abs=1e-3)


async def test_row_e_the_next_fetch_goes_on_with_what_was_denied_not_with_the_first() -> None:
    replies = [PLAN, quote(), *[answer(429, "", retry_after="30")], quote(), quote()]
    bench = Bench(lambda asked: replies.pop(0))
    reports = bench.provider.rest.fetch(["a", "b", "c"], {})
    with pytest.raises(ProviderError):
        await _collected(bench, reports)
    await bench.fetch("a", "b", "c")
    assert [asked.params.get("address") for asked in bench.http.asked] == [None, "a", "b", "b", "c"]


async def _collected(bench: Bench, reports: AsyncIterator[Report]) -> list[Report]:
    async def collect() -> list[Report]:
        return [report async for report in reports]

    task = asyncio.ensure_future(collect())
    await bench.clock.advance(100)
    return await task


async def test_what_had_been_learnt_before_a_failure_stands() -> None:
    replies = [quotes(["a"]), answer(503, "")]
    bench = Bench(lambda asked: replies.pop(0), max_symbol_batch=1)
    reports = bench.provider.rest.fetch(["a", "b"], {})
    assert isinstance(await anext(reports), PriceReport)
    with pytest.raises(ProviderError) as caught:
        await anext(reports)
    assert caught.value.kind is K.SERVER


async def test_a_trailing_slash_in_the_url_does_no_harm() -> None:
    clock = ManualClock()
    http = PricesHttp(always(quotes(["a"])), clock.monotonic)
    settings = Settings(birdeye=BirdeyeSettings(api_key=KEY, rest_url="http://127.0.0.1:8080/"))
    provider = BirdeyeProvider(settings, http, clock)  # type: ignore[arg-type]
    assert [report async for report in provider.rest.fetch(["a"], {})]
    assert http.asked[0].url == "http://127.0.0.1:8080/defi/multi_price"


async def test_nothing_wanted_asks_nothing() -> None:
    bench = Bench(always(quote()))
    assert await bench.fetch() == []
    assert bench.http.asked == []


@pytest.mark.parametrize(
    ("status", "name", "kind", "retryable"),
    [
        (400, "rest.error.400", K.PROTOCOL, True),
        (400, "rest.error.400_compute_units.observed", K.QUOTA, False),
        (400, "rest.error.400_list_address.observed", K.SUBSCRIPTION, True),
        (401, "rest.error.401", K.AUTH, False),
        (401, "rest.error.401_plan.observed", K.PLAN, False),
        (403, "rest.error.403", K.AUTH, False),
        (422, "rest.error.422", K.PROTOCOL, True),
        (429, "rest.error.429.observed", K.RATE_LIMIT, True),
    ],
)
def test_every_documented_error_has_its_meaning(
    status: int, name: str, kind: ErrorKind, retryable: bool
) -> None:
    error = meaning(status, {}, birdeye(name).encode())
    assert (error.kind, error.retryable) == (kind, retryable)
    assert "Birdeye" in error.message


@pytest.mark.parametrize("status", [500, 502, 503, 504, 521, 555])
def test_trouble_of_the_server_is_retried(status: int) -> None:
    error = meaning(status, {"retry-after": "9"}, b"<html>bad gateway</html>")
    assert (error.kind, error.retryable, error.retry_after) == (K.SERVER, True, 9.0)


def test_a_spent_quota_is_told_by_its_text_whatever_the_status() -> None:
    body = b'{"success":false,"message":"Compute units usage limit exceeded for plan Free"}'
    assert {meaning(status, {}, body).kind for status in (200, 400, 402, 429)} == {K.QUOTA}


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"null", b'{"message":5}', b'{"message":null}'])
def test_an_error_without_a_readable_text_still_has_a_meaning(body: bytes) -> None:
    assert meaning(400, {}, body).kind is K.PROTOCOL
    assert meaning(429, {}, body).kind is K.RATE_LIMIT


def test_an_errors_text_cannot_act_on_a_terminal() -> None:
    error = meaning(400, {}, b'{"message":"\\u001b[2Jaddress"}')
    assert "\x1b" not in error.message


async def test_an_answer_in_part_is_used_although_it_is_called_no_success() -> None:
    body = {"success": False, "message": "in part", "data": {SOL: {"value": 2.5}}}
    price, refusal = await Bench(always(answer(200, json.dumps(body)))).fetch(SOL, BONK)
    assert price == PriceReport(SOL, Decimal("2.5"), complete=True)
    assert isinstance(refusal, Refusal)
    assert refusal.topics == (BONK,)


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("text", ["Too many requests", "Rate limit exceeded"])
def test_a_limit_is_told_by_its_text_whatever_the_status(status: int, text: str) -> None:
    error = meaning(status, {"retry-after": "7"}, json.dumps({"success": False, "message": text}).encode())
    assert (error.kind, error.retry_after) == (K.RATE_LIMIT, 7.0)


async def test_a_change_that_makes_no_sense_takes_no_price_down() -> None:
    body = f'{{"success":true,"data":{{"{SOL}":{{"value":2,"priceChange24h":"a lot"}}}}}}'
    price, bad = await Bench(always(answer(200, body))).fetch(SOL)
    assert price == PriceReport(SOL, Decimal(2), complete=True)
    assert isinstance(bad, Malformed)
