"""Which source a chart is from, what is remembered, and what happens when a source fails."""

from __future__ import annotations

import asyncio

import pytest
from history_table import BONK, SOL, table
from scripted_history import ScriptedHistory, instrument

from streamcore.candles import CandleSeries, ChartRange
from streamcore.errors import NotRunning, ProviderError
from streamcore.events import ErrorKind
from streamcore.history.asked_source import UNKNOWN_FOR
from streamcore.history.series_cache import CAPACITY

NETWORK = ProviderError(ErrorKind.NETWORK, "Kraken could not be reached")
UNKNOWN = ProviderError(ErrorKind.SUBSCRIPTION, "Kraken has no history of SOL")


async def test_the_rows_own_source_is_asked_first_whatever_the_order() -> None:
    kraken, coinbase = ScriptedHistory("kraken"), ScriptedHistory("coinbase")
    async with table(kraken, coinbase, live=lambda _: "coinbase") as at:
        assert (await at.history.series(SOL, ChartRange.DAY)).provider == "coinbase"
    assert kraken.asked == []


async def test_a_row_whose_own_source_has_no_candles_gets_them_from_the_first_that_lists_it() -> None:
    kraken = ScriptedHistory("kraken", lists=lambda one: one.symbol == "SOL")
    pools = ScriptedHistory("geckoterminal")
    async with table(kraken, pools, live=lambda _: "jupiter") as at:
        assert (await at.history.series(SOL, ChartRange.DAY)).provider == "kraken"
        assert (await at.history.series(BONK, ChartRange.DAY)).provider == "geckoterminal"


async def test_a_source_that_does_not_have_it_after_all_is_passed_by_for_a_quarter_of_an_hour() -> None:
    kraken, pools = ScriptedHistory("kraken"), ScriptedHistory("geckoterminal")
    kraken.failure = UNKNOWN
    async with table(kraken, pools) as at:
        for span in (ChartRange.HOUR, ChartRange.DAY):
            assert (await at.history.series(SOL, span)).provider == "geckoterminal"
        assert len(kraken.asked) == 1
        await at.clock.advance(UNKNOWN_FOR)
        kraken.failure = None
        assert (await at.history.series(SOL, ChartRange.MONTH)).provider == "kraken"


async def test_ranges_of_one_interval_are_one_request_for_the_longest_of_them() -> None:
    kraken = ScriptedHistory()
    async with table(kraken) as at:
        day = await at.history.series(SOL, ChartRange.DAY)
        week = await at.history.series(SOL, ChartRange.WEEK)
    assert kraken.asked == [("SOL", ChartRange.WEEK)]
    assert (day.range, week.range) == (ChartRange.DAY, ChartRange.WEEK)
    assert day.begin - week.begin == 6 * 86_400


async def test_a_series_is_fresh_for_one_of_its_candles_and_an_hour_at_most() -> None:
    kraken = ScriptedHistory()
    async with table(kraken) as at:
        for span, fresh_for in (
            (ChartRange.HOUR, 60),
            (ChartRange.DAY, 900),
            (ChartRange.MONTH, 3600),
            (ChartRange.YEAR, 3600),
        ):
            kraken.asked.clear()
            await at.history.series(SOL, span)
            await at.clock.advance(fresh_for - 1)
            await at.history.series(SOL, span)
            assert len(kraken.asked) == 1
            await at.clock.advance(1)
            await at.history.series(SOL, span)
            assert len(kraken.asked) == 2


async def test_what_is_remembered_is_there_at_once_while_the_fresh_one_is_on_its_way() -> None:
    kraken = ScriptedHistory()
    async with table(kraken) as at:
        assert at.history.cached(SOL, ChartRange.HOUR) is None
        before = await at.history.series(SOL, ChartRange.HOUR)
        await at.clock.advance(600)
        kraken.gate.clear()
        coming = asyncio.ensure_future(at.history.series(SOL, ChartRange.HOUR))
        await at.clock.settle()
        assert at.history.cached(SOL, ChartRange.HOUR) == before
        kraken.gate.set()
        after = await coming
        assert at.history.cached(SOL, ChartRange.HOUR) == after
        assert after.fetched_at - before.fetched_at == 600


async def test_a_failure_gives_the_reason_and_leaves_the_last_series_there() -> None:
    kraken, pools = ScriptedHistory("kraken"), ScriptedHistory("geckoterminal")
    async with table(kraken, pools) as at:
        before = await at.history.series(SOL, ChartRange.HOUR)
        await at.clock.advance(60)
        kraken.failure = NETWORK
        assert (await at.failure()).message == NETWORK.message
        assert at.history.cached(SOL, ChartRange.HOUR) == before
    assert pools.asked == [], "another market would take the place of a chart that is there"


async def test_a_range_of_which_nothing_is_remembered_begins_with_the_end_of_a_longer_one() -> None:
    kraken = ScriptedHistory()
    kraken.count = 300
    async with table(kraken) as at:
        await at.clock.advance(14_400)  # past midnight, where a candle of a day begins
        year = await at.history.series(SOL, ChartRange.YEAR)
        kraken.failure = NETWORK
        assert (await at.failure(span=ChartRange.MONTH)).message == NETWORK.message
        month = at.history.cached(SOL, ChartRange.MONTH)
        assert month is not None
        assert (month.range, month.interval, month.covered) == (ChartRange.MONTH, year.interval, True)
        assert month.candles == year.candles[-len(month.candles) :]
        assert len(month.candles) == 30
        week = at.history.cached(SOL, ChartRange.WEEK)
        assert week is not None
        assert len(week.candles) == 7
        assert not week.covered, "most of a day of seven is missing, and the change is over the others"
        assert at.history.cached(SOL, ChartRange.DAY) is None, "one candle is no chart"


