"""The emulated GeckoTerminal, as a client sees it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import httpx
import pytest
import wire_fixtures
from emulated import still
from wire_fixtures import shape

from streamsim import Emulators
from streamsim.geckoterminal.server import Refusal
from streamsim.world.catalog import BONK, SOL, USDC
from streamsim.world.lookalikes import DECOY

NETWORK = "/api/v2/networks/solana"


def recorded(name: str) -> Any:
    return json.loads(wire_fixtures.history("geckoterminal", name), parse_float=Decimal)


@asynccontextmanager
async def rest(*, limited: bool = False) -> AsyncIterator[tuple[Emulators, httpx.AsyncClient]]:
    async with (
        still() as emulators,
        httpx.AsyncClient(base_url=emulators.geckoterminal.rest_url, trust_env=False) as client,
    ):
        if not limited:
            emulators.geckoterminal.limit_to(1000, 60.0)
        yield emulators, client


async def pools(client: httpx.AsyncClient, mint: str, **query: str) -> list[dict[str, Any]]:
    reply = await client.get(f"{NETWORK}/tokens/{mint}/pools", params=query)
    assert reply.status_code == 200, reply.text
    data: list[dict[str, Any]] = reply.json()["data"]
    return data


async def ohlcv(client: httpx.AsyncClient, pool: str, frame: str = "hour", **query: object) -> Any:
    params = {name: str(value) for name, value in query.items()}
    reply = await client.get(f"{NETWORK}/pools/{pool}/ohlcv/{frame}", params=params)
    assert reply.status_code == 200, reply.text
    return reply.json(parse_float=Decimal)


def rows_of(body: Any) -> list[Any]:
    return list(body["data"]["attributes"]["ohlcv_list"])


async def deepest(client: httpx.AsyncClient, mint: str) -> str:
    return str((await pools(client, mint))[0]["attributes"]["address"])


def missing(told: Any, known: Any, path: str = "") -> list[str]:
    """Return what the captured example has and the answer has not, or has of another type."""
    if isinstance(known, dict):
        if not isinstance(told, dict):
            return [path]
        return [each for name in known for each in missing(told.get(name), known[name], f"{path}.{name}")]
    if isinstance(known, list) and known:
        return missing(told[0], known[0], f"{path}[]") if told else [path]
    return [] if shape(told) == shape(known) else [path]


async def test_pools_look_as_captured_with_money_in_strings() -> None:
    async with rest() as (_, client):
        body = (await client.get(f"{NETWORK}/tokens/{BONK}/pools")).json()
    assert missing(body, recorded("rest_token_pools_trimmed_captured")) == []
    assert [pool["relationships"]["base_token"]["data"]["id"] for pool in body["data"]] == [
        f"solana_{BONK}"
    ] * 3
    reserves = [Decimal(pool["attributes"]["reserve_in_usd"]) for pool in body["data"]]
    assert reserves == sorted(reserves, reverse=True)


async def test_a_token_without_pools_has_none_and_there_is_one_page() -> None:
    async with rest() as (emulators, client):
        emulators.market.pools.none.add(BONK)
        body = (await client.get(f"{NETWORK}/tokens/{BONK}/pools")).json()
        assert body == recorded("rest_token_pools_none_constructed")
        assert await pools(client, SOL, page="2") == []


async def test_figures_of_a_pool_can_be_null() -> None:
    async with rest() as (emulators, client):
        address = await deepest(client, BONK)
        emulators.geckoterminal.without_figures.add(address)
        attributes = (await pools(client, BONK))[0]["attributes"]
        assert attributes["address"] == address
        assert attributes["reserve_in_usd"] is attributes["base_token_price_usd"] is None
        assert attributes["volume_usd"] == {"m5": None, "h1": None, "h6": None, "h24": None}


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("rest_ohlcv_hour_captured", {"frame": "hour"}),
        ("rest_ohlcv_hour4_captured", {"frame": "hour", "aggregate": 4}),
        ("rest_ohlcv_minute_gap_meta_constructed", {"frame": "minute"}),
    ],
)
async def test_candles_look_as_captured(name: str, query: dict[str, Any]) -> None:
    async with rest() as (_, client):
        body = await ohlcv(client, await deepest(client, BONK), **query)
    assert missing(body, recorded(name)) == []
    assert all(shape(row) == ["number"] * 6 for row in rows_of(body))
    starts = [row[0] for row in rows_of(body)]
    assert starts == sorted(starts, reverse=True)
    assert len(starts) == 100, "so many unless told"


async def test_candles_are_those_of_the_market_with_the_volume_of_the_pool() -> None:
    async with rest() as (emulators, client):
        token = emulators.market.token(BONK)
        assert token is not None
        every = [str(pool["attributes"]["address"]) for pool in await pools(client, BONK)]
        now = emulators.clock.time()
        by_pool = [rows_of(await ohlcv(client, pool, limit=24)) for pool in every]
        known = token.candles(3600, now - 86_400)[-24:][::-1]
        for rows in by_pool:
            assert [tuple(row[:5]) for row in rows] == [
                (candle.start, candle.open, candle.high, candle.low, candle.close) for candle in known
            ]
        whole = [
            sum(volumes) for volumes in zip(*([row[5] for row in rows] for rows in by_pool), strict=True)
        ]
        for told, candle in zip(whole, known, strict=True):
            assert told == pytest.approx(candle.volume_usd, rel=Decimal("1e-9"))
        assert by_pool[0][0][4] == token.price


async def test_of_a_token_on_the_quote_side_the_other_one_s_candles_come_unless_its_mint_is_told() -> None:
    async with rest() as (emulators, client):
        pool = await deepest(client, USDC)
        sol = emulators.market.token(SOL)
        assert sol is not None
        assert rows_of(await ohlcv(client, pool, limit=3))[0][4] == sol.price
        asked = rows_of(await ohlcv(client, pool, limit=3, token=USDC))
        assert asked[0][4] == pytest.approx(1, abs=0.01)
        assert rows_of(await ohlcv(client, pool, limit=3, token="quote")) == asked
        in_usdc = rows_of(await ohlcv(client, pool, limit=3, token=SOL, currency="token"))
        assert in_usdc[0][4] == pytest.approx(sol.price / asked[0][4], rel=Decimal("1e-6"))
        wrong = await client.get(f"{NETWORK}/pools/{pool}/ohlcv/hour", params={"token": BONK})
        assert wrong.status_code == 400


async def test_without_a_key_candles_reach_back_half_a_year() -> None:
    async with rest() as (emulators, client):
        pool = await deepest(client, SOL)
        rows = rows_of(await ohlcv(client, pool, "day", limit=365))
        assert 182 <= len(rows) <= 183
        earlier = await ohlcv(client, pool, "day", limit=100, before_timestamp=rows[-1][0])
        assert shape(earlier) == shape(recorded("rest_ohlcv_empty_constructed"))
        assert emulators.clock.time() - rows[-1][0] < 183 * 86_400


async def test_a_young_pool_has_no_older_candles() -> None:
    async with rest() as (emulators, client):
        young = (await pools(client, SOL))[2]["attributes"]
        opened = datetime.fromisoformat(young["pool_created_at"]).timestamp()
        rows = rows_of(await ohlcv(client, young["address"], limit=1000))
        assert rows[-1][0] <= opened < rows[-1][0] + 3600
        assert len(rows) < 130
        age = emulators.clock.time() - opened
        assert age == pytest.approx(5 * 86_400, abs=3600)


async def test_candles_before_a_moment_and_as_many_as_asked_for_even_of_a_quiet_token() -> None:
    async with rest() as (_, client):
        pool = await deepest(client, DECOY.mint)
        rows = rows_of(await ohlcv(client, pool, "minute", limit=100))
        assert len(rows) == 100
        assert any(after[0] - before[0] > 60 for before, after in pairwise(rows[::-1])), "some are missing"
        before = rows_of(await ohlcv(client, pool, "minute", limit=10, before_timestamp=rows[49][0]))
        assert before == rows[50:60]


async def test_empty_intervals_come_on_request_with_the_last_close_and_no_volume() -> None:
    async with rest() as (_, client):
        pool = await deepest(client, DECOY.mint)
        rows = rows_of(await ohlcv(client, pool, "minute", limit=300, include_empty_intervals="true"))
        assert [before[0] - after[0] for before, after in pairwise(rows)] == [60] * 299
        empty = [index for index, row in enumerate(rows[:-1]) if not row[5]]
        assert empty
        for index in empty:
            assert set(rows[index][1:5]) == {rows[index + 1][4]}


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("pools/{pool}/ohlcv/minute", {"aggregate": "3"}, 400),
        ("pools/{pool}/ohlcv/day", {"aggregate": "7"}, 400),
        ("pools/{pool}/ohlcv/week", {}, 400),
        ("pools/{pool}/ohlcv/hour", {"limit": "1001"}, 400),
        ("pools/{pool}/ohlcv/hour", {"currency": "eur"}, 400),
        ("pools/{pool}/ohlcv/hour", {"before_timestamp": "soon"}, 400),
        ("pools/nope/ohlcv/hour", {}, 404),
        ("tokens/nope/pools", {}, 404),
        ("nothing", {}, 404),
    ],
)
async def test_what_is_wrong_is_refused(path: str, query: dict[str, str], status: int) -> None:
    async with rest() as (_, client):
        pool = await deepest(client, SOL)
        reply = await client.get(f"{NETWORK}/{path.format(pool=pool)}", params=query)
        assert reply.status_code == status
        if status == 404:
            assert shape(reply.json()) == shape(recorded("rest_not_found_captured"))


async def test_a_pool_that_others_list_may_be_unknown_here() -> None:
    async with rest() as (emulators, client):
        pool = await deepest(client, BONK)
        emulators.geckoterminal.unindexed.add(pool)
        assert (await client.get(f"{NETWORK}/pools/{pool}/ohlcv/hour")).status_code == 404
        assert len(await pools(client, BONK)) == 2


@pytest.mark.parametrize(
    ("refusal", "name", "status"),
    [
        (Refusal.ERRORS, "rest_429_errors_form_captured", 429),
        (Refusal.STATUS, "rest_429_status_form_captured", 429),
        (Refusal.OK, "rest_429_status_form_captured", 200),
    ],
)
async def test_the_fourth_request_at_once_is_refused_in_one_of_three_forms_without_headers(
    refusal: Refusal, name: str, status: int
) -> None:
    async with rest(limited=True) as (emulators, client):
        emulators.geckoterminal.refusal = refusal
        for _ in range(3):
            await pools(client, SOL)
        reply = await client.get(f"{NETWORK}/tokens/{SOL}/pools")
        assert (reply.status_code, reply.json()) == (status, recorded(name))
        assert not [header for header in reply.headers if "rate" in header or "retry" in header]
        assert emulators.geckoterminal.refused == 1


async def test_one_request_in_ten_seconds_is_granted_for_ever_and_one_in_three_is_not() -> None:
    async with rest(limited=True) as (emulators, client):
        clock: Any = emulators.clock
        for _ in range(20):
            assert (await client.get(f"{NETWORK}/tokens/{SOL}/pools")).status_code == 200
            await clock.advance(10)
        statuses = []
        for _ in range(20):
            statuses.append((await client.get(f"{NETWORK}/tokens/{SOL}/pools")).status_code)
            await clock.advance(4)
        assert 429 in statuses
