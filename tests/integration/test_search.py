"""Searching and looking names up, over real sockets against the emulated sources, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from bench import BONK, Bench, bench
from processes import starting
from public_bench import public
from virtual_time import on_virtual_time

from streamcore import InputError, PriceUpdate, ProviderError, SearchResult, TokenHit
from streamsim import Emulators
from streamsim.servers.faults import Fault

USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
DEMO = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"


def famous_first(result: SearchResult) -> None:
    """Nothing that only looks like a known token stands before what is vouched for."""
    trusted = [hit.verified and not hit.lookalike_of for hit in result.hits]
    assert trusted == sorted(trusted, reverse=True)


async def found(table: Bench, text: str) -> tuple[TokenHit, ...]:
    result = await table.manager.search(text)
    famous_first(result)
    assert result.failures == ()
    return result.hits


@on_virtual_time
async def test_every_double_of_a_famous_token_is_marked_and_comes_last() -> None:
    async with public() as table:
        hits = await found(table, "usdc")
        assert (hits[0].mint, hits[0].lookalike_of, hits[0].also_at) == (USDC, "", ("jupiter",))
        assert len(hits) > 2
        assert {hit.lookalike_of for hit in hits[1:]} == {"USDC"}


@on_virtual_time
async def test_what_both_exchanges_and_the_chain_have_is_one_hit() -> None:
    async with public() as table:
        bonk = (await found(table, "bonk"))[0]
        assert (bonk.mint, bonk.provider, bonk.also_at) == (BONK, "table", ("jupiter", "kraken", "coinbase"))


@on_virtual_time
async def test_a_search_beside_polled_prices_never_meets_a_429() -> None:
    async with public(prices="jupiter") as table:
        await table.manager.subscribe_prices(["SOL", "BONK", "JUP"])
        await table.until(lambda: len(table.all(PriceUpdate)) > 2)
        before = len(table.all(PriceUpdate))
        for number in range(12):
            searching = asyncio.ensure_future(table.manager.search(f"token number {number}"))
            await asyncio.sleep(1.0)
            if number % 3:
                searching.cancel()
            await asyncio.wait({searching})
        await asyncio.sleep(60.0)
        assert table.jupiter.refused == 0
        assert len(table.all(PriceUpdate)) > before


@on_virtual_time
async def test_while_jupiter_fails_dexscreener_steps_in_and_vouches_for_nothing() -> None:
    def broken(emulators: Emulators) -> None:
        emulators.jupiter.faults.set(Fault.HTTP_STATUS, status=503)

    async with public(venues=broken) as table:
        result = await table.manager.search("usdc")
        assert [failure.provider for failure in result.failures] == ["jupiter"]
        assert result.hits[0].mint == USDC
        famous_first(result)
        assert all(hit.lookalike_of == "USDC" for hit in result.hits[1:])


@on_virtual_time
async def test_mints_are_named_and_one_that_lies_is_marked() -> None:
    async with bench("all") as table:
        hits = await found(table, "usdc")
        mints = [hit.mint for hit in hits if hit.mint is not None]
        names = await table.manager.name_tokens(mints)
        assert set(names) == set(mints)
        assert {mint for mint, hit in names.items() if not hit.lookalike_of} == {USDC}


@on_virtual_time
async def test_a_name_leads_to_its_wallet_once_and_for_all() -> None:
    async with public() as table:
        assert await table.manager.resolve_wallet("demo.sns") == DEMO
        table.sns.names["demo"] = table.sns.names["alice"]
        assert await table.manager.resolve_wallet("demo.sns") == DEMO
        assert await table.manager.resolve_wallet("tips.alice.sns") == table.sns.names["tips.alice"]


def mismatched(table: Bench) -> None:
    table.sns.mismatched.add("demo")


def malformed(table: Bench) -> None:
    table.sns.malformed.add("demo")


def gone(table: Bench) -> None:
    del table.sns.names["demo"]


@pytest.mark.parametrize(
    ("happens", "name", "said"),
    [
        (gone, "demo.sns", "is not registered"),
        (mismatched, "demo.sns", "leads to different wallets"),
        (malformed, "demo.sns", "has a damaged record"),
        (lambda table: None, "demo.sol", r"\.sol names moved; use \.sns or the address"),
    ],
)
def test_every_refusal_of_the_name_service_is_a_sentence(
    happens: Callable[[Bench], None], name: str, said: str
) -> None:
    @on_virtual_time
    async def check() -> None:
        async with public() as table:
            happens(table)
            with pytest.raises(InputError, match=said):
                await table.manager.resolve_wallet(name)

    check()


@on_virtual_time
async def test_trouble_of_the_name_service_passes() -> None:
    async with public() as table:
        table.sns.rpc_is_down = True
        with pytest.raises(ProviderError, match="RPC unavailable"):
            await table.manager.resolve_wallet("demo.sns")
        table.sns.rpc_is_down = False
        assert await table.manager.resolve_wallet("demo.sns") == DEMO


@pytest.mark.timeout(150)
def test_the_command_ends_quietly_when_nobody_reads_on(tmp_path) -> None:
    with starting(tmp_path) as start:
        search = start("search", "usdc", "--demo", "--format", "json")
        assert b'"event":"hit"' in search.line()
        search.process.stdout.close()
        assert search.process.wait(60) == 0


@pytest.mark.timeout(150)
def test_the_stream_says_which_address_a_name_is(tmp_path) -> None:
    with starting(tmp_path) as start:
        stream = start("stream", "--demo", "-w", "demo.sns", "--count", "1")
        status, _, errors = stream.end()
        assert status == 0
        assert f"streamtui: demo.sns is {DEMO}".encode() in errors
