from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from manual_clock import ManualClock
from scripted_http import Asked, ScriptedHttp
from wire_fixtures import history_bytes

from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.dexscreener.provider import DexScreenerProvider
from streamcore.token_hits import TokenHit

SOL = "So11111111111111111111111111111111111111112"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
DOG = "8cmK4vWFRPMttT49MuDG5p6c2zMnr4xg9eVE8DgMpump"


def ok(body: bytes) -> Callable[[Asked], Answer]:
    return lambda asked: Answer(200, {}, body)


def pool(base: dict[str, Any], **more: Any) -> dict[str, Any]:
    quote = {"address": SOL, "symbol": "SOL", "name": "Wrapped SOL"}
    return {"chainId": "solana", "baseToken": base, "quoteToken": quote, **more}


async def found(text: str, reply: Callable[[Asked], Answer]) -> tuple[list[TokenHit], ScriptedHttp]:
    clock = ManualClock()
    http = ScriptedHttp(reply, clock.monotonic)
    provider = DexScreenerProvider(Settings(), http, clock)  # type: ignore[arg-type]
    return [*(await provider.directory.find(text))], http


async def test_the_tokens_of_the_pools_are_found_and_nobody_vouches_for_one() -> None:
    hits, http = await found("USDC", ok(history_bytes("dexscreener", "rest_search_lookalike_usdc_captured")))
    assert hits == [
        TokenHit(
            symbol="USDC",
            name="United States Dog Coin",
            mint=DOG,
            provider="dexscreener",
            verified=False,
            volume_24h=Decimal("2420.9"),
            doubts=("liquidity unknown",),
        ),
        TokenHit(
            symbol="USDC",
            name="USD Coin",
            mint=USDC,
            provider="dexscreener",
            verified=False,
            doubts=("liquidity unknown",),
        ),
    ]
    (asked,) = http.asked
    assert (asked.url, asked.params) == ("https://api.dexscreener.com/latest/dex/search", {"q": "USDC"})


async def test_the_other_side_of_a_pool_is_no_hit() -> None:
    hits, _ = await found("dog", ok(history_bytes("dexscreener", "rest_search_lookalike_usdc_captured")))
    assert [hit.mint for hit in hits] == [DOG]


async def test_a_pool_that_does_not_name_its_tokens_offers_nothing() -> None:
    hits, _ = await found(
        "SOL USDC", ok(history_bytes("dexscreener", "rest_search_false_liquidity_captured"))
    )
    assert hits == []


async def test_liquidity_that_the_trades_do_not_bear_out_is_doubted() -> None:
    (captured, *_) = json.loads(history_bytes("dexscreener", "rest_search_false_liquidity_captured"))["pairs"]
    captured["baseToken"] = {"address": DOG, "symbol": "SOL", "name": "Solana"}
    hits, _ = await found("sol", ok(json.dumps({"pairs": [captured]}).encode()))
    assert [hit.doubts for hit in hits] == [("its figures do not fit together",)]
    assert hits[0].liquidity == Decimal("1597170088.69")


async def test_pools_of_one_token_are_one_hit_and_other_chains_none() -> None:
    hats = {"address": DOG, "symbol": "HATS", "name": "Hats"}
    body = {
        "pairs": [
            pool(hats, volume={"h24": 10}, liquidity={"usd": 5}),
            pool(hats, volume={"h24": 20}, liquidity={"usd": 7}),
            pool(hats, volume={"h24": "?"}, liquidity={"usd": -1}),
            pool({**hats, "address": "0x" + "ab" * 20}),
            {**pool({"address": USDC, "symbol": "HATS"}), "chainId": "base"},
            5,
            {"chainId": "solana", "baseToken": 5},
        ]
    }
    hits, _ = await found("hats", ok(json.dumps(body).encode()))
    assert [(hit.mint, hit.volume_24h, hit.liquidity) for hit in hits] == [(DOG, Decimal(30), Decimal(7))]


@pytest.mark.parametrize("body", [b"", b"[]", b"5", b'{"pairs":5}'])
async def test_an_answer_that_is_no_search_is_a_protocol_error(body: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        await found("x", ok(body))
    assert caught.value.kind is ErrorKind.PROTOCOL


async def test_nothing_found_is_nothing() -> None:
    assert (await found("x", ok(b'{"schemaVersion":"1.0.0","pairs":null}')))[0] == []


async def test_a_denial_is_a_rate_limit() -> None:
    with pytest.raises(ProviderError) as caught:
        await found("x", lambda asked: Answer(429, {}, b""))
    assert caught.value.kind is ErrorKind.RATE_LIMIT
