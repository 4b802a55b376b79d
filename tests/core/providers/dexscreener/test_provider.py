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

from streamcore.assets.instruments import Venue
from streamcore.config.model import Settings, StreamSettings
from streamcore.errors import ProviderError
from streamcore.events import DataKind, ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.dexscreener.provider import REQUESTS_PER_WINDOW, WINDOW, DexScreenerProvider
from streamcore.providers.reports import Malformed, PriceReport, Refusal, Report

SOL = "So11111111111111111111111111111111111111112"
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
K = ErrorKind
KNOWN = PriceReport(
    BONK, Decimal("0.000003361"), Decimal("-1.2"), Decimal("1810221.55"), complete=True, trades_24h=7913
)


def ok(body: str | bytes) -> Callable[[Asked], Answer]:
    raw = body.encode() if isinstance(body, str) else body
    return lambda asked: Answer(200, {}, raw)


def pool(price: object, usd: object = None, *, mint: str = BONK, chain: str = "solana", **more: Any) -> Any:
    pair = {"chainId": chain, "baseToken": {"address": mint}, "priceUsd": price, **more}
    return pair if usd is None else {**pair, "liquidity": {"usd": usd}}


def pools(*pairs: Any) -> Callable[[Asked], Answer]:
    return ok(json.dumps(pairs))


class DexScreener:
    """A provider whose HTTP answers are scripted."""

    def __init__(self, reply: Callable[[Asked], Answer], **stream: Any) -> None:
        self.clock = ManualClock()
        self.http = ScriptedHttp(reply, self.clock.monotonic)
        settings = Settings(stream=StreamSettings(**stream))
        self.provider = DexScreenerProvider(settings, self.http, self.clock)  # type: ignore[arg-type]

    async def fetch(self, *mints: str) -> list[Report]:
        async def collect() -> list[Report]:
            return [report async for report in self.provider.rest.fetch(mints, {})]

        task = asyncio.create_task(collect())
        await self.clock.advance(1000.0)
        return await task

    async def price(self) -> Decimal | None:
        (report,) = await self.fetch(BONK)
        assert isinstance(report, PriceReport | Refusal)
        return report.price if isinstance(report, PriceReport) else None


async def test_price_change_and_volume_are_those_of_one_pool_and_exact() -> None:
    source = DexScreener(ok(public("dexscreener", "rest_tokens_v1")))
    assert await source.fetch(BONK) == [KNOWN]
    (asked,) = source.http.asked
    url = f"https://api.dexscreener.com/tokens/v1/solana/{BONK}"
    assert (asked.method, asked.url, asked.params) == ("GET", url, {})


async def test_the_answer_of_the_older_route_is_read_too() -> None:
    assert await DexScreener(ok(public("dexscreener", "rest_latest_wrapped"))).fetch(BONK) == [KNOWN]


async def test_a_pool_that_says_little_still_has_a_price() -> None:
    (report,) = await DexScreener(ok(public("dexscreener", "rest_tokens_v1_sparse"))).fetch(BONK)
    assert report == PriceReport(
        BONK, Decimal("0.000003361"), None, Decimal("1810221.55"), complete=True, trades_24h=7913
    )


@pytest.mark.parametrize("name", ["rest_tokens_v1_none", "rest_latest_null"])
async def test_a_token_without_a_pool_is_refused_by_itself(name: str) -> None:
    (report,) = await DexScreener(ok(public("dexscreener", name))).fetch(BONK)
    assert isinstance(report, Refusal)
    assert report.topics == (BONK,)
    assert (report.error.kind, report.error.message) == (
        K.SUBSCRIPTION,
        f"DexScreener has no price for {BONK}",
    )


@pytest.mark.parametrize("name", names("public/dexscreener"))
async def test_every_known_answer_is_read_without_anything_left_over(name: str) -> None:
    reports = await DexScreener(ok(public("dexscreener", name))).fetch(BONK, SOL)
    assert [type(report) for report in reports][1] is Refusal  # SOL is the quote side at most
    assert not any(isinstance(report, Malformed) for report in reports)


@pytest.mark.parametrize("day", [None, {}, {"buys": 3}, {"buys": -1, "sells": 2}, {"buys": "x", "sells": 2}])
async def test_trades_of_which_not_both_sides_are_told_are_not_known(day: Any) -> None:
    (report,) = await DexScreener(pools(pool("2", txns={"h24": day}))).fetch(BONK)
    assert isinstance(report, PriceReport)
    assert (report.price, report.trades_24h) == (2, None)


async def test_the_deepest_pool_sets_the_price() -> None:
    source = DexScreener(pools(pool("3", 10), pool("1", 9000), pool("2", 500)))
    assert await source.price() == 1


async def test_a_pool_that_does_not_say_how_deep_it_is_comes_last() -> None:
    assert await DexScreener(pools(pool("2"), pool("1", 0))).price() == 1
    assert await DexScreener(pools(pool("2"))).price() == 2


