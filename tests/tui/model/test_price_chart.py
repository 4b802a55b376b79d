"""The past of one row: what is remembered, asked for, moved by live prices, and what a failure leaves."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from candle_series import END, candle, series_of, wandering
from fake_manager import FakeManager
from manual_clock import ManualClock
from msgspec.structs import replace
from sample_events import price

from streamcore.assets.tokens import TokenTable
from streamcore.candles import ChartRange
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamtui.model.price_chart import LEAST_SESSION, LONGEST_AGE, REST, RETRY, PriceChart
from streamtui.model.price_row import PriceRow, key_of

SOL = TokenTable().resolve("SOL")
DAY = wandering(ChartRange.DAY, address=SOL.mint, provider="birdeye")


class Charting:
    """A chart of SOL, with its engine and a clock moved by hand."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.engine = FakeManager(Settings())
        self.row = PriceRow(key_of(SOL), SOL, 1)
        self.chart = PriceChart(self.row, ChartRange.DAY, self.clock)

    async def load(self, **more: float) -> None:
        await self.chart.load(self.engine, **more)

    def fail(self, reason: str = "Kraken asks for fewer requests") -> None:
        self.engine.breaks_at["history"] = ProviderError(ErrorKind.RATE_LIMIT, reason)


async def test_what_is_remembered_shows_at_once_and_is_replaced_by_what_comes() -> None:
    on = Charting()
    old = replace(DAY, fetched_at=END - 3000.0)
    on.engine.cached_series["SOL", ChartRange.DAY] = old
    on.engine.fresh_series["SOL", ChartRange.DAY] = DAY
    on.chart.look(on.row, ChartRange.DAY, on.engine)
    assert on.chart.shown is old
    assert on.chart.loading
    assert on.chart.is_outdated()
    await on.load()
    assert on.chart.shown is DAY
    assert not on.chart.loading
    assert not on.chart.is_outdated()


async def test_a_failure_says_why_and_keeps_the_last_chart() -> None:
    on = Charting()
    on.engine.fresh_series["SOL", ChartRange.DAY] = DAY
    await on.load()
    on.fail()
    await on.load()
    assert on.chart.shown is DAY
    assert on.chart.failure == "Kraken asks for fewer requests"
    assert not on.chart.is_due()
    assert on.chart.retry_in == RETRY
    await on.clock.advance(RETRY)
    assert on.chart.is_due()
    on.engine.breaks_at.clear()
    await on.load()
    assert on.chart.failure == ""


async def test_who_does_not_stay_on_a_row_asks_nobody() -> None:
    on = Charting()
    task = asyncio.create_task(on.load(rest=REST))
    await on.clock.advance(REST - 0.05)
    task.cancel()
    await on.clock.advance(1.0)
    assert not on.engine.asked_for("history")
    task = asyncio.create_task(on.load(rest=REST))
    await on.clock.advance(REST)
    assert on.engine.asked_for("history") == [("SOL", ChartRange.DAY)]
    await task


async def test_live_prices_of_the_same_market_move_the_last_candle_and_start_the_next() -> None:
    on = Charting()
    on.engine.fresh_series["SOL", ChartRange.DAY] = DAY
    await on.load()
    last = DAY.candles[-1]
    tick = price("SOL", "999", ts=last.start + 5.0)
    on.chart.take(tick, ())
    assert on.chart.series is DAY, "a price of another row"
    on.chart.take(replace(tick, provider="kraken"), (on.row,))
    assert on.chart.series is DAY, "a price of another market"
    on.chart.take(tick, (on.row,))
    assert on.chart.series is not None
    moved = on.chart.series.candles[-1]
    assert (moved.start, moved.high, moved.close) == (last.start, Decimal(999), Decimal(999))
    on.chart.take(replace(tick, ts=last.start + 900.0), (on.row,))
    assert on.chart.series.candles[-1].start == last.start + 900


async def test_the_past_is_asked_for_again_once_a_candle_and_at_least_each_hour() -> None:
    on = Charting()
    on.engine.fresh_series["SOL", ChartRange.DAY] = DAY
    await on.load()
    await on.clock.advance(899.0)
    assert not on.chart.is_due()
    await on.clock.advance(1.0)
    assert on.chart.is_due()
    on.chart.look(on.row, ChartRange.YEAR, on.engine)
    on.engine.fresh_series["SOL", ChartRange.YEAR] = wandering(ChartRange.YEAR)
    await on.load()
    await on.clock.advance(LONGEST_AGE - 1)
    assert not on.chart.is_due()
    await on.clock.advance(1.0)
    assert on.chart.is_due()
    on.chart.loading = True
    assert not on.chart.is_due(), "one request is enough"


