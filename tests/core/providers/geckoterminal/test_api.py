"""GeckoTerminal: its candles and pools, and the three ways in which it refuses."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from exchange_http import answer
from manual_clock import ManualClock
from scripted_http import Asked, ScriptedHttp
from wire_fixtures import history

from streamcore.candles import ChartRange
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.geckoterminal.api import GeckoTerminal
from streamcore.providers.pools import UnknownPool

POOL = "8dAEnVvvbHPoh5fAGrGcMqH75r5wwN1qbHn2FRRcJzqQ"
WET = "H1q6vF9X2ewo7XxqJ2qb2uTdwkjDLAWF1Y3SefRAUTGZ"
PTN = "PTNzAfFAB4LvoUQEUUGrFMyUoRLExMYjH6CcfyQfsVP"
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
SOL = "So11111111111111111111111111111111111111112"


class Gecko:
    def __init__(self, reply: Callable[[Asked], Answer]) -> None:
        clock = ManualClock()
        self.http = ScriptedHttp(reply, clock.monotonic)
        self.api = GeckoTerminal(Settings(), self.http, clock)


def stored(name: str, status: int = 200) -> Gecko:
    return Gecko(lambda _: answer(status, history("geckoterminal", name)))


async def test_captured_hours_have_every_digit_that_was_sent() -> None:
    gecko = stored("rest_ohlcv_hour_captured")
    newest, before = await gecko.api.candles(POOL, WET, ChartRange.MONTH)
    assert (newest.start, str(newest.high)) == (1788847200, "1.00198792505725")
    assert (before.start, str(before.volume)) == (1788843600, "2746268.0332335294")
    (asked,) = gecko.http.asked
    assert asked.url == f"https://api.geckoterminal.com/api/v2/networks/solana/pools/{POOL}/ohlcv/hour"
    assert asked.params == {"aggregate": "1", "limit": "720", "currency": "usd", "token": WET}
    assert asked.headers["accept"] == "application/json;version=20230302"


async def test_a_captured_row_of_whole_numbers_and_fractions_is_read() -> None:
    (one,) = await stored("rest_ohlcv_hour4_captured").api.candles(POOL, WET, ChartRange.MONTH)
    assert (one.open, one.low) == (Decimal("630.0442851396282"), Decimal("626.9"))


@pytest.mark.parametrize("mint", [BONK, SOL], ids=["base", "quote"])
async def test_small_prices_and_a_hole_are_as_they_were_sent_whichever_side_the_token_is_on(
    mint: str,
) -> None:
    newest, before = await stored("rest_ohlcv_minute_gap_meta_constructed").api.candles(
        POOL, mint, ChartRange.HOUR
    )
    assert (newest.open, newest.close) == (Decimal("0.0000214031"), Decimal("0.000021402"))
    assert newest.start - before.start == 180


async def test_candles_of_another_token_are_not_believed() -> None:
    with pytest.raises(ProviderError, match="candles of another token") as caught:
        await stored("rest_ohlcv_minute_gap_meta_constructed").api.candles(POOL, WET, ChartRange.HOUR)
    assert caught.value.kind is ErrorKind.PROTOCOL


async def test_a_pool_without_a_trade_has_no_candles() -> None:
    assert await stored("rest_ohlcv_empty_constructed").api.candles(POOL, WET, ChartRange.HOUR) == []


@pytest.mark.parametrize(
    ("span", "path", "aggregate", "limit"),
    [
        (ChartRange.HOUR, "minute", "1", "60"),
        (ChartRange.DAY, "minute", "15", "96"),
        (ChartRange.WEEK, "minute", "15", "672"),
        (ChartRange.MONTH, "hour", "1", "720"),
        (ChartRange.YEAR, "day", "1", "365"),
    ],
)
async def test_each_range_is_one_request(span: ChartRange, path: str, aggregate: str, limit: str) -> None:
    gecko = stored("rest_ohlcv_empty_constructed")
    await gecko.api.candles(POOL, WET, span)
    (asked,) = gecko.http.asked
    assert asked.url.endswith(f"/ohlcv/{path}")
    assert (asked.params["aggregate"], asked.params["limit"]) == (aggregate, limit)


@pytest.mark.parametrize("name", ["rest_429_errors_form_captured", "rest_429_status_form_captured"])
@pytest.mark.parametrize("status", [200, 429])
async def test_both_bodies_of_a_refusal_count_under_either_status(name: str, status: int) -> None:
    gecko = stored(name, status)
    with pytest.raises(ProviderError, match="GeckoTerminal asks for fewer requests") as caught:
        await gecko.api.candles(POOL, WET, ChartRange.DAY)
    assert caught.value.kind is ErrorKind.RATE_LIMIT
    with pytest.raises(ProviderError) as again:
        await gecko.api.pools(WET)
    assert again.value.kind is ErrorKind.RATE_LIMIT


@pytest.mark.parametrize("status", [200, 404])
async def test_what_is_not_found_is_an_unknown_pool_or_token(status: int) -> None:
    gecko = stored("rest_not_found_captured", status)
    with pytest.raises(UnknownPool, match="does not know this pool"):
        await gecko.api.candles(POOL, WET, ChartRange.DAY)
    with pytest.raises(UnknownPool, match="does not know this token"):
        await gecko.api.pools(WET)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, "<html>error 1015</html>", ErrorKind.RATE_LIMIT),
        (503, "<html>", ErrorKind.SERVER),
        (200, "<html>", ErrorKind.PROTOCOL),
        (200, {"data": {"attributes": {}}}, ErrorKind.PROTOCOL),
        (200, {"data": {"attributes": {"ohlcv_list": [[1, 2]]}}}, ErrorKind.PROTOCOL),
        (200, {"errors": [{"status": "500", "title": "Oops"}]}, ErrorKind.PROTOCOL),
        (400, {"errors": [{"status": "400", "title": "Bad"}]}, ErrorKind.PROTOCOL),
    ],
)
async def test_other_failures_are_sentences(status: int, body: Any, kind: ErrorKind) -> None:
    with pytest.raises(ProviderError) as caught:
        await Gecko(lambda _: answer(status, body)).api.candles(POOL, WET, ChartRange.DAY)
    assert caught.value.kind is kind
    assert caught.value.message.startswith("GeckoTerminal ")


async def test_a_captured_pool_is_read_and_the_token_may_be_on_either_side() -> None:
    gecko = stored("rest_token_pools_trimmed_captured")
    for mint in (WET, PTN):
        (pool,) = await gecko.api.pools(mint)
        assert (pool.address, pool.name, pool.depth) == (POOL, "WET/PTN on raydium", Decimal("89612.6227"))
        assert pool.created_at == 1_789_416_368
    assert gecko.http.asked[0].params == {"sort": "h24_volume_usd_desc", "page": "1"}
    assert gecko.http.asked[0].url.endswith(f"/networks/solana/tokens/{WET}/pools")
    other = stored("rest_token_pools_trimmed_captured")
    assert await other.api.pools(SOL) == [], "a pool of other tokens is none of it"


async def test_a_token_that_is_being_launched_has_no_pools() -> None:
    assert await stored("rest_token_pools_none_constructed").api.pools(WET) == []


async def test_a_pool_that_makes_no_sense_is_left_out_and_a_missing_figure_is_none() -> None:
    sides = {
        "base_token": {"data": {"id": f"solana_{WET}"}},
        "quote_token": {"data": {"id": f"solana_{PTN}"}},
    }
    entries = [
        {"attributes": {}, "relationships": sides},
        {"attributes": {"address": "A", "pool_created_at": "soon"}, "relationships": sides},
        {
            "attributes": {"address": "B", "reserve_in_usd": None, "pool_created_at": None},
            "relationships": sides,
        },
    ]
    (pool,) = await Gecko(lambda _: answer(200, {"data": entries})).api.pools(WET)
    assert (pool.address, pool.depth, pool.created_at) == ("B", 0, None)
