"""Candles of the emulated Coinbase Exchange, as a client sees them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx
import pytest
import wire_fixtures
from emulated import still
from wire_fixtures import shape

from streamsim import Emulators
from streamsim.world.candles import bucket_start
from streamsim.world.catalog import SOL


def recorded(name: str) -> Any:
    return json.loads(wire_fixtures.history("coinbase", name), parse_float=Decimal)


@asynccontextmanager
async def rest() -> AsyncIterator[tuple[Emulators, httpx.AsyncClient]]:
    async with (
        still() as emulators,
        httpx.AsyncClient(base_url=emulators.coinbase.rest_url, trust_env=False) as client,
    ):
        yield emulators, client


async def candles(client: httpx.AsyncClient, product: str = "SOL-USD", **query: object) -> Any:
    params = {name: str(value) for name, value in query.items()}
    reply = await client.get(f"/products/{product}/candles", params=params)
    assert reply.status_code == 200, reply.text
    return reply.json(parse_float=Decimal)


async def refused(client: httpx.AsyncClient, product: str = "SOL-USD", **query: object) -> Any:
    params = {name: str(value) for name, value in query.items()}
    reply = await client.get(f"/products/{product}/candles", params=params)
    assert reply.status_code == 400
    return reply.json()


@pytest.mark.parametrize("name", ["rest_candles_1h_captured", "rest_candles_newest_first_gap_constructed"])
async def test_candles_look_as_captured_low_before_open_and_newest_first(name: str) -> None:
    example = recorded(name)
    async with rest() as (emulators, client):
        now = emulators.clock.time()
        rows = await candles(client, granularity=3600, start=now - 86_400, end=now)
        token = emulators.market.token(SOL)
        assert token is not None
        known = token.candles(3600, now - 86_400)
    assert {str(shape(row)) for row in rows} == {str(shape(row)) for row in example}
    assert [row[0] for row in rows] == sorted((row[0] for row in rows), reverse=True)
    assert [tuple(row[:5]) for row in reversed(rows)] == [
        (candle.start, candle.low, candle.high, candle.open, candle.close) for candle in known
    ]
    assert rows[0][4] == token.price


async def test_both_ends_count_so_that_301_rows_come_and_302_are_refused() -> None:
    async with rest() as (emulators, client):
        for granularity in (60, 300, 900, 3600, 21_600, 86_400):
            end = bucket_start(granularity, emulators.clock.time() - granularity)
            start = end - 300 * granularity
            rows = await candles(client, "BTC-USD", granularity=granularity, start=start, end=end)
            assert [row[0] for row in rows] == list(range(end, start - 1, -granularity))
        too_many = await refused(client, "BTC-USD", granularity=60, start=end - 301 * 60, end=end)
        assert too_many == recorded("rest_candles_too_many_captured")


async def test_the_candle_in_which_the_range_begins_comes_too() -> None:
    async with rest() as (emulators, client):
        end = bucket_start(3600, emulators.clock.time()) - 7200
        rows = await candles(client, "BTC-USD", granularity=3600, start=end - 1801, end=end + 5000)
        assert [row[0] for row in rows] == [end + 3600, end, end - 3600]


async def test_points_in_time_are_seconds_or_iso_8601() -> None:
    async with rest() as (emulators, client):
        end = bucket_start(60, emulators.clock.time())
        numbers = await candles(client, granularity=60, start=end - 600, end=end)
        texts = [datetime.fromtimestamp(end - ago, UTC).isoformat() for ago in (600, 0)]
        assert await candles(client, granularity=60, start=texts[0], end=texts[1]) == numbers
        zulu = [text.replace("+00:00", "Z") for text in texts]
        assert await candles(client, granularity=60, start=zulu[0], end=zulu[1]) == numbers
        assert (await refused(client, granularity=60, start="soon", end="later"))["message"]
        assert (await refused(client, granularity=60, start=end, end=end - 1))["message"]


async def test_one_end_alone_is_ignored_and_the_newest_come() -> None:
    async with rest() as (emulators, client):
        newest = await candles(client, "BTC-USD", granularity=86_400)
        assert len(newest) == 350
        ago = emulators.clock.time() - 900 * 86_400
        assert await candles(client, "BTC-USD", granularity=86_400, start=ago) == newest
        assert await candles(client, "BTC-USD", granularity=86_400, end=ago) == newest


async def test_minutes_without_trades_have_no_row() -> None:
    async with rest() as (emulators, client):
        clock: Any = emulators.clock
        emulators.market.trade(SOL, price=Decimal(180))
        await clock.advance(300)
        emulators.market.trade(SOL, price=Decimal(181))
        now = clock.time()
        rows = await candles(client, granularity=60, start=now - 300, end=now)
        assert [before[0] - after[0] for before, after in pairwise(rows)] == [300]
        assert (rows[0][3], rows[0][4], rows[1][4]) == (180, 181, 180)


async def test_there_is_nothing_before_the_listing() -> None:
    async with rest() as (emulators, client):
        now = emulators.clock.time()
        emulators.market.listed_since["exchange:SUI"] = now - 3 * 86_400
        early = now - 30 * 86_400
        rows = await candles(client, "SUI-USD", granularity=3600, start=early, end=early + 86_400)
        assert rows == recorded("rest_candles_empty_documented")
        across = await candles(client, "SUI-USD", granularity=86_400, start=early, end=now)
        assert len(across) in (3, 4)


@pytest.mark.parametrize("granularity", ["14400", "61", "0", "x"])
async def test_other_granularities_are_refused_as_captured(granularity: str) -> None:
    async with rest() as (_, client):
        assert await refused(client, granularity=granularity) == recorded(
            "rest_candles_bad_granularity_captured"
        )


async def test_unknown_and_delisted_products_have_no_candles() -> None:
    async with rest() as (_, client):
        reply = await client.get("/products/NOPE-USD/candles", params={"granularity": "60"})
        assert (reply.status_code, reply.json()) == (404, {"message": "NotFound"})
        assert "delisted" in (await refused(client, "JUP-USD", granularity=60))["message"]


async def test_candles_agree_with_the_statistics_of_the_day() -> None:
    async with rest() as (emulators, client):
        clock: Any = emulators.clock
        await clock.advance(86_400 - clock.time() % 86_400 + 7)
        stats = (await client.get("/products/SOL-USD/stats")).json()
        now = clock.time()
        rows = await candles(client, granularity=300, start=now - 86_400, end=now)
        assert max(row[2] for row in rows) == Decimal(stats["high"])
        assert min(row[1] for row in rows) == Decimal(stats["low"])
        assert sum(row[5] for row in rows) == Decimal(stats["volume"])
        assert rows[-1][1] <= Decimal(stats["open"]) <= rows[-1][2]
        assert rows[0][4] == Decimal(stats["last"])


async def test_products_have_the_fields_that_were_captured_and_documented() -> None:
    async with rest() as (_, client):
        products = (await client.get("/products")).json()
        one = (await client.get("/products/SOL-USD")).json()
    for known, told in (
        (recorded("rest_products_trimmed_captured")[0], products[0]),
        (recorded("rest_product_all_fields_documented"), one),
    ):
        assert shape(known).items() <= shape(told).items()