async def test_a_pool_in_which_the_token_is_the_quote_side_prices_the_other_token() -> None:
    source = DexScreener(pools(pool("150", 10**9, mint=SOL, quoteToken={"address": BONK}), pool("1", 5)))
    assert await source.price() == 1


async def test_a_pool_of_another_chain_is_none_of_ours() -> None:
    assert await DexScreener(pools(pool("9", 10**9, chain="base"), pool("1", 5))).price() == 1
    assert await DexScreener(pools(pool("9", 10**9, chain="base"))).price() is None


async def test_a_pool_without_a_price_in_dollars_does_not_count_however_deep_it_is() -> None:
    no_price = pool(None, 10**9)
    del no_price["priceUsd"]
    assert await DexScreener(pools(no_price, pool(None, 10**9), pool("1", 5))).price() == 1


@pytest.mark.parametrize("bad", [5, [], {"chainId": 5}, pool("free"), pool("1", "deep"), pool("1e999999", 9)])
async def test_a_pool_that_makes_no_sense_spoils_just_itself(bad: Any) -> None:
    unusable, good = await DexScreener(pools(bad, pool("1", 5))).fetch(BONK)
    assert isinstance(unusable, Malformed)
    assert good == PriceReport(BONK, Decimal(1), complete=True)


@pytest.mark.parametrize("body", ["", "<html>", "{}", "5", "null", '{"pairs":5}', "[1,"])
async def test_an_answer_that_is_no_list_of_pools_is_a_protocol_error(body: str) -> None:
    with pytest.raises(ProviderError) as caught:
        await DexScreener(ok(body)).fetch(BONK)
    assert caught.value.kind is K.PROTOCOL


async def test_many_mints_are_asked_for_thirty_at_a_time() -> None:
    source = DexScreener(pools())
    reports = await source.fetch(*(f"mint{number}" for number in range(70)))
    assert [asked.url.count(",") + 1 for asked in source.http.asked] == [30, 30, 10]
    assert len(reports) == 70


async def test_no_window_of_a_minute_holds_more_requests_than_are_allowed() -> None:
    source = DexScreener(pools(), max_symbol_batch=1)
    await source.fetch(*map(str, range(500)))
    times = [asked.at for asked in source.http.asked]
    assert REQUESTS_PER_WINDOW * 0.7 <= busiest(times, WINDOW) <= REQUESTS_PER_WINDOW


async def test_after_a_rate_limit_the_next_request_waits() -> None:
    source = DexScreener(lambda asked: Answer(429, {"retry-after": "12"}, b""))
    with pytest.raises(ProviderError) as caught:
        await anext(source.provider.rest.fetch([BONK], {}))
    with pytest.raises(ProviderError):
        await source.fetch(BONK)
    assert (caught.value.kind, caught.value.retry_after) == (K.RATE_LIMIT, 12.0)
    assert [asked.at for asked in source.http.asked] == pytest.approx([0.0, 12.0], abs=1e-3)


def test_it_prices_tokens_of_the_chain_and_has_no_stream() -> None:
    provider = DexScreener(pools()).provider
    assert (provider.name, provider.kind, provider.venue) == ("dexscreener", DataKind.PRICES, Venue.CHAIN)
    assert provider.endpoint() is None
    assert provider.handshake_refusal(404, {}, b"").message.startswith("DexScreener")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
PAIR = JSON | st.fixed_dictionaries(
    {"chainId": st.just("solana"), "baseToken": JSON | st.just({"address": BONK})},
    optional={
        "priceUsd": JSON | st.just("1.5"),
        "volume": JSON | st.fixed_dictionaries({"h24": JSON}),
        "priceChange": JSON | st.fixed_dictionaries({"h24": JSON}),
        "liquidity": JSON | st.fixed_dictionaries({"usd": JSON}),
    },
)
PAIRS = st.lists(PAIR, max_size=3)


@quick
@given(
    st.binary()
    | JSON.map(json.dumps).map(str.encode)
    | PAIRS.map(json.dumps).map(str.encode)
    | PAIRS.map(lambda pairs: json.dumps({"pairs": pairs}).encode())
)
def test_any_answer_is_reports_or_a_provider_error(body: bytes) -> None:
    async def fetch() -> list[Report]:
        return [report async for report in DexScreener(ok(body)).provider.rest.fetch([BONK, SOL], {})]

    try:
        reports = asyncio.run(fetch())
    except ProviderError:
        return
    told = [report for report in reports if not isinstance(report, Malformed)]
    assert len(told) == 2
    assert all(isinstance(report, PriceReport | Refusal) for report in told)


async def test_figures_that_make_no_sense_take_no_price_down() -> None:
    odd = pool("2", 5, priceChange={"h24": "a lot"}, volume={"h24": []})
    *bad, price = await DexScreener(pools(odd)).fetch(BONK)
    assert price == PriceReport(BONK, Decimal(2), complete=True)
    assert [type(report) for report in bad] == [Malformed, Malformed]
