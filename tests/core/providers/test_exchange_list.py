"""Exchanges are searched in the lists that are kept of them anyway."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import cast

import pytest
from manual_clock import ManualClock
from scripted_http import Asked, ScriptedHttp
from scripted_rest import ScriptedRest
from wire_fixtures import history_bytes, history_names

from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.base import Provider, Rest
from streamcore.providers.coinbase.provider import CoinbaseProvider
from streamcore.providers.exchange_list import ExchangeList
from streamcore.providers.kraken.provider import KrakenProvider
from streamcore.providers.market_directory import MarketDirectory
from streamcore.providers.market_volumes import MarketVolumes
from streamcore.providers.markets import Market
from streamcore.token_hits import TokenHit

SOL = "So11111111111111111111111111111111111111112"
JUP = "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN"


async def hits(
    text: str, provider: type[Provider], reply: Callable[[Asked], Answer]
) -> tuple[Sequence[TokenHit], int]:
    """Return what an exchange with these answers finds, and how many requests the search itself made."""
    clock = ManualClock()
    http = ScriptedHttp(reply, clock.monotonic)
    made = provider(Settings(), http, clock)  # type: ignore[call-arg]
    assert made.directory is not None
    assert made.markets is not None
    keeping = asyncio.ensure_future(made.markets.keep(None, lambda: None))
    search = asyncio.ensure_future(made.directory.find(text))
    await clock.advance(2.0)
    before = len(http.asked)
    found = await search
    keeping.cancel()
    return found, len(http.asked) - before


def coinbase(asked: Asked) -> Answer:
    if asked.url.endswith("/currencies"):
        return Answer(200, {}, b'[{"id":"SOL","name":"Solana"},{"id":"BTC","name":"Bit\\u202ecoin"}]')
    return Answer(200, {}, history_bytes("coinbase", "rest_products_trimmed_captured"))


def kraken(asked: Asked) -> Answer:
    return Answer(200, {}, history_bytes("kraken", "rest_asset_pairs_captured"))


def no_volumes() -> MarketVolumes:
    clock = ManualClock()
    return MarketVolumes("kraken", cast("Rest", ScriptedRest(clock)), clock, most=0)


async def test_the_hits_of_an_exchange_have_their_volume_in_dollars() -> None:
    stats = b'{"open":"140","high":"160","low":"130","last":"150","volume":"1000"}'
    (hit,) = (
        await hits(
            "sol",
            CoinbaseProvider,
            lambda asked: Answer(200, {}, stats) if asked.url.endswith("/stats") else coinbase(asked),
        )
    )[0]
    assert hit.volume_24h == 150_000
    ticker = (
        b'{"error":[],"result":{"SOLUSD":{"a":["151","1","1"],"b":["149","1","1"],"c":["150","1"],'
        b'"v":["1","1000"],"p":["140","145"],"t":[1,9],"l":["1","130"],"h":["1","160"],"o":"140"}}}'
    )
    (hit,) = (
        await hits(
            "sol",
            KrakenProvider,
            lambda asked: Answer(200, {}, ticker) if asked.url.endswith("/Ticker") else kraken(asked),
        )
    )[0]
    assert hit.volume_24h == 145_000


async def test_a_market_is_found_by_its_ticker_and_its_name_without_asking_again() -> None:
    for text in ("btc", "bitcoin", "BIT"):
        found, asked = await hits(text, CoinbaseProvider, coinbase)
        assert [(hit.symbol, hit.name, hit.mint, hit.verified) for hit in found] == [
            ("BTC", "Bitcoin", None, True)
        ]
        assert asked == 0


async def test_a_market_of_a_token_itself_has_its_mint() -> None:
    (hit,) = (await hits("sol", KrakenProvider, kraken))[0]
    assert (hit.symbol, hit.mint, hit.provider, hit.wanted) == ("SOL", SOL, "kraken", SOL)


async def test_the_old_ticker_of_bitcoin_has_its_new_one_and_a_name_from_the_table() -> None:
    (hit,) = (await hits("btc", KrakenProvider, kraken))[0]
    assert (hit.symbol, hit.name, hit.mint) == ("BTC", "Bitcoin", None)


async def test_other_money_is_no_market_in_dollars() -> None:
    for text in ("ACA", "EUR/GBP", "usd/jpy"):
        assert (await hits(text, KrakenProvider, kraken))[0] == []


@pytest.mark.parametrize("name", history_names("kraken", "rest_asset_pairs*"))
async def test_every_captured_list_of_pairs_is_searched(name: str) -> None:
    (hit,) = (
        await hits(
            "eur" if "fiat" in name else "SOL",
            KrakenProvider,
            lambda asked: Answer(200, {}, history_bytes("kraken", name)),
        )
    )[0]
    assert hit.symbol == ("EUR" if "fiat" in name else "SOL")


async def test_a_list_of_assets_is_no_list_of_pairs() -> None:
    # an asset has no quote: nothing in it is a market
    with pytest.raises(ProviderError):
        await hits(
            "SOL",
            KrakenProvider,
            lambda asked: Answer(200, {}, history_bytes("kraken", "rest_assets_captured")),
        )


async def test_a_single_product_with_all_its_fields_is_read_in_a_list() -> None:
    product = history_bytes("coinbase", "rest_product_all_fields_documented")
    (hit,) = (await hits("ada", CoinbaseProvider, lambda asked: Answer(200, {}, b"[" + product + b"]")))[0]
    assert (hit.symbol, hit.name, hit.provider) == ("ADA", "Cardano", "coinbase")


async def test_a_token_that_an_exchange_has_under_another_ticker_is_that_token() -> None:
    body = b'[{"id":"JUPITER-USD","base_currency":"JUPITER","quote_currency":"USD","status":"online"}]'
    for text in ("jup", "jupiter"):
        (hit,) = (
            await hits(
                text, CoinbaseProvider, lambda asked: Answer(200, {}, b"[]" if "curr" in asked.url else body)
            )
        )[0]
        assert (hit.symbol, hit.mint) == ("JUP", JUP)


async def test_an_exchange_that_cannot_be_asked_says_why() -> None:
    with pytest.raises(ProviderError) as caught:
        await hits("SOL", KrakenProvider, lambda asked: Answer(503, {}, b""))
    assert caught.value.message == "Kraken has trouble of its own (HTTP 503)"


async def test_an_exchange_without_a_side_that_can_be_asked_says_so() -> None:
    async def never() -> list[Market]:
        raise AssertionError("it was asked")

    nowhere = MarketDirectory("kraken", None, ManualClock(), ask=never, assumed=lambda instrument: None)
    with pytest.raises(ProviderError) as caught:
        await ExchangeList("kraken", nowhere, no_volumes()).find("SOL")
    assert caught.value.kind is ErrorKind.NETWORK


async def test_a_search_before_the_list_is_known_waits_for_it() -> None:
    clock = ManualClock()
    release = asyncio.Event()

    async def ask() -> list[Market]:
        await release.wait()
        return [Market("XMR/USD", "XMR")]

    markets = MarketDirectory("kraken", "https://x/y", clock, ask=ask, assumed=lambda instrument: None)
    keeping = asyncio.ensure_future(markets.keep(None, lambda: None))
    search = asyncio.ensure_future(ExchangeList("kraken", markets, no_volumes()).find("xm"))
    await clock.settle()
    assert not search.done()
    release.set()
    assert [hit.symbol for hit in await search] == ["XMR"]
    keeping.cancel()
