"""Questions that are answered once, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sample_events
from manual_clock import ManualClock
from relay_bench import WALLETS, Terminal, eventually, running
from relayed_engine import RelayedEngine

from streamcore.candles import Candle, CandleSeries, ChartRange
from streamcore.errors import InputError, ProviderError
from streamcore.events import ErrorKind
from streamcore.relay.lookups import MOST_BYTES, MOST_OF_A_TERMINAL
from streamcore.token_hits import SearchResult, TokenHit
from streamcore.wire.encodings import NAMES
from streamcore.wire.messages import Found, Lookup, Refused

CANDLE = Candle(start=900, open=Decimal(1), high=Decimal(2), low=Decimal("1E-8"), close=Decimal("1.50"))
SERIES = CandleSeries(
    symbol="SOL",
    address=sample_events.SOL,
    range=ChartRange.DAY,
    provider="kraken",
    market="SOL/USD",
    interval=900,
    candles=(
        Candle(start=900, open=Decimal(1), high=Decimal(2), low=Decimal("1E-8"), close=Decimal("1.50")),
    ),
    running=True,
    begin=0,
    fetched_at=1.5,
)
HIT = TokenHit(symbol="SOL", name="Wrapped SOL", mint=sample_events.SOL, provider="jupiter", verified=True)


async def asked(terminal: Terminal, lookup: Lookup) -> Found | Refused:
    await terminal.send(lookup)
    await terminal.until(lambda: [one for one in terminal.of(Found, Refused) if one.id == lookup.id])
    answer: Found | Refused = next(one for one in terminal.of(Found, Refused) if one.id == lookup.id)
    return answer


@pytest.mark.parametrize("name", NAMES)
async def test_every_question_is_answered_in_every_encoding(tmp_path: Path, name: str) -> None:
    async with running(tmp_path) as (relay, engine):
        engine.answers = {
            "history": SERIES,
            "trends": {sample_events.SOL: SERIES, "BTC": SERIES},
            "search": SearchResult(hits=(HIT,)),
            "name_tokens": {sample_events.SOL: HIT},
            "resolve_wallet": WALLETS[0],
        }
        terminal = await Terminal(relay, name).open()
        await terminal.want(["SOL"])
        found: list[Any] = [
            await asked(terminal, Lookup(number, what, text, span))
            for number, (what, text, span) in enumerate(
                [
                    ("history", "SOL", "7d"),
                    ("trends", None, None),
                    ("search", "sol", None),
                    ("names", sample_events.SOL, None),
                    ("wallet", "toly.sns", None),
                    ("quote", "sol", None),
                ],
                100,
            )
        ]
        assert found[0].items[0]["candles"] == [
            {"start": 900, "open": "1", "high": "2", "low": "0.00000001", "close": "1.50", "volume": None}
        ]
        assert [item["key"] for item in found[1].items] == [sample_events.SOL]  # others' rows are theirs
        assert found[2].items[0]["hits"][0]["name"] == "Wrapped SOL"
        assert found[3].items[0]["mint"] == sample_events.SOL
        assert found[4].items == ({"address": WALLETS[0]},)
        assert found[5].items == ()
        assert ("ask_quote", sample_events.SOL) in engine.asked
        assert ("history", "SOL", "7d") in engine.questions


async def test_what_cannot_be_answered_is_refused_with_the_reason(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        engine.answers = {
            "history": InputError("XYZ", "is not a ticker"),
            "search": ProviderError(ErrorKind.NETWORK, "nobody answers"),
            "name_tokens": ProviderError(ErrorKind.AUTH, "no key"),
            "resolve_wallet": RuntimeError("a fault of ours"),
        }
        terminal = await Terminal(relay).open()
        await terminal.want()
        answers: list[Any] = [
            await asked(terminal, Lookup(number, what, "x", span))
            for number, (what, span) in enumerate(
                [
                    ("history", None),
                    ("history", "99y"),
                    ("search", None),
                    ("names", None),
                    ("wallet", None),
                    ("weather", None),
                ],
                100,
            )
        ]
        assert [answer.code for answer in answers] == [
            "unknown_symbol",
            "unknown_symbol",
            "busy",
            "not_served",
            "internal",
            "bad_request",
        ]
        assert "fault of ours" not in answers[4].message


def quotes(engine: RelayedEngine) -> list[str]:
    """The symbols of which bid and ask were asked for."""
    return [symbol for what, symbol in engine.asked if what == "ask_quote"]


async def test_bid_and_ask_are_asked_for_only_of_a_row_of_the_one_who_asks(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        terminal, other = await Terminal(relay).open(), await Terminal(relay).open()
        await terminal.want(["BTC"])
        await other.want(["SOL"])
        assert isinstance(await asked(terminal, Lookup(100, "quote", "SOL")), Found)
        refused = await asked(terminal, Lookup(101, "quote", "no ticker!"))
        assert isinstance(refused, Refused)
        assert refused.code == "unknown_symbol"
        await asked(terminal, Lookup(102, "quote", "btc"))
        assert quotes(engine) == ["BTC"]


async def test_a_hundred_terminals_that_look_at_a_row_ask_the_source_as_one_does(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(tmp_path, clock=clock) as (relay, engine):
        terminals = [await Terminal(relay).open() for _ in range(100)]
        for terminal in terminals:
            await terminal.want(["SOL", "BTC"])
        for second in range(0, 9, 4):
            for number, terminal in enumerate(terminals):
                await asked(terminal, Lookup(100 + second, "quote", "SOL" if number % 2 else "BTC"))
            await clock.advance(4.0)
        # at 0, 4, 8 and 12 s, and in between at 2, 6 and 10
        assert quotes(engine) == ["BTC", sample_events.SOL] * 3 + ["BTC"]


async def test_rows_of_a_source_without_an_order_book_keep_no_exchange_waiting(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(tmp_path, clock=clock) as (relay, engine):
        terminal = await Terminal(relay).open()
        await terminal.want(["SOL", "BONK", "BTC", "ETH"])
        engine.price_sources.update({sample_events.SOL: "jupiter", "BTC": None})
        for number, symbol in enumerate(["SOL", "BTC", "ETH"], 100):
            await asked(terminal, Lookup(number, "quote", symbol))
        await clock.settle()
        assert quotes(engine)[0] == sample_events.SOL
        assert len(quotes(engine)) == 2


async def test_trends_that_take_long_are_answered_with_what_there_is_and_fetched_once_for_all(
    tmp_path: Path,
) -> None:
    clock = ManualClock()
    async with running(tmp_path, clock=clock) as (relay, engine):
        fetched: asyncio.Future[dict[str, CandleSeries]] = asyncio.get_running_loop().create_future()
        engine.answers = {"trends": fetched}
        engine.fetched_trends = {sample_events.SOL: SERIES}
        terminal, other = await Terminal(relay).open(), await Terminal(relay).open()
        await terminal.want(["SOL", "BTC"])
        await other.want(["SOL"])
        asking = [asyncio.create_task(asked(one, Lookup(100, "trends"))) for one in (terminal, other)]
        while not all(task.done() for task in asking):
            await clock.advance(0.5)
            await asyncio.sleep(0.001)
        answers: list[Any] = [task.result() for task in asking]
        assert [[item["key"] for item in answer.items] for answer in answers] == [[sample_events.SOL]] * 2
        fetched.set_result({sample_events.SOL: SERIES, "BTC": SERIES})
        answer: Any = await asked(terminal, Lookup(101, "trends"))
        assert {item["key"] for item in answer.items} == {sample_events.SOL, "BTC"}
        assert engine.questions.count(("trends",)) <= 2


class Endless(asyncio.Future[Any]):
    """An answer that never comes, and that tells when it is waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.is_awaited = asyncio.Event()

    def __await__(self) -> Generator[Any, None, Any]:
        self.is_awaited.set()
        return super().__await__()


