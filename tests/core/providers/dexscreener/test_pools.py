"""DexScreener's pools of a token, and what of their depth can be believed."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from exchange_http import answer
from manual_clock import ManualClock
from scripted_http import ScriptedHttp
from wire_fixtures import history

from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.dexscreener.pools import DexScreenerPools, read_pools

SOL = "So11111111111111111111111111111111111111112"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"


def pair(**fields: Any) -> dict[str, Any]:
    known = {
        "chainId": "solana",
        "dexId": "raydium",
        "pairAddress": "A",
        "baseToken": {"address": SOL, "symbol": "SOL"},
        "quoteToken": {"address": USDC, "symbol": "USDC"},
        "priceNative": "150",
        "priceUsd": "150",
        "liquidity": {"usd": 300_000, "base": 1000, "quote": 150_000},
        "pairCreatedAt": 1_700_000_000_000,
    }
    return {**known, **fields}


def read(*pairs: Any, mint: str = SOL) -> list[tuple[str, str, Decimal]]:
    pools = read_pools(json.dumps(pairs).encode(), mint)
    return [(pool.address, pool.name, pool.depth) for pool in pools]


@pytest.mark.parametrize("mint", [SOL, USDC])
def test_the_token_may_be_on_either_side(mint: str) -> None:
    assert read(pair(), mint=mint) == [("A", "SOL/USDC on raydium", Decimal(300_000))]


def test_a_captured_claim_of_a_billion_is_worth_what_the_pool_could_pay_out() -> None:
    captured = json.loads(history("dexscreener", "rest_search_false_liquidity_captured"))["pairs"]
    # the capture was trimmed: prices and addresses are those of its time
    trimmed = {"chainId": "solana", "priceNative": "76.06", "priceUsd": "76.06"}
    sides = {
        "baseToken": {"address": SOL, "symbol": "SOL"},
        "quoteToken": {"address": USDC, "symbol": "USDC"},
    }
    found = read(*({**one, **trimmed, **sides} for one in captured), pair(pairAddress="honest"))
    assert [address for address, _, depth in found if depth < 15_000] == [
        one["pairAddress"] for one in captured
    ]
    assert max(found, key=lambda pool: pool[2])[0] == "honest"


def test_a_pool_that_does_not_tell_its_sides_is_as_deep_as_it_says() -> None:
    assert read(pair(liquidity={"usd": 5}))[0][2] == 5
    assert read(pair(priceUsd=None))[0][2] == 300_000
    assert read(pair(liquidity=None))[0][2] == 0


def test_pools_of_other_chains_and_tokens_and_what_makes_no_sense_are_left_out() -> None:
    other = pair(baseToken={"address": "X"}, quoteToken={"address": "Y"})
    assert read(pair(chainId="ethereum"), other, pair(pairAddress=""), pair(pairCreatedAt="soon"), "?") == []


def test_a_name_that_an_outsider_made_up_is_safe_to_show() -> None:
    ((_, name, _),) = read(pair(baseToken={"address": SOL, "symbol": "\u202e\x1b[31m" + "A" * 99}))
    assert name.isprintable()
    assert len(name) <= 40


def test_the_time_of_a_pool_comes_in_milliseconds() -> None:
    body = json.dumps({"pairs": [pair()]}).encode()
    assert [pool.created_at for pool in read_pools(body, SOL)] == [1_700_000_000.0]
    assert read_pools(b'{"pairs":null}', SOL) == []


async def test_one_request_names_one_token_and_failures_are_sentences() -> None:
    clock = ManualClock()
    answers = [answer(200, [pair()]), answer(429, ""), answer(200, "<html>")]
    http = ScriptedHttp(lambda _: answers.pop(0), clock.monotonic)
    pools = DexScreenerPools(Settings(), http, clock)
    assert [pool.address for pool in await pools.pools(SOL)] == ["A"]
    assert http.asked[0].url == f"https://api.dexscreener.com/token-pairs/v1/solana/{SOL}"
    for kind in (ErrorKind.RATE_LIMIT, ErrorKind.PROTOCOL):
        with pytest.raises(ProviderError, match=r"^DexScreener ") as caught:
            await pools.pools(SOL)
        assert caught.value.kind is kind