async def test_where_nothing_is_remembered_the_next_source_stands_in_for_one_that_fails() -> None:
    kraken, pools = ScriptedHistory("kraken"), ScriptedHistory("geckoterminal")
    kraken.failure = NETWORK
    async with table(kraken, pools) as at:
        assert (await at.history.series(SOL, ChartRange.HOUR)).provider == "geckoterminal"


async def test_when_every_source_fails_all_reasons_that_may_pass_are_told() -> None:
    kraken, coinbase, pools = (ScriptedHistory(name) for name in ("kraken", "coinbase", "geckoterminal"))
    kraken.failure, coinbase.failure = NETWORK, UNKNOWN
    pools.failure = ProviderError(ErrorKind.RATE_LIMIT, "GeckoTerminal asks for less", retry_after=60)
    async with table(kraken, coinbase, pools) as at:
        error = await at.failure()
    assert error.message == "Kraken could not be reached; GeckoTerminal asks for less"
    assert (error.kind, error.retryable, error.retry_after) == (ErrorKind.NETWORK, True, 60)


async def test_what_is_the_same_at_several_sources_is_said_once() -> None:
    sources = [ScriptedHistory(name) for name in ("kraken", "coinbase", "geckoterminal", "defillama")]
    async with table(*sources) as at:
        for source, reason in zip(sources, ("is down", "is down", "asks for less", "is down"), strict=True):
            source.failure = ProviderError(ErrorKind.NETWORK, f"{source.title} {reason}")
        assert (await at.failure()).message == (
            "Kraken is down; the same at Coinbase and Defillama; Geckoterminal asks for less"
        )
        for source in sources[1:]:
            source.failure = ProviderError(ErrorKind.NETWORK, "the network is down")
        assert (await at.failure()).message == "Kraken is down; the network is down"


async def test_what_nobody_lists_has_no_history() -> None:
    async with table(ScriptedHistory(lists=lambda _: False)) as at:
        error = await at.failure(BONK)
    assert (error.kind, error.message) == (ErrorKind.SUBSCRIPTION, "no source has a history of BONK")


async def test_a_market_in_which_nothing_was_traded_is_said_to_be_so_and_not_asked_again() -> None:
    kraken = ScriptedHistory()
    kraken.empty = True
    async with table(kraken) as at:
        for _ in range(2):
            error = await at.failure()
            assert error.message == "nothing of SOL was traded at Kraken within the last hour"
        assert at.history.cached(SOL, ChartRange.HOUR) is None
    assert len(kraken.asked) == 1


async def test_two_who_want_the_same_share_one_request() -> None:
    kraken = ScriptedHistory()
    kraken.gate.clear()
    async with table(kraken) as at:
        both = [asyncio.ensure_future(at.history.series(SOL, ChartRange.HOUR)) for _ in range(2)]
        await at.clock.settle()
        both[0].cancel()
        await at.clock.settle()
        kraken.gate.set()
        assert isinstance(await both[1], CandleSeries)
    assert (len(kraken.asked), kraken.given_up) == (1, 0)


async def test_a_request_that_nobody_waits_for_any_more_is_given_up() -> None:
    kraken = ScriptedHistory()
    kraken.gate.clear()
    async with table(kraken) as at:
        waiting = asyncio.ensure_future(at.history.series(SOL, ChartRange.HOUR))
        await at.clock.settle()
        waiting.cancel()
        await at.clock.settle()
        assert kraken.given_up == 1
        again = asyncio.ensure_future(at.history.series(SOL, ChartRange.HOUR))
        await at.clock.settle()
        kraken.gate.set()
        assert (await again).candles


async def test_who_waits_when_the_engine_ends_is_told_so() -> None:
    kraken = ScriptedHistory()
    kraken.gate.clear()
    async with table(kraken) as at:
        waiting = asyncio.ensure_future(at.history.series(SOL, ChartRange.HOUR))
        await at.clock.settle()
        await at.tasks.close()
        with pytest.raises(NotRunning):
            await waiting
        with pytest.raises(NotRunning):
            await at.history.series(SOL, ChartRange.HOUR)


async def test_a_source_that_keeps_failing_is_left_alone_until_a_person_asks_to_try_again() -> None:
    kraken = ScriptedHistory()
    kraken.failure = NETWORK
    async with table(kraken) as at:
        for _ in range(5):
            await at.failure()
        assert len(kraken.asked) == 3
        at.history.forget()
        kraken.failure = None
        assert await at.history.series(SOL, ChartRange.HOUR)
    assert kraken.forgiven == 1


async def test_a_metered_source_is_not_asked_first_even_if_the_live_price_is_its() -> None:
    birdeye, pools = ScriptedHistory("birdeye", metered=True), ScriptedHistory("geckoterminal")
    async with table(pools, birdeye, live=lambda _: "birdeye") as at:
        assert (await at.history.series(SOL, ChartRange.DAY)).provider == "geckoterminal"


async def test_the_series_used_least_lately_is_dropped_when_there_are_too_many() -> None:
    kraken = ScriptedHistory()
    rows = [instrument(f"COIN{n}") for n in range(CAPACITY + 1)]
    async with table(kraken) as at:
        for row in rows:
            await at.history.series(row, ChartRange.HOUR)
            assert at.history.cached(rows[0], ChartRange.HOUR) is not None
        assert at.history.cached(rows[1], ChartRange.HOUR) is None
        assert at.history.cached(rows[-1], ChartRange.HOUR) is not None