async def test_trends_are_answered_as_soon_as_each_row_has_one(tmp_path: Path) -> None:
    clock = ManualClock()
    async with running(tmp_path, clock=clock) as (relay, engine):
        fetching = Endless()
        engine.answers = {"trends": fetching}
        terminal = await Terminal(relay).open()
        await terminal.want(["SOL", "BTC"])
        asking = asyncio.create_task(asked(terminal, Lookup(100, "trends")))
        await fetching.is_awaited.wait()
        began = clock.monotonic()
        await clock.advance(1.0)
        engine.fetched_trends = {sample_events.SOL: SERIES, "BTC": SERIES}
        await clock.advance(1.0)
        answer: Any = await asking
        assert {item["key"] for item in answer.items} == {sample_events.SOL, "BTC"}
        assert clock.monotonic() - began == 2.0


async def test_a_terminal_has_a_bounded_number_of_questions_under_way(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        answer: asyncio.Future[SearchResult] = asyncio.get_running_loop().create_future()
        engine.answers = {"search": answer}
        terminal = await Terminal(relay).open()
        await terminal.want()
        for number in range(MOST_OF_A_TERMINAL + 1):
            await terminal.send(Lookup(100 + number, "search", "x"))
        await terminal.until(lambda: terminal.of(Refused))
        assert [(one.id, one.code) for one in terminal.of(Refused)] == [(100 + MOST_OF_A_TERMINAL, "busy")]
        answer.set_result(SearchResult(hits=()))
        await terminal.until(lambda: len(terminal.of(Found)) == MOST_OF_A_TERMINAL)
        assert isinstance(await asked(terminal, Lookup(200, "search", "x")), Found)


async def test_a_terminal_that_leaves_with_a_question_under_way_hurts_nobody(tmp_path: Path) -> None:
    async with running(tmp_path) as (relay, engine):
        answer: asyncio.Future[SearchResult] = asyncio.get_running_loop().create_future()
        engine.answers = {"search": answer}
        terminal = await Terminal(relay).open()
        await terminal.want()
        await terminal.send(Lookup(100, "search", "x"))
        await terminal.abort()
        await eventually(lambda: not relay.terminals)
        answer.set_result(SearchResult(hits=()))
        other = await Terminal(relay).open()
        await other.want()
        assert isinstance(await asked(other, Lookup(100, "search", "x")), Found)


@pytest.mark.parametrize("name", NAMES)
async def test_trends_that_are_too_long_for_one_message_are_told_as_far_as_they_fit(
    tmp_path: Path, name: str
) -> None:
    symbols = [f"T{number}" for number in range(200)]
    candles = tuple(msgspec.structs.replace(CANDLE, start=900 * number) for number in range(1, 600))
    long = msgspec.structs.replace(SERIES, candles=candles)  # 50 KB and more, 10 MB of all rows
    async with running(tmp_path) as (relay, engine):
        engine.answers = {"trends": dict.fromkeys(symbols, long), "history": long}
        terminal = await Terminal(relay, name).open(max_size=8 << 20)
        await terminal.want(symbols)
        answer = await asked(terminal, Lookup(100, "trends"))
        assert isinstance(answer, Found)
        assert 20 < len(answer.items) < 200
        assert len(terminal.encoding.encode(answer)) <= MOST_BYTES
        assert len({item["key"] for item in answer.items}) == len(answer.items)
        assert isinstance(await asked(terminal, Lookup(101, "history", "T1", "24h")), Found)


async def test_an_answer_that_is_too_long_and_cannot_be_shortened_is_refused(tmp_path: Path) -> None:
    candles = tuple(msgspec.structs.replace(CANDLE, start=900 * number) for number in range(1, 80_000))
    async with running(tmp_path) as (relay, engine):
        engine.answers = {"history": msgspec.structs.replace(SERIES, candles=candles)}
        terminal = await Terminal(relay).open(max_size=8 << 20)
        await terminal.want(["SOL"])
        answer = await asked(terminal, Lookup(100, "history", "SOL", "24h"))
        assert isinstance(answer, Refused)
        assert (answer.code, answer.message) == ("internal", "the answer is too long")
