"""The last day of every row: few requests, from its own exchange or many at once, and never in the way."""

from __future__ import annotations

import asyncio

import pytest
from history_table import BONK, SOL, Table, table
from scripted_history import ScriptedHistory, instrument

from streamcore.assets.instruments import Instrument
from streamcore.candles import ChartRange
from streamcore.errors import NotRunning, ProviderError
from streamcore.events import ErrorKind
from streamcore.history.trends import AT_ONCE

WIF = instrument("WIF")
BTC = instrument("BTC")
NETWORK = ProviderError(ErrorKind.NETWORK, "Kraken could not be reached")


def llama(*unknown: Instrument) -> ScriptedHistory:
    return ScriptedHistory(
        "defillama", batch_size=2, lists=lambda one: one.mint is not None and one not in unknown
    )


async def trends(at: Table, *rows: Instrument) -> dict[str, str]:
    """Return the symbols with a last day, each with where it is from."""
    await at.history.refresh_trends(lambda: rows)
    return {series.symbol: series.provider for series in at.history.trends(rows).values()}


async def test_all_have_a_day_with_few_requests_and_then_a_row_of_an_exchange_has_it_from_there() -> None:
    kraken, many = ScriptedHistory("kraken"), llama()
    live = {"SOL": "kraken", "BTC": "kraken"}
    async with table(kraken, many, live=lambda one: live.get(one.symbol, "jupiter")) as at:
        found = await trends(at, SOL, BTC, BONK, WIF, instrument("JUP"))
    assert found == {
        "SOL": "kraken",
        "BTC": "kraken",
        "BONK": "defillama",
        "WIF": "defillama",
        "JUP": "defillama",
    }
    assert kraken.batches == [("SOL",), ("BTC",)]
    assert many.batches == [("SOL", "BTC"), ("BONK", "WIF"), ("JUP",)]


async def test_while_an_exchange_is_asked_one_after_the_other_the_day_from_elsewhere_stands_in() -> None:
    kraken, many = ScriptedHistory("kraken"), llama()
    kraken.gate.clear()
    async with table(kraken, many) as at:
        waiting = asyncio.ensure_future(at.history.refresh_trends(lambda: (SOL, BONK)))
        await at.clock.settle()
        assert {one.provider for one in at.history.trends((SOL, BONK)).values()} == {"defillama"}
        kraken.gate.set()
        await waiting
        assert {one.provider for one in at.history.trends((SOL, BONK)).values()} == {"kraken"}
        await trends(at, SOL, BONK)
        assert (len(kraken.batches), len(many.batches)) == (2, 1)


async def test_a_day_from_elsewhere_stays_while_the_exchange_fails_which_is_not_asked_again_at_once() -> None:
    kraken, many = ScriptedHistory("kraken"), llama()
    kraken.failure = NETWORK
    async with table(kraken, many) as at:
        assert await trends(at, SOL) == await trends(at, SOL) == {"SOL": "defillama"}
        assert (len(kraken.asked), len(many.batches)) == (1, 1)
        kraken.failure = None
        await at.clock.advance(61)
        assert await trends(at, SOL) == {"SOL": "kraken"}


async def test_what_one_source_does_not_have_is_asked_of_the_next() -> None:
    kraken, many = ScriptedHistory("kraken"), llama(BONK)
    async with table(kraken, many, live=lambda _: "jupiter") as at:
        assert await trends(at, SOL, BONK) == {"SOL": "defillama", "BONK": "kraken"}


async def test_a_source_that_cannot_be_reached_is_not_tried_with_every_row() -> None:
    kraken, many = ScriptedHistory("kraken"), llama()
    kraken.failure = NETWORK
    async with table(kraken, many) as at:
        assert await trends(at, SOL, BONK, WIF) == dict.fromkeys(["SOL", "BONK", "WIF"], "defillama")
    assert len(kraken.asked) == 1


async def test_a_day_is_not_asked_for_again_before_ten_minutes_have_passed() -> None:
    kraken = ScriptedHistory()
    async with table(kraken) as at:
        await trends(at, SOL)
        await at.clock.advance(599)
        await trends(at, SOL, BONK)
        assert kraken.batches == [("SOL",), ("BONK",)]
        await at.clock.advance(1)
        await trends(at, SOL, BONK)
        assert kraken.batches == [("SOL",), ("BONK",), ("SOL",)]


