"""The pairs of the emulated DexScreener, as a client sees them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import httpx
import pytest
from emulated import still

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
