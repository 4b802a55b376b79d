"""The list of tokens of the emulated Jupiter, as a client sees it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import base58
import httpx
import pytest
import wire_fixtures
from emulated import still
from wire_fixtures import shape

from streamcore.assets.tokens import TokenTable
from streamsim import Emulators
from streamsim.world.catalog import BONK, CATALOG, SOL, USDC
from streamsim.world.lookalikes import LOOKALIKES

JUP = "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN"
LINKS = {"twitter", "website"}
"""Fields that depend on what a token's makers have entered."""


def recorded(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(wire_fixtures.history("jupiter", name))
    return rows


@asynccontextmanager
async def rest(requests: int = 1000) -> AsyncIterator[tuple[Emulators, httpx.AsyncClient]]:
    async with (
        still() as emulators,
        httpx.AsyncClient(base_url=emulators.jupiter.rest_url, trust_env=False) as client,
    ):
        emulators.jupiter.limit_to(requests, 60.0)
        yield emulators, client


async def search(client: httpx.AsyncClient, query: str) -> list[dict[str, Any]]:
    reply = await client.get("/tokens/v2/search", params={"query": query})
    assert reply.status_code == 200, reply.text
    rows: list[dict[str, Any]] = reply.json()
    return rows


def lacking(told: Any, known: Any, path: str = "") -> list[str]:
    """Return what a recorded entry has and the told one has not, or has of another type."""
    if isinstance(known, dict):
        return [
            each
            for name in known.keys() - LINKS
            for each in (
                lacking(told[name], known[name], f"{path}.{name}") if name in told else [f"{path}.{name}"]
            )
        ]
    if isinstance(known, list):
        return [] if isinstance(told, list) else [path]
    return [] if shape(told) == shape(known) else [path]


@pytest.mark.parametrize(
    ("name", "query", "mint"),
    [
        ("rest_tokens_search_documented", "Jupiter", JUP),
        ("rest_tokens_search_all_stats_documented", "sol", SOL),
        ("rest_tokens_search_verified_trimmed_captured", "USDC", USDC),
    ],
)
async def test_a_verified_token_looks_as_recorded(name: str, query: str, mint: str) -> None:
    known = recorded(name)[0]
    async with rest() as (_, client):
        (told,) = [row for row in await search(client, query) if row["id"] == mint]
    assert known["id"] == mint
    assert lacking(told, known) == []
    assert (told["name"], told["symbol"], told["isVerified"]) == (
        known.get("name", told["name"]),
        known["symbol"],
        True,
    )
    # who can be minted and frozen by its issuer has no such keys, and is verified all the same
    assert ("mintAuthorityDisabled" in told["audit"]) == ("mintAuthorityDisabled" in known["audit"])


async def test_what_is_absent_is_a_no_as_captured() -> None:
    unverified = recorded("rest_tokens_search_unverified_trimmed_captured")[0]
    async with rest() as (_, client):
        (told,) = [row for row in await search(client, "USDC") if row.get("launchpad")]
        (made,) = [
            row for row in recorded("rest_tokens_search_lookalikes_constructed") if row["id"] == told["id"]
        ]
    assert lacking(told, unverified) == []
    assert "isVerified" not in told
    assert lacking(told, made) == []
    assert told["liquidity"] is None
    assert "isSus" not in told["audit"]


async def test_lookalikes_come_first_with_more_claimed_liquidity_and_hostile_letters() -> None:
    async with rest() as (_, client):
        usdc = await search(client, "usdc")
        kinds = [row.get("isVerified", False) for row in usdc]
        assert kinds == sorted(kinds), "no order protects the reader"
        assert not kinds[0]
        real = next(row for row in usdc if row["id"] == USDC)
        assert max(row["liquidity"] or 0 for row in usdc if not row.get("isVerified")) > real["liquidity"]
        assert {"USDC", "USD\u0421"} <= {row["symbol"] for row in usdc}
        assert any("\u202e" in row["name"] for row in usdc)
        (greek,) = [row for row in await search(client, "bonk") if not row["symbol"].isascii()]
        assert greek["symbol"] != "BONK"
        assert {row["symbol"] for row in await search(client, "$wif")} >= {"WIF", "$WI\u200bF"}


async def test_marks_of_suspicion_are_told() -> None:
    async with rest() as (_, client):
        by_ticker = {row["symbol"]: row for row in await search(client, "trump") if "isVerified" not in row}
        assert by_ticker["TRUMP"]["audit"]["isSus"] is True
        (cyrillic,) = [row for row in await search(client, "usdc") if row["symbol"] == "USD\u0421"]
        assert cyrillic["freezeAuthority"]
        stats = cyrillic["stats24h"]
        assert stats["numBuys"] + stats["numSells"] < 50, "and billions of liquidity"


async def test_every_pinned_token_is_found_by_its_ticker_verified() -> None:
    table = TokenTable()
    async with rest() as (_, client):
        for ticker in sorted(table.tickers)[::7]:
            token = table.resolve(ticker)
            (told,) = [row for row in await search(client, token.symbol) if row["id"] == token.mint] or [None]
            if ticker == token.symbol.upper():
                assert told is not None, ticker
                assert told["isVerified"] is True
                assert token.mint in CATALOG or told["name"] == token.name
                assert token.decimals in (None, told["decimals"])


async def test_a_name_finds_twenty_at_most_and_nonsense_nothing() -> None:
    async with rest() as (_, client):
        assert len(await search(client, "o")) == 20
        assert await search(client, "zzzzzzz") == recorded("rest_tokens_search_none_constructed")
        assert (await client.get("/tokens/v2/search")).status_code == 400


async def test_mints_are_asked_for_a_hundred_at_a_time_and_unknown_ones_are_left_out() -> None:
    some = [base58.b58encode(bytes([9] * 31 + [number])).decode() for number in range(97)]
    async with rest() as (emulators, client):
        emulators.jupiter.unlisted.update(some[:50])
        emulators.market.unpriced.add(some[50])
        rows = await search(client, ",".join([SOL, BONK, SOL, *some]))
        assert [row["id"] for row in rows] == [SOL, BONK, *some[51:]]
        assert "icon" not in rows[0]
        assert rows[0]["isVerified"] is True
        assert "isVerified" not in rows[-1]
        too_many = ",".join([SOL, BONK, USDC, JUP, *some])
        assert (await client.get("/tokens/v2/search", params={"query": too_many})).status_code == 400


async def test_searches_and_prices_are_counted_together_and_say_when_the_next_may_come() -> None:
    async with rest(3) as (emulators, client):
        await search(client, "sol")
        await client.get("/price/v3", params={"ids": SOL})
        last = await client.get("/tokens/v2/search", params={"query": "sol"})
        assert last.headers["x-ratelimit-remaining"] == "0"
        refused = await client.get("/tokens/v2/search", params={"query": "sol"})
        assert refused.status_code == 429
        assert refused.json()["message"] == "[API Gateway] Too many requests"
        assert float(refused.headers["x-ratelimit-reset"]) == pytest.approx(
            emulators.clock.time() + 60, abs=1
        )
        assert refused.headers["x-api-gateway-request-id"]


async def test_a_wrong_key_is_refused() -> None:
    async with rest() as (_, client):
        reply = await client.get("/tokens/v2/search", params={"query": "sol"}, headers={"x-api-key": "wrong"})
        assert reply.status_code == 401
        assert reply.json() == json.loads(wire_fixtures.history("jupiter", "rest_401_bad_key_constructed"))


async def test_figures_are_those_of_the_market() -> None:
    async with rest() as (emulators, client):
        truth = emulators.market.truth(BONK)
        assert truth is not None
        (row,) = await search(client, BONK)
        assert row["usdPrice"] == float(truth.price)
        day = row["stats24h"]
        assert day["priceChange"] == float(truth.change_24h)
        assert Decimal(day["buyVolume"] + day["sellVolume"]) == pytest.approx(
            truth.volume_24h, abs=Decimal("0.01")
        )


def test_every_lookalike_claims_what_it_is_not() -> None:
    table = TokenTable()
    for mint, lookalike in LOOKALIKES.items():
        assert mint not in CATALOG
        assert table.by_mint(mint) is None
        assert table.resolve(lookalike.found_by).mint != mint
