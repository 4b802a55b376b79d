"""Which pairs exist is asked, not assumed: reading the list, keeping it known, remembering it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from manual_clock import ManualClock
from memory_cache import MemoryCache
from realdata import realdata
from scripted_http import Asked, ScriptedHttp

from streamcore.assets.instruments import Instrument, understand
from streamcore.assets.tokens import TokenTable
from streamcore.config.model import Settings
from streamcore.config.sources import CoinbaseSettings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.coinbase.listing import currency_names, markets
from streamcore.providers.coinbase.provider import CoinbaseProvider
from streamcore.providers.market_directory import (
    FIRST_RETRY,
    FRESH_FOR,
    LEAST_AGE,
    LONGEST_RETRY,
    USABLE_FOR,
    MarketDirectory,
)
from streamcore.providers.markets import Market, Markets

TABLE = TokenTable()
SOL = Market("SOL-USD", "SOL")
BTC = Market("BTC-USD", "BTC")


def instrument(text: str) -> Instrument:
    return understand(text, TABLE, exchanges=True)


def product(name: str, **more: Any) -> dict[str, Any]:
    base, _, quote = name.partition("-")
    return {"id": name, "base_currency": base, "quote_currency": quote, "status": "online", **more}


def captured() -> Markets:
    """Return what Coinbase listed on 2026-08-09, with the names of the currencies."""
    listed = realdata("coinbase/products_2026-08-09")["products"]
    body = [product(name, status=status) for name, (_, status) in listed.items()]
    names = [{"id": name.partition("-")[0], "name": shown} for name, (shown, _) in listed.items()]
    return Markets(markets(json.dumps(body).encode(), currency_names(json.dumps(names).encode())))


# Reading


@pytest.mark.parametrize(
    ("ticker", "pair"),
    [
        ("SOL", "SOL-USD"),
        ("RAY", "RAY-USD"),
        ("JUP", "JUPITER-USD"),
        ("BTC", "BTC-USD"),
        *(
            (absent, None)
            for absent in ("EURC", "MEW", "GRASS", "CLOUD", "NOS", "PONKE", "PYUSD", "SAMO", "WEN")
        ),
        ("EOS", None),
        ("TROLL", "TROLL-USD"),
    ],
)
def test_the_captured_list_of_coinbase_says_what_each_ticker_is_called(ticker: str, pair: str | None) -> None:
    assert captured().pair_of(instrument(ticker)) == pair


def test_a_product_is_found_by_what_the_list_says_of_its_base_and_not_by_its_id() -> None:
    body = json.dumps([product("JUPITER-USD", base_currency="JUP")]).encode()
    assert Markets(markets(body, {})).pair_of(instrument("JUP")) == "JUPITER-USD"


def test_a_product_is_found_by_the_name_it_is_shown_under() -> None:
    body = json.dumps([product("JUPITER-USD", display_name="JUP-USD")]).encode()
    assert Markets(markets(body, {})).pair_of(instrument("JUP")) == "JUPITER-USD"


def test_a_full_name_that_two_bases_have_picks_none() -> None:
    found = Markets([Market("A-USD", "A", "Jupiter"), Market("B-USD", "B", "Jupiter")])
    assert found.pair_of(instrument("JUP")) is None


def test_a_known_other_ticker_counts_unless_the_list_says_that_it_is_something_else() -> None:
    renamed = {"JUP": "JUPITER"}
    assert Markets([Market("JUPITER-USD", "JUPITER")], renamed).pair_of(instrument("JUP")) == "JUPITER-USD"
    other = Market("JUPITER-USD", "JUPITER", "A planet")
    assert Markets([other], renamed).pair_of(instrument("JUP")) is None


def test_only_open_markets_in_dollars_are_listed() -> None:
    body = [
        product("A-USD"),
        product("B-USD", status="delisted"),
        product("C-USD", trading_disabled=True),
        product("D-EUR"),
        {"base_currency": "E"},
        5,
    ]
    assert [market.pair for market in markets(json.dumps(body).encode(), {})] == ["A-USD"]


# Keeping


class Exchange:
    """Answers for a list, or not."""

    def __init__(self, *listed: Market, source: str | None = "https://exchange.example/list") -> None:
        self.clock = ManualClock()
        self.listed = listed
        self.failure: ProviderError | None = None
        self.asked_at: list[float] = []
        self.changes = 0
        self.cache = MemoryCache()
        self.source = source
        self.directory = self.another()

    def another(self) -> MarketDirectory:
        """Return what a later run of the program makes."""
        return MarketDirectory(
            "exchange", self.source, self.clock, ask=self._ask, assumed=lambda one: f"{one.ticker}-ASSUMED"
        )

    async def _ask(self) -> tuple[Market, ...]:
        self.asked_at.append(self.clock.monotonic())
        if self.failure is not None:
            raise self.failure
        return self.listed

    def _changed(self) -> None:
        self.changes += 1

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[MarketDirectory]:
        task = asyncio.ensure_future(self.directory.keep(self.cache, self._changed))
        await self.passed(0)
        yield self.directory
        task.cancel()

    async def passed(self, seconds: float) -> None:
        await self.clock.advance(seconds)


OFFLINE = ProviderError(ErrorKind.NETWORK, "name lookup failed")


async def test_the_list_is_asked_for_at_the_start_and_then_once_a_day() -> None:
    exchange = Exchange(SOL)
    assert exchange.directory.pair_of(instrument("SOL")) == "SOL-ASSUMED"
    async with exchange.kept() as directory:
        assert directory.pair_of(instrument("SOL")) == "SOL-USD"
        assert directory.pair_of(instrument("BTC")) is None
        await exchange.passed(FRESH_FOR - 1)
        assert len(exchange.asked_at) == 1
        exchange.listed = (SOL, BTC)
        await exchange.passed(2)
        assert directory.pair_of(instrument("BTC")) == "BTC-USD"
    assert exchange.changes == 2


async def test_a_list_that_is_the_same_as_yesterday_changes_nothing() -> None:
    exchange = Exchange(SOL)
    async with exchange.kept():
        await exchange.passed(FRESH_FOR + 1)
    assert (len(exchange.asked_at), exchange.changes) == (2, 1)


async def test_when_a_person_asks_to_try_again_the_list_is_asked_anew_but_not_each_time() -> None:
    exchange = Exchange(SOL)
    async with exchange.kept() as directory:
        await exchange.passed(LEAST_AGE / 2)
        exchange.listed = (SOL, BTC)
        for _ in range(5):
            directory.doubt()
            await exchange.passed(1)
        assert len(exchange.asked_at) == 1
        await exchange.passed(LEAST_AGE)
        assert directory.pair_of(instrument("BTC")) == "BTC-USD"
        await exchange.passed(FRESH_FOR / 2)
        assert len(exchange.asked_at) == 2
        directory.doubt()
        await exchange.passed(1)
        assert len(exchange.asked_at) == 3


async def test_while_an_exchange_cannot_be_asked_a_persons_wish_shortens_the_wait() -> None:
    exchange = Exchange(SOL)
    exchange.failure = OFFLINE
    async with exchange.kept() as directory:
        await exchange.passed(10)
        exchange.failure = None
        directory.doubt()
        await exchange.passed(1)
        assert directory.is_known


async def test_what_was_remembered_is_used_without_asking_while_it_is_fresh() -> None:
    exchange = Exchange(SOL)
    async with exchange.kept():
        pass
    exchange.directory = exchange.another()
    async with exchange.kept() as directory:
        assert directory.pair_of(instrument("SOL")) == "SOL-USD"
        assert len(exchange.asked_at) == 1
        await exchange.passed(FRESH_FOR)
        assert len(exchange.asked_at) == 2


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff\xfe", b'{"source":"x","at":"now","markets":[]}'])
async def test_what_was_remembered_and_is_damaged_is_asked_anew(damage: bytes) -> None:
    exchange = Exchange(SOL)
    exchange.cache.files["markets-exchange.json"] = damage
    async with exchange.kept() as directory:
        assert directory.pair_of(instrument("SOL")) == "SOL-USD"
    assert len(exchange.asked_at) == 1


async def test_what_was_remembered_of_another_host_is_asked_anew() -> None:
    exchange = Exchange(SOL)
    async with exchange.kept():
        pass
    exchange.source, exchange.listed = "https://other.example/list", (BTC,)
    exchange.directory = exchange.another()
    async with exchange.kept() as directory:
        assert directory.pair_of(instrument("SOL")) is None


@pytest.mark.parametrize(("age", "pair"), [(FRESH_FOR + 10, "SOL-USD"), (USABLE_FOR + 10, "SOL-ASSUMED")])
async def test_offline_an_old_list_serves_and_a_very_old_one_does_not(age: float, pair: str) -> None:
    exchange = Exchange(SOL)
    async with exchange.kept():
        pass
    exchange.failure = OFFLINE
    await exchange.clock.advance(age)
    exchange.directory = exchange.another()
    async with exchange.kept() as directory:
        assert directory.pair_of(instrument("SOL")) == pair
    assert len(exchange.asked_at) == 2


async def test_offline_without_a_list_what_was_shipped_is_assumed_and_the_exchange_tried_again() -> None:
    exchange = Exchange(SOL)
    exchange.failure = OFFLINE
    async with exchange.kept() as directory:
        assert directory.pair_of(instrument("SOL")) == "SOL-ASSUMED"
        await exchange.passed(20 * LONGEST_RETRY)
        waits = [b - a for a, b in zip(exchange.asked_at, exchange.asked_at[1:], strict=False)]
        assert waits[0] == FIRST_RETRY
        assert all(wait <= LONGEST_RETRY for wait in waits)
        assert waits == sorted(waits)
        exchange.failure = None
        await exchange.passed(LONGEST_RETRY)
        assert directory.pair_of(instrument("SOL")) == "SOL-USD"


async def test_a_disk_that_is_full_does_no_harm() -> None:
    exchange = Exchange(SOL)
    exchange.cache.full = True
    async with exchange.kept() as directory:
        assert directory.pair_of(instrument("SOL")) == "SOL-USD"


async def test_a_source_that_cannot_be_asked_over_http_is_not_asked() -> None:
    exchange = Exchange(SOL, source=None)
    async with exchange.kept() as directory:
        assert directory.pair_of(instrument("SOL")) == "SOL-ASSUMED"
    assert exchange.asked_at == []


# Coinbase


def coinbase(reply: Any, **settings: Any) -> tuple[CoinbaseProvider, ScriptedHttp]:
    clock = ManualClock()
    http = ScriptedHttp(reply, clock.monotonic)
    return CoinbaseProvider(Settings(**settings), http, clock), http


def body(value: Any) -> Answer:
    return Answer(200, {}, json.dumps(value).encode())


async def test_coinbase_is_asked_for_its_products_and_for_the_names_of_its_currencies() -> None:
    def reply(asked: Asked) -> Answer:
        if asked.url.endswith("/currencies"):
            return body([{"id": "JUPITER", "name": "Jupiter"}])
        return body([product("JUPITER-USD"), product("SOL-USD")])

    provider, http = coinbase(reply)
    found = Markets(await provider.rest.list_markets())
    assert found.pair_of(instrument("JUP")) == "JUPITER-USD"
    host = "https://api.exchange.coinbase.com"
    assert [asked.url for asked in http.asked] == [f"{host}/products", f"{host}/currencies"]


async def test_a_captured_answer_about_the_products_is_read_without_those_in_euros() -> None:
    captured_body = realdata("coinbase/products_body_2026-09-21")
    provider, _ = coinbase(lambda asked: body(captured_body))
    assert {market.pair for market in await provider.rest.list_markets()} == {"SOL-USD", "BTC-USD"}


@pytest.mark.parametrize("answer", [Answer(404, {}, b""), Answer(200, {}, b"<html>")])
async def test_without_the_names_of_its_currencies_the_products_are_still_read(answer: Answer) -> None:
    provider, _ = coinbase(lambda asked: answer if "currencies" in asked.url else body([product("SOL-USD")]))
    assert [market.pair for market in await provider.rest.list_markets()] == ["SOL-USD"]


@pytest.mark.parametrize("answer", [Answer(404, {}, b""), Answer(200, {}, b"<html>"), Answer(200, {}, b"[]")])
async def test_a_list_of_products_that_is_none_is_an_error(answer: Answer) -> None:
    provider, _ = coinbase(lambda asked: answer)
    with pytest.raises(ProviderError):
        await provider.rest.list_markets()


def test_without_the_list_what_coinbase_was_known_not_to_list_is_not_asked_of_it() -> None:
    provider, _ = coinbase(lambda asked: body([]))
    topics = {ticker: provider.topic(instrument(ticker)) for ticker in ("SOL", "JUP", "MEW", "NEWCOIN")}
    assert topics == {"SOL": "SOL-USD", "JUP": "JUPITER-USD", "MEW": None, "NEWCOIN": "NEWCOIN-USD"}


async def test_a_coinbase_stream_on_this_machine_is_not_looked_up_at_the_public_host() -> None:
    provider, http = coinbase(lambda asked: body([]), coinbase=CoinbaseSettings(ws_url="ws://127.0.0.1:9"))
    await provider.markets.keep(None, lambda: None)
    assert http.asked == []
