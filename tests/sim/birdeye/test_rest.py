"""The REST API of the emulated Birdeye, as a client sees it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import httpx
import pytest
import wire_fixtures
from emulated import still
from manual_clock import START, ManualClock

from streamsim import Emulators
from streamsim.world.catalog import BONK, SOL, USDC

JUP = "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN"


@asynccontextmanager
async def rest(emulators: Emulators, key: str = "paid") -> AsyncIterator[httpx.AsyncClient]:
    headers = {"X-API-KEY": key, "x-chain": "solana"}
    async with httpx.AsyncClient(base_url=emulators.birdeye.rest_url, headers=headers) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "query", "fixture"),
    [
        ("/defi/price", {"address": SOL, "include_liquidity": "true"}, "rest.price.200"),
        (
            "/defi/multi_price",
            {"list_address": f"{SOL},{BONK}", "include_liquidity": "true"},
            "rest.multi_price.200",
        ),
        ("/defi/price_volume/single", {"address": SOL, "type": "24h"}, "rest.price_volume_single.200"),
        ("/defi/v3/token/market-data", {"address": SOL}, "rest.token_market_data.200"),
        ("/utils/v1/credits", {}, "rest.credits.200"),
    ],
)
async def test_an_answer_has_the_documented_shape(path: str, query: dict[str, str], fixture: str) -> None:
    async with still() as emulators, rest(emulators) as client:
        answer = await client.get(path, params=query)
        assert answer.status_code == 200
        assert _shape(answer.json()) == _shape(json.loads(wire_fixtures.birdeye(fixture)))


def _shape(content: Any) -> Any:
    """Keys all the way down; what a key holds does not matter."""
    return {key: _shape(value) for key, value in content.items()} if isinstance(content, dict) else None


async def test_batches_can_be_posted() -> None:
    async with still() as emulators, rest(emulators) as client:
        for path, name in (
            ("/defi/multi_price", "multi_price"),
            ("/defi/price_volume/multi", "price_volume_multi"),
        ):
            body = json.loads(wire_fixtures.birdeye(f"rest.{name}.post_request"))
            answer = (await client.post(path, json=body)).json()
            assert answer["data"].keys() == {SOL, BONK}


async def test_an_overview_and_a_search_have_the_fields_a_monitor_needs() -> None:
    async with still() as emulators, rest(emulators) as client:
        overview = (await client.get("/defi/token_overview", params={"address": SOL})).json()["data"]
        assert {
            "symbol",
            "decimals",
            "priceChange24hPercent",
            "v24hUSD",
            "liquidity",
            "marketCap",
        } <= overview.keys()
        query = {"keyword": "sol", "search_mode": "exact", "sort_by": "volume_24h_usd", "sort_type": "desc"}
        answer = (await client.get("/defi/v3/search", params=query)).json()
        found = answer["data"]["items"][0]["result"]
        known = json.loads(wire_fixtures.birdeye("rest.search.200"))["data"]["items"][0]["result"][0]
        assert [token["verified"] for token in found] == [True, False], "a namesake turns up as well"
        assert found[0].keys() <= known.keys()
        assert (await client.get("/defi/v3/search", params={"keyword": "sol"})).status_code == 400


async def test_rest_and_stream_tell_the_same_truth() -> None:
    async with still() as emulators, rest(emulators) as client:
        emulators.market.trade(SOL, price=Decimal("171.987654321012"), volume_usd=Decimal("12345.67"))
        truth = emulators.market.truth(SOL)
        assert truth is not None
        price = json.loads(
            (await client.get("/defi/price", params={"address": SOL})).text, parse_float=Decimal
        )
        assert price["data"]["value"] == truth.price
        assert price["data"]["priceChange24h"] == truth.change_24h
        volume = await client.get("/defi/price_volume/single", params={"address": SOL, "type": "24h"})
        assert json.loads(volume.text, parse_float=Decimal)["data"]["volumeUSD"] == truth.volume_24h


async def test_an_unpriced_token_is_null_and_one_bad_address_fails_the_batch() -> None:
    async with still() as emulators, rest(emulators) as client:
        emulators.market.unpriced.add(JUP)
        answer = await client.get("/defi/multi_price", params={"list_address": f"{USDC},{JUP}"})
        assert answer.json()["data"][JUP] is None
        assert answer.json()["data"][USDC]["value"] > 0
        single = await client.get("/defi/price", params={"address": JUP})
        assert single.json() == json.loads(wire_fixtures.birdeye("rest.price.unknown_token.client_code"))
        bad = await client.get("/defi/multi_price", params={"list_address": f"{USDC},0xdead"})
        assert bad.status_code == 400
        assert bad.json() == json.loads(wire_fixtures.birdeye("rest.error.400_list_address.observed"))


async def test_a_free_key_gets_single_prices_slowly_and_nothing_else() -> None:
    async with still() as emulators, rest(emulators, "free") as client:
        clock = emulators.clock
        assert isinstance(clock, ManualClock)
        batch = await client.get("/defi/multi_price", params={"list_address": SOL})
        assert batch.status_code == 401
        assert batch.json() == json.loads(wire_fixtures.birdeye("rest.error.401_plan.observed"))
        denied = await client.get("/defi/price", params={"address": SOL})
        assert denied.status_code == 429
        assert denied.json() == json.loads(wire_fixtures.birdeye("rest.error.429.observed"))
        assert denied.headers["Retry-After"] == "1"
        assert denied.headers["X-RateLimit-Reset"] == str(int(START) + 2)
        await clock.advance(2)
        assert (await client.get("/defi/price", params={"address": SOL})).status_code == 200


@pytest.mark.parametrize(
    ("key", "status", "fixture"),
    [("bad", 401, "401"), ("", 401, "401"), ("exhausted", 400, "400_compute_units.observed")],
)
async def test_a_useless_key_gets_its_reason_over_rest(key: str, status: int, fixture: str) -> None:
    async with still() as emulators, rest(emulators, key) as client:
        answer = await client.get("/defi/price", params={"address": SOL})
        assert answer.status_code == status
        assert answer.json() == json.loads(wire_fixtures.birdeye(f"rest.error.{fixture}"))


async def test_a_paid_key_may_ask_fifteen_times_a_second() -> None:
    async with still() as emulators, rest(emulators) as client:
        answers = [await client.get("/defi/price", params={"address": SOL}) for _ in range(16)]
        assert [answer.status_code for answer in answers] == [200] * 15 + [429]
        assert len(emulators.birdeye.requests) == 16


async def test_prices_can_come_with_another_change_than_the_overview_as_the_real_ones_do() -> None:
    async with still() as emulators, rest(emulators) as client:

        async def changes() -> tuple[Any, Any]:
            prices = (await client.get("/defi/multi_price", params={"list_address": SOL})).json()["data"]
            overview = (await client.get("/defi/token_overview", params={"address": SOL})).json()["data"]
            return prices[SOL]["priceChange24h"], overview["priceChange24hPercent"]

        one, other = await changes()
        assert one == other
        emulators.birdeye.change_differs = True
        another, same = await changes()
        assert (another != one, same) == (True, other)
