"""The past of a token at the emulated Birdeye, as a client sees it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx
import pytest
import wire_fixtures
from emulated import still
from wire_fixtures import shape

from streamsim import Emulators
from streamsim.world.candles import CHART_SECONDS, bucket_start
from streamsim.world.catalog import BONK, SOL
from streamsim.world.lookalikes import DECOY

ITEM = dict.fromkeys(("o", "h", "l", "c", "v", "v_usd", "unix_time"), "number") | {
    "address": str,
    "type": str,
    "currency": str,
}
"""As documented: there is no recorded example with candles."""


def recorded(name: str) -> Any:
    return json.loads(wire_fixtures.history("birdeye", name))


@asynccontextmanager
async def rest(key: str = "paid-1") -> AsyncIterator[tuple[Emulators, httpx.AsyncClient]]:
    async with (
        still() as emulators,
        httpx.AsyncClient(
            base_url=emulators.birdeye.rest_url, headers={"X-API-KEY": key}, trust_env=False
        ) as client,
    ):
        yield emulators, client


async def get(client: httpx.AsyncClient, path: str, **query: object) -> httpx.Response:
    return await client.get(path, params={name: str(value) for name, value in query.items()})


async def candles(client: httpx.AsyncClient, mint: str = SOL, **query: object) -> list[dict[str, Any]]:
    reply = await get(client, "/defi/v3/ohlcv", address=mint, **query)
    assert reply.status_code == 200, reply.text
    body = reply.json(parse_float=Decimal)
    assert body.keys() == recorded("rest_ohlcv_v3_empty_constructed").keys()
    assert body["data"].keys() == recorded("rest_ohlcv_v3_empty_constructed")["data"].keys()
    items: list[dict[str, Any]] = body["data"]["items"]
    return items


@pytest.mark.parametrize("chart", ["1m", "15m", "1H", "1D"])
async def test_candles_of_a_range_are_those_of_the_market_oldest_first(chart: str) -> None:
    async with rest() as (emulators, client):
        now, length = int(emulators.clock.time()), CHART_SECONDS[chart]
        begin = bucket_start(chart, now - 50 * length)
        items = await candles(client, type=chart, time_from=begin, time_to=now)
        token = emulators.market.token(SOL)
        assert token is not None
        known = token.candles(chart, begin)
    assert [shape(item) for item in items] == [ITEM] * len(known)
    assert [
        (item["unix_time"], item["o"], item["h"], item["l"], item["c"], item["type"], item["currency"])
        for item in items
    ] == [
        (candle.start, candle.open, candle.high, candle.low, candle.close, chart, "usd") for candle in known
    ]
    for item, candle in zip(items, known, strict=True):
        assert item["v"] == pytest.approx(candle.volume)
        assert item["v_usd"] == pytest.approx(candle.volume_usd)
    assert items[-1]["c"] == token.price


async def test_the_newest_candles_come_by_count_whatever_lies_between_them() -> None:
    async with rest() as (_, client):
        items = await candles(client, DECOY.mint, type="1m", mode="count", count_limit=120)
        assert len(items) == 120
        assert any(after["unix_time"] - before["unix_time"] > 60 for before, after in pairwise(items))
        earlier = await candles(
            client, DECOY.mint, type="1m", mode="count", count_limit=20, time_to=items[99]["unix_time"]
        )
        assert earlier == items[80:100]


async def test_padding_fills_empty_intervals_with_the_last_close() -> None:
    async with rest() as (emulators, client):
        now = int(emulators.clock.time()) - 3600
        asked = {"type": "1m", "time_from": now - 7200, "time_to": now}
        known = await candles(client, DECOY.mint, **asked)
        every = await candles(client, DECOY.mint, **asked, padding="true")
        assert len(known) < len(every) == 121
        for before, item in pairwise(every):
            if item["v"] == 0:
                assert item["o"] == item["h"] == item["l"] == item["c"] == before["c"]


async def test_candles_can_be_asked_for_in_sol() -> None:
    async with rest() as (emulators, client):
        now = int(emulators.clock.time())
        asked = {"type": "1H", "time_from": now - 36_000, "time_to": now}
        usd = await candles(client, BONK, **asked)
        sol = await candles(client, SOL, **asked)
        native = await candles(client, BONK, **asked, currency="native")
        assert {item["currency"] for item in native} == {"native"}
        for item, bonk, worth in zip(native, usd, sol, strict=True):
            assert item["c"] == pytest.approx(bonk["c"] / worth["c"])


async def test_an_unknown_token_has_none_and_so_has_the_time_before_the_listing() -> None:
    async with rest() as (emulators, client):
        now = int(emulators.clock.time())
        emulators.market.unpriced.add(BONK)
        asked = {"type": "1H", "time_from": now - 900 * 86_400, "time_to": now - 899 * 86_400}
        for mint in (BONK, DECOY.mint):
            reply = await get(client, "/defi/v3/ohlcv", address=mint, **asked)
            assert reply.json() == recorded("rest_ohlcv_v3_empty_constructed")
        emulators.birdeye.rest.unknown_is_null = True
        reply = await get(client, "/defi/v3/ohlcv", address=BONK, **asked)
        assert reply.json() == {"success": True, "data": None}


async def test_the_shortest_candles_are_kept_for_weeks_only() -> None:
    async with rest() as (emulators, client):
        begin = int(emulators.clock.time()) - 15 * 86_400
        asked = {"time_from": begin, "time_to": begin + 300}
        assert await candles(client, type="1s", **asked) == []
        assert (
            len(
                await candles(
                    client, type="1s", time_from=begin + 3 * 86_400, time_to=begin + 3 * 86_400 + 60
                )
            )
            > 50
        )
        assert await candles(client, type="15s", **asked)


@pytest.mark.parametrize(
    "query",
    [
        {"type": "2m", "time_from": 1, "time_to": 2},
        {"type": "1m"},
        {"type": "1m", "time_from": 2, "time_to": 1},
        {"type": "1m", "mode": "count", "count_limit": 5001},
        {"type": "1m", "time_from": 1, "time_to": 2, "currency": "eur"},
    ],
)
async def test_a_request_that_makes_no_sense_is_refused(query: dict[str, object]) -> None:
    async with rest() as (_, client):
        reply = await get(client, "/defi/v3/ohlcv", address=SOL, **query)
        assert reply.status_code == 400
        assert reply.json()["success"] is False


@pytest.mark.parametrize(("rows", "units"), [(60, 60), (1000, 60), (1500, 90), (4000, 120)])
async def test_candles_take_compute_units_by_their_number(rows: int, units: int) -> None:
    async with rest("free-1") as (emulators, client):
        now = int(emulators.clock.time())
        reply = await get(
            client,
            "/defi/v3/ohlcv",
            address=SOL,
            type="1D",
            time_from=now - (rows - 1) * 86_400,
            time_to=now,
        )
        assert reply.status_code == 200
        assert emulators.birdeye.rest.plans.units_spent["free-1"] == units


async def test_a_free_key_has_units_for_so_many_charts_and_a_plan_may_not_serve_them() -> None:
    async with rest("free-1") as (emulators, client):
        clock: Any = emulators.clock
        emulators.birdeye.rest.plans.free_units = 130
        statuses = []
        for _ in range(3):
            reply = await get(client, "/defi/v3/ohlcv", address=SOL, type="1D", mode="count", count_limit=9)
            statuses.append(reply.status_code)
            await clock.advance(3)
        assert statuses == [200, 200, 400]
        emulators.birdeye.rest.plans.free_paths.discard("/defi/v3/ohlcv")
        reply = await get(client, "/defi/v3/ohlcv", address=SOL, type="1D", mode="count", count_limit=9)
        assert reply.status_code == 401


async def test_single_prices_look_as_documented() -> None:
    async with rest() as (emulators, client):
        now = int(emulators.clock.time())
        reply = await get(
            client,
            "/defi/history_price",
            address=SOL,
            address_type="token",
            type="15m",
            time_from=now - 1800,
            time_to=now,
        )
        body = reply.json(parse_float=Decimal)
        assert shape(body) == shape(recorded("rest_history_price_documented"))
        token = emulators.market.token(SOL)
        assert token is not None
        for item in body["data"]["items"]:
            assert item["value"] == token.price_ago(now - item["unixTime"])
            assert item["unixTime"] % 900 == 0
