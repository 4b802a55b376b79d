"""The dialog that takes symbols: what it offers, what enter takes, and how it is searched."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from stage import Stage, on_stage
from textual.widgets import Input

from streamcore import ErrorKind, InputError, ProviderError, SearchFailure, SearchResult, TokenHit
from streamtui.screens.main.screen import MainScreen
from streamtui.screens.symbol_dialog import REST, SEEN_AFTER

USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
DOG = "8cmK4vWFRPMttT49MuDG5p6c2zMnr4xg9eVE8DgMpump"
HATS = "Hu6xf6bNiJ5ErRaG7Yhos89jgfAdCG1tu8DCips2pump"


def hit(symbol: str = "HATS", mint: str | None = HATS, **more: Any) -> TokenHit:
    fields = {
        "symbol": symbol,
        "name": "Hats for cats",
        "mint": mint,
        "provider": "jupiter",
        "verified": False,
    }
    return TokenHit(**fields | more)  # type: ignore[arg-type]


REAL = hit("USDC", USDC, name="USD Coin", verified=True, provider="table", liquidity=Decimal(480_000_000))
SCAM = hit("USDC", DOG, name="United States Dog Coin", lookalike_of="USDC", doubts=("less than a day old",))


def finds(stage: Stage, text: str, *hits: TokenHit, failures: tuple[SearchFailure, ...] = ()) -> None:
    stage.manager.found[text] = SearchResult(hits=hits, failures=failures)


async def searched(stage: Stage, text: str) -> None:
    await stage.press("s")
    await stage.type(text)
    await stage.pass_time(REST)
    await stage.pass_time(SEEN_AFTER)


def words(stage: Stage) -> str:
    return " ".join(stage.text().replace("│", " ").split())


async def test_the_table_completes_at_once_and_the_sources_after_a_rest() -> None:
    async with on_stage(symbols=()) as stage:
        finds(stage, "usdc", REAL, SCAM)
        await stage.press("s")
        await stage.type("usdc")
        assert "USD Coin" in stage.text()
        assert stage.manager.searched == []
        await stage.pass_time(REST)
        assert stage.manager.searched == ["usdc"]
        assert "verified" in stage.line("USD Coin")
        assert "$480M" in stage.line("USD Coin")
        assert "not USDC" in stage.line("United States")
        assert "8cmK…pump" in stage.line("United States")
        assert "2 found, 1 unverified" in stage.text()


async def test_only_the_last_of_quick_letters_is_searched() -> None:
    async with on_stage(symbols=()) as stage:
        await stage.press("s")
        for letter in "hats":
            await stage.type(letter)
            await stage.pass_time(REST / 2)
        assert stage.manager.searched == []
        await stage.pass_time(REST)
        assert stage.manager.searched == ["hats"]


async def test_an_answer_that_is_out_of_date_is_cancelled_and_a_progress_word_stands_meanwhile() -> None:
    async with on_stage(symbols=()) as stage:
        stage.manager.search_waits = asyncio.Event()
        finds(stage, "hat", hit("HAT"))
        await stage.press("s")
        await stage.type("hat")
        await stage.pass_time(REST)
        assert "searching …" in stage.text()
        await stage.type("s")
        assert "searching …" not in stage.text()
        stage.manager.search_waits.set()
        await stage.pass_time(REST)
        assert stage.manager.searched == ["hat", "hats"]
        assert "Hats for cats" not in stage.text()
        assert "the sources list nothing by that name" in stage.text()


async def test_enter_takes_the_hit_under_the_cursor_by_its_mint_and_nothing_else() -> None:
    async with on_stage(symbols=()) as stage:
        finds(stage, "hats", hit("HATS"), hit("HATS", DOG))
        await searched(stage, "hats")
        await stage.press("down", "enter")
        assert isinstance(stage.app.screen, MainScreen)
        (row,) = stage.app.session.prices.rows.values()
        assert (row.key, row.token.symbol, row.name) == (DOG, "HATS", "Hats for cats")
        assert "HATS" in stage.line("waiting")


async def test_a_well_known_ticker_typed_and_entered_is_never_the_scam() -> None:
    async with on_stage(symbols=()) as stage:
        finds(stage, "usdc", SCAM, REAL)
        await searched(stage, "usdc")
        await stage.press("enter")
        assert list(stage.app.session.prices.rows) == [USDC]


async def test_a_lookalike_is_taken_only_by_a_second_enter_that_was_told_so() -> None:
    async with on_stage(symbols=()) as stage:
        finds(stage, "usdc", REAL, SCAM)
        await searched(stage, "usdc")
        await stage.press("down")
        assert DOG in stage.text()
        assert "looks like USDC and is another token; nobody has verified it; less than a day old" in words(
            stage
        )
        await stage.press("enter")
        assert "looks like USDC and is another token; enter again watches it" in words(stage)
        assert stage.manager.asked_for("subscribe_prices") == []
        await stage.press("enter")
        (row,) = stage.app.session.prices.rows.values()
        assert (row.key, row.token.symbol, row.name) == (DOG, "≠USDC", "not USDC: United States Dog Coin")


async def test_what_came_under_the_cursor_just_now_is_not_taken_by_a_blind_enter() -> None:
    async with on_stage(symbols=()) as stage:
        finds(stage, "hats", hit())
        await stage.press("s")
        await stage.type("hats")
        await stage.pass_time(REST)
        await stage.press("enter")
        assert "was found just now; enter again watches it" in words(stage)
        assert stage.manager.asked_for("subscribe_prices") == []
        await stage.press("enter")
        assert list(stage.app.session.prices.rows) == [HATS]


async def test_an_enter_before_anything_is_found_takes_nothing() -> None:
    async with on_stage(symbols=()) as stage:
        finds(stage, "hats", hit())
        await stage.press("s")
        await stage.type("hats")
        await stage.press("enter")
        assert "✗ 'hats' is not a ticker in the token table" in stage.text()
        assert stage.manager.asked_for("subscribe_prices") == []


async def test_tab_puts_the_mint_into_the_line_and_the_next_word_can_be_typed() -> None:
    async with on_stage(symbols=()) as stage:
        finds(stage, "hats", hit())
        await searched(stage, "hats")
        await stage.press("tab")
        assert stage.app.screen.query_one(Input).value == HATS
        assert "Hats for cats" in stage.text()
        await stage.type(" bon")
        await stage.press("enter")
        assert [row.token.symbol for row in stage.app.session.prices.rows.values()] == ["HATS", "BONK"]


async def test_a_market_of_an_exchange_is_taken_by_its_ticker() -> None:
    async with on_stage(symbols=()) as stage:
        stage.manager.exchanges = True
        finds(stage, "monero", hit("XMR", None, name="Monero", verified=True, provider="kraken"))
        await searched(stage, "monero")
        assert "listed" in stage.line("Monero")
        await stage.press("enter")
        assert list(stage.app.session.prices.rows) == ["XMR"]


async def test_a_mint_that_is_pasted_gets_its_name_before_it_is_watched() -> None:
    async with on_stage(symbols=()) as stage:
        finds(stage, HATS, hit())
        await searched(stage, HATS)
        assert stage.manager.searched == [HATS]
        assert "unverified" in stage.line("Hats for cats")
        await stage.press("enter")
        (row,) = stage.app.session.prices.rows.values()
        assert (row.key, row.token.symbol, row.name) == (HATS, "HATS", "Hats for cats")
        await stage.press("s")
        await stage.type(HATS)
        await stage.pass_time(1.0)
        assert stage.manager.searched == [HATS]
        assert "Hats for cats" in stage.text()


async def test_who_could_not_be_asked_is_said_below_what_the_others_found() -> None:
    async with on_stage(symbols=()) as stage:
        failed = SearchFailure(provider="jupiter", message="Jupiter has trouble of its own (HTTP 503)")
        finds(stage, "hats", hit(), failures=(failed,))
        await searched(stage, "hats")
        assert "1 found, 1 unverified; Jupiter has trouble of its own (HTTP 503)" in words(stage)


async def test_a_search_that_fails_is_said_and_the_table_stays() -> None:
    async with on_stage(
        symbols=(), breaks_at={"search": ProviderError(ErrorKind.NETWORK, "no network")}
    ) as stage:
        await searched(stage, "bonk")
        assert "not searched: no network" in stage.text()
        await stage.press("enter")
        assert stage.manager.asked_for("subscribe_prices") == [("BONK",)]


@pytest.mark.parametrize("text", ["h", "sol/usd", "hats ", ""])
async def test_what_begins_everything_and_what_is_complete_is_not_searched(text: str) -> None:
    async with on_stage(symbols=()) as stage:
        await searched(stage, text)
        assert stage.manager.searched == []


async def test_the_words_of_a_phrase_are_not_searched_one_by_one() -> None:
    async with on_stage(symbols=()) as stage:
        stage.manager.exchanges = True
        await stage.press("s")
        for word in ("legal", "winner", "thank", "year"):
            stage.app.screen.query_one(Input).value += f" {word}"
            await stage.pass_time(1.0)
        assert stage.manager.searched == ["legal"]


async def test_after_symbols_that_are_known_the_next_one_is_searched() -> None:
    async with on_stage(symbols=()) as stage:
        stage.manager.exchanges = True
        await searched(stage, f"sol, $btc {HATS} toly")
        assert stage.manager.searched == ["toly"]
        stage.app.screen.query_one(Input).value += ".sns"
        await stage.pass_time(1.0)
        assert stage.manager.searched == ["toly"]


async def test_hostile_names_act_on_nothing() -> None:
    async with on_stage(symbols=()) as stage:
        finds(stage, "hats", hit("[red]", name="\x1b[31m[b]\u202eevil\n"))
        await searched(stage, "hats")
        assert "[red]" in stage.text()
        assert "\x1b" not in stage.text()
        assert "\u202e" not in stage.text()


@pytest.mark.parametrize("size", [(60, 18), (80, 24), (120, 40)])
async def test_what_a_hit_is_and_its_whole_mint_can_be_read_at_every_size(size: tuple[int, int]) -> None:
    async with on_stage(symbols=(), size=size) as stage:
        finds(stage, "usdc", REAL, SCAM)
        await searched(stage, "usdc")
        await stage.press("down")
        assert "not USDC" in stage.line("United Sta")
        assert "8cmK…pump" in stage.line("United Sta")
        joined = "".join(line.partition("│")[2].rpartition("│")[0].strip() for line in stage.lines())
        assert DOG in joined
        assert "looks like USDC and is another token" in words(stage)


async def test_a_ticker_that_only_an_exchange_may_know_can_be_entered_at_once() -> None:
    async with on_stage(symbols=()) as stage:
        stage.manager.exchanges = True
        await stage.press("s")
        await stage.type("abcd")
        assert "No token of the table begins like this" in stage.text()
        await stage.press("enter")
        assert list(stage.app.session.prices.rows) == ["ABCD"]


async def test_a_double_click_takes_the_row_under_the_pointer() -> None:
    async with on_stage(symbols=()) as stage:
        finds(stage, "hats", hit("HATS"), hit("CAPS", DOG, name="Caps for cats"))
        await searched(stage, "hats")
        row = next(y for y, line in enumerate(stage.lines()) if "Caps for cats" in line)
        table = stage.app.screen.query_one("#entry-suggestions")
        assert stage.pilot is not None
        await stage.pilot.click("#entry-suggestions", offset=(4, row - table.region.y), times=2)
        await stage.pass_time(0.1)
        assert list(stage.app.session.prices.rows) == [DOG]


async def test_a_link_is_not_taken_for_a_pair_and_a_pair_with_the_dollar_is_not_corrected() -> None:
    async with on_stage(symbols=()) as stage:
        await stage.press("s")
        await stage.type("https://example.com/foo")
        assert "Prices are in US dollars" not in stage.text()
        assert "No token of the table begins like this." in stage.text()
        await stage.press("escape", "s")
        await stage.type("EUR/USD")
        assert "No token of the table is called EUR." in stage.text()
        await stage.press("escape", "s")
        await stage.type("SOL/E")
        assert "type SOL alone" in stage.text()


async def test_why_something_is_not_searched_for_is_said_once() -> None:
    refusal = InputError("0xdAC1", "is not searched for: it looks like another chain's")
    async with on_stage(symbols=(), breaks_at={"search": refusal}) as stage:
        await searched(stage, "0xdAC1")
        assert "'0xdAC1' is not searched for: it looks like another chain's" in words(stage)
        assert "not searched:" not in words(stage)