async def test_a_chart_that_was_fetched_a_moment_ago_is_the_trend_as_well() -> None:
    kraken = ScriptedHistory()
    async with table(kraken) as at:
        await at.history.series(SOL, ChartRange.WEEK)
        await at.clock.advance(599)
        assert await trends(at, SOL, BONK) == {"SOL": "kraken", "BONK": "kraken"}
        assert kraken.batches == [("BONK",)]
        assert at.history.trends([SOL])[SOL.key].range is ChartRange.DAY
        await at.clock.advance(1)
        await trends(at, SOL, BONK)
        assert kraken.batches == [("BONK",), ("SOL",)]


async def test_a_chart_that_is_under_way_is_waited_for_and_is_the_trend_then() -> None:
    kraken = ScriptedHistory()
    kraken.gate.clear()
    async with table(kraken) as at:
        chart = asyncio.create_task(at.history.series(SOL, ChartRange.DAY))
        column = asyncio.create_task(trends(at, SOL))
        await at.clock.settle()
        kraken.gate.set()
        assert await column == {"SOL": "kraken"}
        await chart
        assert (len(kraken.asked), kraken.batches) == (1, [])


async def test_a_trend_that_was_fetched_a_moment_ago_is_the_chart_of_the_day_as_well() -> None:
    kraken = ScriptedHistory()
    async with table(kraken) as at:
        await trends(at, SOL)
        await at.clock.advance(599)
        assert (await at.history.series(SOL, ChartRange.DAY)).range is ChartRange.DAY
    assert len(kraken.asked) == 1


async def test_a_chart_of_another_source_or_without_candles_is_no_trend() -> None:
    kraken, coinbase = ScriptedHistory("kraken"), ScriptedHistory("coinbase")
    live = "kraken"
    async with table(kraken, coinbase, live=lambda _: live) as at:
        await at.history.series(SOL, ChartRange.DAY)
        live = "coinbase"
        coinbase.empty = True
        await trends(at, SOL)
        assert coinbase.batches == [("SOL",)]


async def test_the_last_of_many_rows_is_asked_for_every_quarter_of_an_hour_like_the_first() -> None:
    kraken = ScriptedHistory()
    async with table(kraken) as at:
        await trends(at, SOL)
        await at.clock.advance(240)  # as long as many rows take at one a second
        await trends(at, SOL, BONK)
        await at.clock.advance(900 - 240)
        await trends(at, SOL, BONK)
        assert kraken.batches == [("SOL",), ("BONK",), ("SOL",), ("BONK",)]


async def test_the_day_that_was_known_stays_when_it_cannot_be_had_again() -> None:
    kraken = ScriptedHistory()
    async with table(kraken) as at:
        await trends(at, SOL)
        await at.clock.advance(900)
        kraken.failure = NETWORK
        assert await trends(at, SOL) == {"SOL": "kraken"}


async def test_who_wants_a_new_row_does_not_wait_for_all_the_others() -> None:
    kraken = ScriptedHistory()
    rows = [instrument(f"COIN{n}") for n in range(40)]
    async with table(kraken) as at:
        kraken.gate.clear()
        all_rows = asyncio.ensure_future(at.history.refresh_trends(lambda: rows))
        await at.clock.settle()
        rows = [SOL, *rows]
        other = asyncio.ensure_future(at.history.refresh_trends(lambda: rows))
        await at.clock.settle()
        kraken.gate.set()
        await all_rows
        await other
        symbols = [symbol for symbol, _ in kraken.asked]
        assert symbols.index("SOL") == AT_ONCE
        assert len(symbols) == len(set(symbols)) == 41


async def test_rows_that_have_nothing_yet_come_before_those_whose_day_is_old() -> None:
    kraken = ScriptedHistory()
    async with table(kraken) as at:
        await trends(at, SOL, BONK)
        await at.clock.advance(900)
        kraken.asked.clear()
        await trends(at, SOL, BONK, WIF)
        assert [symbol for symbol, _ in kraken.asked] == ["WIF", "SOL", "BONK"]


