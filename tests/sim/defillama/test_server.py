"""The emulated DefiLlama, as a client sees it."""

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
from streamsim.world.catalog import BONK, SOL


def recorded(name: str) -> Any:
    return json.loads(wire_fixtures.history("defillama", name))


@asynccontextmanager
async def rest() -> AsyncIterator[tuple[Emulators, httpx.AsyncClient]]:
    async with (
        still() as emulators,
        httpx.AsyncClient(base_url=emulators.defillama.rest_url, trust_env=False) as client,
    ):
        yield emulators, client


async def chart(client: httpx.AsyncClient, coins: str, **query: object) -> dict[str, Any]:
    params = {name: str(value) for name, value in query.items()}
    reply = await client.get(f"/chart/{coins}", params=params)
    assert reply.status_code == 200
    body: dict[str, Any] = reply.json(parse_float=Decimal)
    assert body.keys() == {"coins"}
    return dict(body["coins"])


async def test_points_look_as_documented() -> None:
    async with rest() as (_, client):
        told = await chart(client, f"solana:{SOL}", span=3, period="1h")
    assert shape({"coins": told}) == shape(recorded("rest_chart_constructed"))


async def test_many_coins_come_in_one_answer_and_an_unknown_one_is_an_absent_key() -> None:
    async with rest() as (emulators, client):
        emulators.market.unpriced.add(BONK)
        asked = f"solana:{SOL},coingecko:bitcoin,solana:{BONK},solana:nope,coingecko:nope,bsc:0x0"
        told = await chart(client, asked, span=2, period="15m")
        assert told.keys() == {f"solana:{SOL}", "coingecko:bitcoin"}
        assert (await client.get("/chart/coingecko:nope")).json() == recorded(
            "rest_chart_unknown_coin_constructed"
        )
        emulators.defillama.unknown.add(f"solana:{SOL}")
        assert (await chart(client, asked, span=2)).keys() == {"coingecko:bitcoin"}
        escaped = await client.get(f"/chart/solana%3A{SOL}%2Ccoingecko%3Abitcoin")
        assert escaped.json()["coins"].keys() == {"coingecko:bitcoin"}


@pytest.mark.parametrize(("period", "seconds"), [("5m", 300), ("15m", 900), ("4h", 14_400), ("1d", 86_400)])
async def test_points_are_samples_about_a_period_apart_at_the_prices_of_the_market(
    period: str, seconds: int
) -> None:
    async with rest() as (emulators, client):
        told = await chart(client, "coingecko:bitcoin", span=96, period=period)
        points = told["coingecko:bitcoin"]["prices"]
        token = emulators.market.token("exchange:BTC")
        assert token is not None
        now = emulators.clock.time()
        assert len(points) == 96
        apart = [after["timestamp"] - before["timestamp"] for before, after in pairwise(points)]
        assert all(abs(each - seconds) <= seconds * 0.1 + 1 for each in apart)
        assert len(set(apart)) > 5, "they are not evenly spaced"
        assert abs(now - points[-1]["timestamp"]) <= seconds * 0.1
        for point in points:
            assert point["price"] == token.price_ago(now - point["timestamp"])


async def test_a_range_is_given_by_its_start_or_its_end() -> None:
    async with rest() as (emulators, client):
        now = int(emulators.clock.time())
        from_start = (await chart(client, f"solana:{SOL}", start=now - 3600, period="15m"))[f"solana:{SOL}"]
        assert len(from_start["prices"]) == 5
        spanned = await chart(client, f"solana:{SOL}", start=now - 36_000, span=4, period="15m")
        times = [point["timestamp"] for point in spanned[f"solana:{SOL}"]["prices"]]
        assert len(times) == 4
        assert times[0] == pytest.approx(now - 36_000, abs=50)
        to_end = await chart(client, f"solana:{SOL}", end=now - 36_000, span=4, period="15m")
        assert to_end[f"solana:{SOL}"]["prices"][-1]["timestamp"] == pytest.approx(now - 36_000, abs=50)


async def test_there_are_no_points_before_the_listing() -> None:
    async with rest() as (emulators, client):
        since = emulators.clock.time() - 10 * 86_400
        emulators.market.listed_since[SOL] = since
        points = (await chart(client, f"solana:{SOL}", span=365, period="1d"))[f"solana:{SOL}"]["prices"]
        assert len(points) in (10, 11)
        assert points[0]["timestamp"] >= since


@pytest.mark.parametrize("query", [{"period": "0h"}, {"period": "hour"}, {"span": "-1"}, {"end": "now"}])
async def test_nonsense_is_refused(query: dict[str, str]) -> None:
    async with rest() as (_, client):
        assert (await client.get(f"/chart/solana:{SOL}", params=query)).status_code == 400
