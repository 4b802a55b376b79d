from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from manual_clock import START, ManualClock
from scripted_http import Asked, ScriptedHttp
from wire_fixtures import history_bytes, history_names

from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.jupiter.provider import REQUESTS_PER_WINDOW, JupiterProvider
from streamcore.providers.jupiter.tokens import MINTS_PER_REQUEST, SEARCH_WINDOW, SEARCHES
from streamcore.providers.token_directory import MOST_HITS, NAME_LIMIT, SYMBOL_LIMIT
from streamcore.token_hits import TokenHit

USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
DOG = "8cmK4vWFRPMttT49MuDG5p6c2zMnr4xg9eVE8DgMpump"
JUP = "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN"
HATS = "Hu6xf6bNiJ5ErRaG7Yhos89jgfAdCG1tu8DCips2pump"


def ok(body: bytes) -> Callable[[Asked], Answer]:
    return lambda asked: Answer(200, {}, body)


def entries(*some: dict[str, object]) -> bytes:
    return json.dumps(some).encode()


class Jupiter:
    def __init__(self, reply: Callable[[Asked], Answer]) -> None:
        self.clock = ManualClock()
        self.http = ScriptedHttp(reply, self.clock.monotonic)
        self.provider = JupiterProvider(Settings(), self.http, self.clock)  # type: ignore[arg-type]

    async def find(self, text: str, within: float = 100.0) -> list[TokenHit]:
        task = asyncio.ensure_future(self.provider.directory.find(text))
        await self.clock.advance(within)
        return [*(await task)]

    async def name(self, *mints: str) -> list[TokenHit]:
        task = asyncio.ensure_future(self.provider.directory.name(mints))
        await self.clock.advance(1000.0)
        return [*(await task)]


async def test_a_verified_token_comes_with_all_its_figures_exact() -> None:
    jupiter = Jupiter(ok(history_bytes("jupiter", "rest_tokens_search_documented")))
    (hit,) = await jupiter.find("jup")
    assert hit == TokenHit(
        symbol="JUP",
        name="Jupiter",
        mint=JUP,
        provider="jupiter",
        verified=True,
        liquidity=Decimal("2992387.89"),
        volume_24h=Decimal("1821969.64") + Decimal("2016195.15"),
    )
    (asked,) = jupiter.http.asked
    assert (asked.method, asked.url) == ("GET", "https://api.jup.ag/tokens/v2/search")
    assert asked.params == {"query": "jup"}
    assert "x-api-key" not in {name.lower() for name in asked.headers}


async def test_what_is_absent_is_a_no() -> None:
    (hit,) = await Jupiter(
        ok(history_bytes("jupiter", "rest_tokens_search_unverified_trimmed_captured"))
    ).find("hats")
    assert (hit.mint, hit.symbol, hit.name, hit.verified) == (HATS, "HATS", "", False)
    assert (hit.liquidity, hit.volume_24h) == (None, None)
    assert hit.doubts == ("liquidity unknown",)


async def test_who_can_mint_and_freeze_is_no_doubt_of_a_verified_token() -> None:
    (hit,) = await Jupiter(ok(history_bytes("jupiter", "rest_tokens_search_verified_trimmed_captured"))).find(
        "usdc"
    )
    assert (hit.mint, hit.verified, hit.doubts) == (USDC, True, ())


async def test_names_lose_what_nobody_sees_and_the_ones_by_people_come_first() -> None:
    hits = await Jupiter(ok(history_bytes("jupiter", "rest_tokens_search_lookalikes_constructed"))).find(
        "usdc"
    )
    assert [(hit.symbol, hit.name, hit.verified) for hit in hits] == [
        ("USDC", "USD Coin", True),
        ("USDC", "United States Dog Coin", False),
        ("USD\u0421", "USDCoin", False),
    ]


@pytest.mark.parametrize("name", history_names("jupiter", "rest_tokens_search*"))
async def test_every_documented_and_captured_answer_is_read(name: str) -> None:
    body = history_bytes("jupiter", name)
    hits = await Jupiter(ok(body)).find("x")
    assert {hit.mint for hit in hits} == {entry["id"] for entry in json.loads(body)}
    for hit in hits:
        assert hit.verified is ("isVerified" in body.decode() and hit.mint != DOG and hit.name != "USDCoin")


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "nonsense", "symbol": "X"},
        {"symbol": "X"},
        {"id": 5},
        {"id": USDC[:-1] + "0", "symbol": "X"},
        {"id": HATS, "stats24h": 5},
    ],
)
async def test_an_entry_that_makes_no_sense_is_left_out_and_no_other(entry: dict[str, object]) -> None:
    hits = await Jupiter(ok(entries(entry, {"id": USDC, "symbol": "USDC", "isVerified": True}))).find("usdc")
    assert [hit.mint for hit in hits] == [USDC]


@pytest.mark.parametrize("value", ["NaN", "1e999999", -5, True, [], "free", None])
async def test_a_figure_that_makes_no_sense_is_unknown(value: object) -> None:
    body = entries({"id": HATS, "liquidity": value, "stats24h": {"buyVolume": value}})
    (hit,) = await Jupiter(ok(body)).find("hats")
    assert (hit.liquidity, hit.volume_24h) == (None, None)


async def test_only_a_true_true_is_verified() -> None:
    for value in (1, "true", "yes", None, {}):
        (hit,) = await Jupiter(ok(entries({"id": HATS, "isVerified": value}))).find("hats")
        assert hit.verified is False