async def test_the_days_that_have_come_are_there_before_the_others() -> None:
    kraken = ScriptedHistory()
    async with table(kraken) as at:
        await trends(at, SOL)
        kraken.gate.clear()
        rest = asyncio.ensure_future(at.history.refresh_trends(lambda: (SOL, BONK)))
        await at.clock.settle()
        assert [*at.history.trends((SOL, BONK))] == [SOL.key]
        kraken.gate.set()
        await rest
        assert [*at.history.trends((SOL, BONK))] == [SOL.key, BONK.key]


async def test_a_column_waits_while_a_person_waits_for_a_chart_of_the_same_source() -> None:
    kraken = ScriptedHistory()
    kraken.gate.clear()
    async with table(kraken) as at:
        chart = asyncio.ensure_future(at.history.series(SOL, ChartRange.YEAR))
        await at.clock.settle()
        column = asyncio.ensure_future(at.history.refresh_trends(lambda: (BONK,)))
        await at.clock.settle()
        assert kraken.asked == [("SOL", ChartRange.YEAR)]
        kraken.gate.set()
        await chart
        await column
        assert kraken.asked == [("SOL", ChartRange.YEAR), ("BONK", ChartRange.WEEK)]


async def test_the_day_of_the_column_serves_the_chart_of_a_day_but_no_longer_one() -> None:
    kraken = ScriptedHistory()
    async with table(kraken) as at:
        await trends(at, SOL)
        day = at.history.cached(SOL, ChartRange.DAY)
        assert day is not None
        assert await at.history.series(SOL, ChartRange.DAY) == day
        assert at.history.cached(SOL, ChartRange.WEEK) is None
        assert len(kraken.asked) == 1


async def test_the_day_of_a_row_that_nobody_watches_any_more_is_forgotten() -> None:
    kraken = ScriptedHistory()
    async with table(kraken) as at:
        await trends(at, SOL, BONK)
        await trends(at, BONK)
        assert at.history.trends((SOL, BONK)).keys() == {BONK.key}


async def test_a_row_that_moved_to_an_exchange_gets_its_day_from_there() -> None:
    kraken, many = ScriptedHistory("kraken"), llama()
    live = {"SOL": "jupiter"}
    async with table(kraken, many, live=lambda one: live[one.symbol]) as at:
        assert await trends(at, SOL) == {"SOL": "defillama"}
        live["SOL"] = "kraken"
        await at.clock.advance(61)
        assert await trends(at, SOL) == {"SOL": "kraken"}


async def test_what_fails_says_nothing_and_a_row_without_a_day_is_left_out() -> None:
    kraken = ScriptedHistory()
    kraken.failure = NETWORK
    async with table(kraken) as at:
        assert await trends(at, SOL) == {}


async def test_who_waits_for_a_column_when_the_engine_ends_is_told_so() -> None:
    kraken = ScriptedHistory()
    kraken.gate.clear()
    async with table(kraken) as at:
        waiting = asyncio.ensure_future(at.history.refresh_trends(lambda: (SOL,)))
        await at.clock.settle()
        await at.tasks.close()
        with pytest.raises(NotRunning):
            await waiting
    assert kraken.given_up == 1


async def test_a_fault_of_this_program_ends_no_other_source_halfway_and_is_told() -> None:
    kraken, many = ScriptedHistory("kraken"), llama(SOL)
    kraken.failure = ZeroDivisionError("a fault")
    many.gate.clear()
    live = {"SOL": "kraken"}
    async with table(kraken, many, live=lambda one: live.get(one.symbol, "jupiter")) as at:
        waiting = asyncio.ensure_future(at.history.refresh_trends(lambda: (SOL, BONK)))
        await at.clock.settle()
        assert not waiting.done()
        many.gate.set()
        with pytest.raises(ProviderError, match="internal error"):
            await waiting
        assert [*at.history.trends((SOL, BONK))] == [BONK.key]
        assert [str(fault) for fault in at.faults] == [
            "internal error (ZeroDivisionError); the log has the details"
        ]
        at.faults.clear()
