"""The pairs of the emulated DexScreener, as a client sees them."""

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
from wire_fixtures import shape

from streamsim import Emulators
from streamsim.world.catalog import BONK, SOL, USDC


@asynccontextmanager
async def rest() -> AsyncIterator[tuple[Emulators, httpx.AsyncClient]]:
    async with (
        still() as emulators,
        httpx.AsyncClient(base_url=emulators.dexscreener.rest_url, trust_env=False) as client,
    ):
        yield emulators, client


async def pairs(client: httpx.AsyncClient, mint: str) -> list[dict[str, Any]]:
    reply = await client.get(f"/token-pairs/v1/solana/{mint}")
    assert reply.status_code == 200
    found: list[dict[str, Any]] = reply.json()
    return found


async def test_the_pools_of_a_token_are_those_that_geckoterminal_lists() -> None:
    async with rest() as (emulators, client):
        url = f"{emulators.geckoterminal.rest_url}/api/v2/networks/solana/tokens/{BONK}/pools"
        listed = (await client.get(url)).json()["data"]
        told = {pair["pairAddress"]: pair for pair in await pairs(client, BONK)}
        assert told.keys() == {pool["attributes"]["address"] for pool in listed}
        for pool in listed:
            figures, pair = pool["attributes"], told[pool["attributes"]["address"]]
            assert pair["liquidity"]["usd"] == pytest.approx(float(figures["reserve_in_usd"]))
            assert pair["volume"]["h24"] == pytest.approx(float(figures["volume_usd"]["h24"]))
            assert Decimal(pair["priceUsd"]) == Decimal(figures["base_token_price_usd"])
            assert pair["dexId"] == pool["relationships"]["dex"]["data"]["id"]


async def test_a_token_may_be_the_quote_side_of_its_deepest_pool() -> None:
    async with rest() as (_, client):
        found = sorted(await pairs(client, USDC), key=lambda pair: -pair["liquidity"]["usd"])
        assert found[0]["baseToken"]["address"] == SOL
        assert found[0]["quoteToken"]["address"] == USDC
        assert float(found[0]["priceUsd"]) > 100, "the price of the base token"


async def test_a_token_without_pools_has_none_and_nonsense_is_refused() -> None:
    async with rest() as (emulators, client):
        emulators.market.pools.none.add(BONK)
        assert await pairs(client, BONK) == []
        assert (await client.get("/token-pairs/v1/solana/nope")).status_code == 400


async def search(client: httpx.AsyncClient, query: str) -> list[dict[str, Any]]:
    reply = await client.get("/latest/dex/search", params={"q": query})
    body = reply.json()
    assert (reply.status_code, body["schemaVersion"]) == (200, "1.0.0")
    found: list[dict[str, Any]] = body["pairs"]
    return found


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("rest_search_lookalike_usdc_captured", "USDC"),
        ("rest_search_false_liquidity_captured", "SOL USDC"),
    ],
)
async def test_a_search_finds_pairs_that_look_as_captured(name: str, query: str) -> None:
    async with rest() as (_, client):
        found = {pair["pairAddress"]: pair for pair in await search(client, query)}
    for known in json.loads(wire_fixtures.history("dexscreener", name))["pairs"]:
        by_token = [
            pair
            for pair in found.values()
            if pair["baseToken"]["symbol"] == known["baseToken"]["symbol"] and pair["dexId"] == known["dexId"]
        ]
        told = found.get(known["pairAddress"]) or by_token[0]
        assert lacking(told, known) == []
        assert ("liquidity" in told) == ("liquidity" in known)


def lacking(told: Any, known: Any, path: str = "") -> list[str]:
    """Return what a captured pair has and the told one has not, or has of another type."""
    if isinstance(known, dict):
        return [
            each
            for name in known
            for each in (
                lacking(told[name], known[name], f"{path}.{name}") if name in told else [f"{path}.{name}"]
            )
        ]
    return [] if shape(told) == shape(known) else [path]


async def test_no_rank_and_no_liquidity_of_a_search_proves_anything() -> None:
    async with rest() as (emulators, client):
        found = await search(client, "sol usdc")
        assert [pair["liquidity"]["usd"] > 1e9 for pair in found[:3]] == [True] * 3
        deepest = emulators.market.pools.of(SOL)[0]
        assert deepest.address not in {pair["pairAddress"] for pair in found}
        assert {pair["chainId"] for pair in found} == {"solana", "ethereum"}
        assert all(pair["txns"]["h24"]["buys"] < 50 for pair in found[:3])
        (dog,) = [pair for pair in await search(client, "usdc") if pair["dexId"] == "pumpfun"]
        assert "liquidity" not in dog


async def test_a_search_finds_thirty_pairs_at_most_and_nonsense_none() -> None:
    async with rest() as (_, client):
        assert len(await search(client, "sol")) == 30
        assert await search(client, "zzzzzzzz") == await search(client, " ") == []
        (mint,) = {pair["baseToken"]["address"] for pair in await search(client, BONK)}
        assert mint == BONK