async def test_what_the_session_has_seen_stands_in_where_no_source_has_a_past() -> None:
    on = Charting()
    for minute in range(3):
        on.row.update = price("SOL", str(150 + minute), ts=END + minute * 60.0)
        on.row.seen(on.row.update)
    on.chart.look(on.row, ChartRange.DAY, on.engine)
    assert on.chart.shown is None, "a source may have it"
    await on.load()
    assert on.chart.failure == "no source has a history of SOL"
    assert on.chart.is_session
    shown = on.chart.shown
    assert shown is not None
    assert [one.close for one in shown.candles] == [150, 151, 152]
    assert shown == on.chart.shown, "drawn once"


async def test_where_a_range_cannot_be_had_the_next_longer_one_that_is_known_stands_in() -> None:
    on = Charting()
    on.engine.cached_series["SOL", ChartRange.WEEK] = wandering(ChartRange.WEEK, address=SOL.mint)
    on.engine.cached_series["SOL", ChartRange.YEAR] = wandering(ChartRange.YEAR, address=SOL.mint)
    on.fail()
    for span, shown in (
        (ChartRange.HOUR, ChartRange.WEEK),
        (ChartRange.DAY, ChartRange.WEEK),
        (ChartRange.MONTH, ChartRange.YEAR),
    ):
        on.chart.look(on.row, span, on.engine)
        assert on.chart.shown is None, "a chart of another range is no beginning of one that comes"
        await on.load()
        assert on.chart.shown is not None
        assert (on.chart.shown.range, on.chart.is_other_range) == (shown, True)
        assert on.chart.failure
    on.engine.breaks_at.clear()
    on.engine.fresh_series["SOL", ChartRange.MONTH] = wandering(ChartRange.MONTH, address=SOL.mint)
    await on.load()
    assert not on.chart.is_other_range


async def test_where_no_longer_range_is_known_the_next_shorter_one_stands_in() -> None:
    on = Charting()
    on.engine.cached_series["SOL", ChartRange.HOUR] = wandering(ChartRange.HOUR, address=SOL.mint)
    on.engine.cached_series["SOL", ChartRange.DAY] = DAY
    on.fail()
    on.chart.look(on.row, ChartRange.YEAR, on.engine)
    await on.load()
    assert on.chart.shown is DAY


async def test_an_hour_is_rather_what_the_session_has_seen_of_it_once_that_is_a_quarter() -> None:
    on = Charting()
    on.engine.cached_series["SOL", ChartRange.WEEK] = wandering(ChartRange.WEEK, address=SOL.mint)
    on.fail()
    for _ in range(2):
        on.row.update = price(address=SOL.mint, ts=on.clock.time())
        on.row.seen(on.row.update)
        on.chart.look(on.row, ChartRange.HOUR, on.engine)
        await on.load()
        await on.clock.advance(LEAST_SESSION)
    assert on.chart.is_session
    on.chart.look(on.row, ChartRange.DAY, on.engine)
    await on.load()
    assert on.chart.is_other_range


async def test_until_the_session_has_seen_something_it_says_that_this_will_be_drawn() -> None:
    on = Charting()
    on.fail()
    await on.load()
    assert on.chart.nothing_to_draw == "there is nothing to draw", "nor does a price come"
    on.row.update = price(address=SOL.mint, ts=on.clock.time())
    on.row.seen(on.row.update)
    assert on.chart.nothing_to_draw.startswith("nothing to draw yet: what this session sees")


async def test_without_an_engine_it_says_so() -> None:
    on = Charting()
    on.chart.look(on.row, ChartRange.DAY, None)
    await on.chart.load(None)
    assert on.chart.failure == "the engine is not running"
    assert not on.chart.loading


async def test_a_fault_is_told_and_not_swallowed(caplog) -> None:
    on = Charting()
    on.engine.breaks_at["history"] = RuntimeError("the disk is full")
    await on.load()
    assert on.chart.failure == "the history failed: the disk is full"
    assert "asking for the history of" in caplog.text


async def test_a_clock_that_was_set_back_does_not_stop_the_asking() -> None:
    on = Charting()
    on.engine.fresh_series["SOL", ChartRange.DAY] = series_of(candle(END, 1))
    await on.load()
    on.clock.wall_offset = -86_400.0
    on.chart.set_back(on.clock.time())
    await on.clock.advance(60.0)
    assert on.chart.is_due()