async def test_what_speaks_against_an_unverified_token_is_told() -> None:
    made = "2026-10-28T00:00:00Z"
    body = entries(
        {
            "id": HATS,
            "audit": {"isSus": False},
            "firstPool": {"createdAt": made},
            "freezeAuthority": USDC,
            "liquidity": 900,
        },
        {
            "id": DOG,
            "liquidity": 1_600_000_000,
            "firstPool": {"createdAt": "2024-01-01T00:00:00Z"},
            "stats24h": {"buyVolume": 100, "numBuys": 24, "numSells": 25},
        },
    )
    first, second = await Jupiter(ok(body)).find("x")
    assert START > 1_793_145_600
    assert first.doubts == (
        "suspected of fraud",
        "made 1 d ago",
        "its maker can freeze it",
        "hardly any liquidity",
    )
    assert second.doubts == ("its figures do not fit together",)


@pytest.mark.parametrize("text", ["a,b", "a, b"])
async def test_a_comma_does_not_make_a_list_of_mints(text: str) -> None:
    jupiter = Jupiter(ok(b"[]"))
    assert await jupiter.find(text) == []
    assert jupiter.http.asked[0].params == {"query": "a b"}


async def test_names_and_their_number_have_an_end() -> None:
    body = json.dumps([{"id": HATS, "symbol": "S" * 5000, "name": "N" * 5000}] * 100).encode()
    hits = await Jupiter(ok(body)).find("s")
    assert len(hits) == MOST_HITS
    assert (len(hits[0].symbol), len(hits[0].name)) == (SYMBOL_LIMIT, NAME_LIMIT)


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"null", b"5", b"[", b'{"code":1}'])
async def test_an_answer_that_is_no_list_is_a_protocol_error(body: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        await Jupiter(ok(body)).find("x")
    assert caught.value.kind is ErrorKind.PROTOCOL
    assert caught.value.message.startswith("Jupiter answered a search with something unreadable")


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (
            401,
            history_bytes("jupiter", "rest_401_bad_key_constructed"),
            "without a key any more (HTTP 401): Unauthorized",
        ),
        (
            403,
            b'{"code":403,"message":"Request blocked by firewall"}',
            "denied access (HTTP 403): Request blocked",
        ),
        (500, b"", "Jupiter has trouble of its own (HTTP 500)"),
        (404, b'{"message":"\\u001b[31mRoute"}', "HTTP 404: \u241b[31mRoute"),
    ],
)
async def test_a_refusal_is_a_sentence_that_says_what_jupiter_said(
    status: int, body: bytes, told: str
) -> None:
    with pytest.raises(ProviderError) as caught:
        await Jupiter(lambda asked: Answer(status, {}, body)).find("x")
    assert told in caught.value.message


async def test_searching_and_prices_share_one_bucket() -> None:
    jupiter = Jupiter(lambda asked: Answer(200, {}, b"[]" if "query" in asked.params else b"{}"))

    async def price() -> None:
        async for _ in jupiter.provider.rest.fetch([USDC], {}):
            pass

    work = [asyncio.ensure_future(price()) for _ in range(REQUESTS_PER_WINDOW)]
    await jupiter.clock.advance(0.0)
    search = asyncio.ensure_future(jupiter.provider.directory.find("x"))
    await jupiter.clock.advance(0.0)
    assert len(jupiter.http.asked) == REQUESTS_PER_WINDOW
    await jupiter.clock.advance(11.0)
    assert await search == []
    await asyncio.gather(*work)
    assert jupiter.http.asked[-1].at >= 10.0


async def test_searches_leave_most_of_a_minute_to_the_prices() -> None:
    jupiter = Jupiter(ok(b"[]"))
    work = [asyncio.ensure_future(jupiter.provider.directory.find(f"x{n}")) for n in range(SEARCHES + 2)]
    await jupiter.clock.advance(SEARCH_WINDOW - 1)
    assert len(jupiter.http.asked) == SEARCHES
    await jupiter.clock.advance(2 * SEARCH_WINDOW)
    await asyncio.gather(*work)


async def test_a_denial_stops_the_prices_for_as_long_as_it_says() -> None:
    headers = {"date": "Thu, 29 Oct 2026 12:00:00 GMT", "retry-after": "30"}
    jupiter = Jupiter(
        lambda asked: (
            Answer(429, headers, b'{"code":429}') if "query" in asked.params else Answer(200, {}, b"{}")
        )
    )
    with pytest.raises(ProviderError) as caught:
        await jupiter.find("x", within=0.0)
    assert (caught.value.kind, caught.value.retry_after) == (ErrorKind.RATE_LIMIT, 30.0)

    async def price() -> None:
        async for _ in jupiter.provider.rest.fetch([USDC], {}):
            pass

    work = asyncio.ensure_future(price())
    await jupiter.clock.advance(29.0)
    assert len(jupiter.http.asked) == 1
    await jupiter.clock.advance(2.0)
    await work


async def test_mints_are_named_a_hundred_at_a_time_and_only_those_that_were_asked_for() -> None:
    def reply(asked: Asked) -> Answer:
        mints = asked.params["query"].split(",")
        return Answer(200, {}, entries(*({"id": mint, "symbol": "T"} for mint in (*mints, DOG))))

    mints = made_mints(120)
    jupiter = Jupiter(reply)
    hits = await jupiter.name(*mints)
    assert [len(asked.params["query"].split(",")) for asked in jupiter.http.asked] == [MINTS_PER_REQUEST, 20]
    assert [hit.mint for hit in hits] == mints


def made_mints(count: int) -> list[str]:
    import base58

    return [base58.b58encode(bytes([7] * 30 + [1, number])).decode() for number in range(count)]
