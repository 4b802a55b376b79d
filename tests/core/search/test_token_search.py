"""Searching as a whole: who is asked, what of it is offered, and what a failing source leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import base58
import pytest
from found_tokens import DOG, HATS, USDC, hit
from manual_clock import ManualClock
from scripted_http import Asked
from scripted_transport import ScriptedTransport
from wire_fixtures import history_bytes

from streamcore import BadAddress, InputError, NotRunning, SearchFailure, Settings, StreamManager
from streamcore.assets.instruments import Instrument
from streamcore.assets.tokens import TokenTable
from streamcore.config.model import StreamSettings
from streamcore.config.sources import BirdeyeSettings, JupiterSettings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.token_directory import TokenDirectory
from streamcore.search.token_search import FRESH_FOR, KEPT, LONGEST, PATIENCE, Searched, TokenSearch
from streamcore.token_hits import SearchResult, TokenHit
from streamsim.demo import embedded

FAKE = "FAb1w1X5YzQo53Lvv4CfRRSS4Brbm6NBKk2Fs8gLpiJ1"
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"
KEY = base58.b58encode(bytes([77] * 63 + [200])).decode()


class Listed(TokenDirectory):
    """A directory with the answers of a test: hits, an error, or nothing for ever."""

    def __init__(self, *hits: TokenHit, error: Exception | None = None, silent: bool = False) -> None:
        self.hits = hits
        self.error = error
        self.silent = silent
        self.asked: list[Any] = []

    async def find(self, text: str) -> Sequence[TokenHit]:
        return await self._answer(text)

    async def name(self, mints: Sequence[str]) -> Sequence[TokenHit]:
        found = await self._answer(tuple(mints))
        return [one for one in found if one.mint in mints]

    async def _answer(self, asked: Any) -> Sequence[TokenHit]:
        self.asked.append(asked)
        if self.silent:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error
        return self.hits


class Search:
    def __init__(
        self,
        *chain: Listed,
        exchange: Listed | None = None,
        topic: Callable[[Instrument], str | None] = lambda instrument: instrument.ticker,
        **tokens: str,
    ) -> None:
        self.clock = ManualClock()
        sources = [
            Searched(f"chain{n}", f"Chain {n}", one, False, lambda i: None) for n, one in enumerate(chain)
        ]
        if exchange is not None:
            sources.append(Searched("exchange", "Exchange", exchange, True, topic))
        self.search = TokenSearch(sources, TokenTable(tokens), self.clock)

    async def find(self, text: str) -> SearchResult:
        task = asyncio.ensure_future(self.search.search(text))
        await self.clock.advance(PATIENCE + 1)
        return await task

    async def name(self, *mints: str) -> dict[str, TokenHit]:
        task = asyncio.ensure_future(self.search.name(mints))
        await self.clock.advance(10 * PATIENCE)
        return await task


def failing(text: str = "Chain has trouble") -> Listed:
    return Listed(error=ProviderError(ErrorKind.SERVER, text))


async def test_table_chain_and_exchange_are_searched_together() -> None:
    exchange = Listed(hit("HATS", None, provider="exchange", verified=True))
    result = await Search(Listed(hit("HATS", DOG)), exchange=exchange).find(" $HATS ")
    assert [(one.wanted, one.lookalike_of) for one in result.hits] == [("HATS", ""), (DOG, "HATS")]
    assert exchange.asked == ["HATS"]
    assert result.failures == ()


async def test_one_source_failing_leaves_the_hits_of_the_others_and_is_named() -> None:
    exchange = Listed(hit("XMR", None, provider="exchange", verified=True))
    result = await Search(failing("Chain 0 has trouble of its own (HTTP 503)"), exchange=exchange).find("xmr")
    assert [one.wanted for one in result.hits] == ["XMR"]
    assert result.failures == (
        SearchFailure(provider="chain0", message="Chain 0 has trouble of its own (HTTP 503)"),
    )


async def test_the_next_list_of_the_chain_steps_in_for_one_that_fails() -> None:
    second, third = Listed(hit("HATS")), Listed(hit("HATS", DOG))
    result = await Search(failing(), second, third).find("hats")
    assert [one.wanted for one in result.hits] == [HATS]
    assert [failure.provider for failure in result.failures] == ["chain0"]
    assert third.asked == []


async def test_a_source_that_never_answers_keeps_nobody_waiting() -> None:
    exchange = Listed(hit("XMR", None, provider="exchange", verified=True))
    result = await Search(Listed(silent=True), exchange=exchange).find("xmr")
    assert [one.wanted for one in result.hits] == ["XMR"]
    assert result.failures[0].message == f"Chain 0 could not be asked within {PATIENCE:g} s"


async def test_the_table_is_searched_without_anybody() -> None:
    result = await Search().find("bonk")
    assert [(one.symbol, one.provider, one.verified) for one in result.hits] == [("BONK", "table", True)]


async def test_a_link_is_searched_for_its_address() -> None:
    chain = Listed()
    await Search(chain).find(f"https://solscan.io/token/{HATS}?x=1")
    assert chain.asked == [(HATS,)]


async def test_a_mint_that_one_does_not_know_is_asked_of_the_next_one() -> None:
    first, second = Listed(), Listed(hit("HATS"))
    result = await Search(first, second).find(HATS)
    assert [one.symbol for one in result.hits] == ["HATS"]
    assert (first.asked, second.asked) == ([(HATS,)], [(HATS,)])


async def test_a_ticker_of_an_exchange_that_would_bring_something_else_is_not_offered() -> None:
    exchange = Listed(hit("HATS", None, verified=True), hit("NOT A TICKER", None, verified=True))
    own = Search(exchange=exchange, HATS=DOG)
    assert [one.wanted for one in (await own.find("hats")).hits] == [DOG]
    gone = Search(exchange=exchange, topic=lambda instrument: None)
    assert (await gone.find("hats")).hits == ()


@pytest.mark.parametrize("text", [PHRASE, KEY, str([7] * 64), "ab" * 32, f"look: {KEY}", KEY[:60]])
async def test_what_looks_like_a_secret_is_never_sent(text: str) -> None:
    chain = Listed()
    with pytest.raises(InputError) as caught:
        await Search(chain).find(text)
    assert chain.asked == []
    assert KEY[:12] not in str(caught.value)
    assert "winner" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "toly.sns",
        "vitalik.eth",
        "0x" + "ab" * 20,
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        "~/.config/solana/id.json",
        KEY[:40],
        PHRASE.rpartition(" ")[0][:50],
    ],
)
async def test_what_is_no_token_and_pieces_of_a_secret_are_never_sent(text: str) -> None:
    chain = Listed()
    with pytest.raises(InputError):
        await Search(chain).find(text)
    assert chain.asked == []


@pytest.mark.parametrize("text", ["", "  ", "$", "\u200b", "x" * (LONGEST + 1)])
async def test_what_cannot_be_a_name_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        await Search(Listed()).find(text)


async def test_an_answer_stands_for_ten_minutes_and_a_failure_does_not() -> None:
    chain = Listed(hit("HATS"))
    search = Search(chain)
    for text in ("hats", "HATS", "$hats"):
        assert [one.wanted for one in (await search.find(text)).hits] == [HATS]
    assert chain.asked == ["hats"]
    await search.clock.advance(FRESH_FOR)
    await search.find("hats")
    assert chain.asked == ["hats", "hats"]
    bad = failing()
    search = Search(bad)
    await search.find("hats")
    await search.find("hats")
    assert len(bad.asked) == 2


async def test_only_so_many_answers_are_kept() -> None:
    chain = Listed(hit("HATS"))
    search = Search(chain)
    for number in range(KEPT + 1):
        await search.find(f"hats{number}")
    await search.find("hats0")
    assert chain.asked.count("hats0") == 2


async def test_mints_are_named_by_the_first_that_knows_them() -> None:
    first, second = Listed(hit("HATS", HATS)), Listed(hit("DOG", DOG), hit("OTHER", HATS))
    names = await Search(first, second).name(HATS, DOG, HATS)
    assert {mint: one.symbol for mint, one in names.items()} == {HATS: "HATS", DOG: "DOG"}
    assert (first.asked, second.asked) == ([(HATS, DOG)], [(DOG,)])


async def test_a_mint_that_borrows_a_famous_name_is_marked() -> None:
    names = await Search(Listed(hit("USD\u0421", FAKE))).name(FAKE)
    assert names[FAKE].lookalike_of == "USDC"


async def test_names_that_nobody_could_be_asked_for_are_an_error_and_unknown_ones_are_not() -> None:
    with pytest.raises(ProviderError):
        await Search(failing(), Listed(silent=True)).name(HATS)
    assert await Search(failing(), Listed(hit("HATS"))).name(HATS, DOG) != {}
    assert await Search(Listed()).name(HATS) == {}
    assert await Search(Listed(hit("", HATS))).name(HATS) == {}


async def test_only_addresses_are_asked_for_names() -> None:
    chain = Listed()
    with pytest.raises(BadAddress):
        await Search(chain).name("nope")
    with pytest.raises(InputError):
        await Search(chain).name(PHRASE)
    assert chain.asked == []


# The engine


def answers(asked: Asked) -> Answer:
    if "tokens/v2/search" in asked.url:
        return Answer(200, {}, history_bytes("jupiter", "rest_tokens_search_lookalikes_constructed"))
    if "AssetPairs" in asked.url:
        return Answer(200, {}, history_bytes("kraken", "rest_asset_pairs_captured"))
    if asked.url.endswith("/products"):
        return Answer(200, {}, history_bytes("coinbase", "rest_products_trimmed_captured"))
    return Answer(404, {}, b"")


@asynccontextmanager
async def engine(**settings: Any) -> AsyncIterator[tuple[StreamManager, ScriptedTransport, ManualClock]]:
    clock = ManualClock()
    network = ScriptedTransport(answers, clock.monotonic)
    async with StreamManager(Settings(**settings), clock=clock, transport=network, demo=embedded) as manager:
        yield manager, network, clock


def hosts(network: ScriptedTransport) -> set[str]:
    return {asked.url.split("/")[2] for asked in network.asked}


async def test_the_engine_searches_what_is_in_use_and_marks_what_only_looks_so() -> None:
    async with engine() as (manager, network, clock):
        task = asyncio.ensure_future(manager.search("usdc"))
        await clock.advance(3.0)
        result = await task
        assert [(one.symbol, one.mint, one.lookalike_of) for one in result.hits] == [
            ("USDC", USDC, ""),
            ("USDC", DOG, "USDC"),
            ("USD\u0421", FAKE, "USDC"),
        ]
        assert result.hits[0].provider == "table"
        assert result.hits[0].also_at == ("jupiter",)
        assert result.failures == ()
        assert network.dialled == ()


async def test_markets_of_both_exchanges_are_one_hit() -> None:
    async with engine() as (manager, _, clock):
        task = asyncio.ensure_future(manager.search("bitcoin"))
        await clock.advance(3.0)
        first = (await task).hits[0]
        assert (first.symbol, first.mint, first.provider, first.also_at) == (
            "BTC",
            None,
            "kraken",
            ("coinbase",),
        )


async def test_with_an_exchange_alone_nobody_else_is_asked() -> None:
    async with engine(prices="kraken") as (manager, network, clock):
        task = asyncio.ensure_future(manager.search("sol"))
        await clock.advance(3.0)
        await task
        assert hosts(network) == {"api.kraken.com"}


async def test_with_birdeye_alone_the_lists_of_the_chain_are_searched() -> None:
    async with engine(prices="birdeye", birdeye=BirdeyeSettings(api_key="k")) as (manager, network, clock):
        task = asyncio.ensure_future(manager.search("usdc"))
        await clock.advance(3.0)
        assert (await task).hits[0].also_at == ("jupiter",)
        assert hosts(network) == {"api.jup.ag"}


async def test_beside_a_stream_on_this_machine_no_public_host_is_asked() -> None:
    here = BirdeyeSettings(
        api_key="k", ws_url="ws://127.0.0.1:9/socket/solana", rest_url="http://127.0.0.1:9"
    )
    async with engine(birdeye=here) as (manager, network, clock):
        task = asyncio.ensure_future(manager.search("usdc"))
        names = asyncio.ensure_future(manager.name_tokens([DOG]))
        await clock.advance(20.0)
        assert [one.symbol for one in (await task).hits] == ["USDC"]
        assert await names == {}
        assert network.asked == []


async def test_beside_it_what_is_on_this_machine_as_well_is_asked() -> None:
    here = BirdeyeSettings(
        api_key="k", ws_url="ws://127.0.0.1:9/socket/solana", rest_url="http://127.0.0.1:9"
    )
    lists = JupiterSettings(rest_url="http://127.0.0.1:8")
    async with engine(birdeye=here, jupiter=lists) as (manager, network, clock):
        task = asyncio.ensure_future(manager.search("usdc"))
        await clock.advance(20.0)
        assert len((await task).hits) == 3
        assert hosts(network) == {"127.0.0.1:8"}


async def test_without_prices_nobody_is_asked() -> None:
    async with engine(stream=StreamSettings(enable_prices=False)) as (manager, network, _):
        assert [one.symbol for one in (await manager.search("usdc")).hits] == ["USDC"]
        assert network.asked == []


async def test_in_the_demo_no_public_host_is_asked() -> None:
    async with engine(demo=True) as (manager, network, clock):
        task = asyncio.ensure_future(manager.search("usdc"))
        await clock.advance(20.0)
        await task
        assert all(host.startswith(("127.0.0.1", "localhost")) for host in hosts(network))


async def test_an_engine_that_does_not_run_searches_nothing() -> None:
    manager = StreamManager(Settings())
    with pytest.raises(NotRunning):
        await manager.search("usdc")
    async with engine() as (running, _, _):
        ended = running
    with pytest.raises(NotRunning):
        await ended.name_tokens([DOG])
