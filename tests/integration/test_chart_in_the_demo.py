"""The app with the real engine and the demo's simulators: prices have a past from the first moment on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from textual.pilot import Pilot
from textual_internals import lines_of

from streamcore import ChartRange, Settings
from streamtui.app import StreamTuiApp
from streamtui.model.engine import real_engine, real_engine_factory
from streamtui.model.price_row import PriceRow
from streamtui.screens.price_detail import PriceDetail

pytestmark = pytest.mark.long

PATIENCE = 60.0
"""Seconds; a machine that is busy with other things is slow."""


async def until(true: Callable[[], object], pilot: Pilot[None]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():
            await pilot.pause(0.05)


async def test_trends_are_full_and_a_price_opens_with_a_year_that_its_live_price_goes_on_from() -> None:
    settings = Settings(demo=True, symbols=("SOL", "BONK"), demo_rate=20.0)
    app = StreamTuiApp(settings, engine_factory=real_engine_factory())
    async with app.run_test(size=(120, 40)) as pilot:
        rows = app.session.prices.rows

        def is_full(row: PriceRow) -> bool:
            return row.trend.has_past and None not in row.trend.samples(12)

        await until(lambda: len(rows) == 2 and all(map(is_full, rows.values())), pilot)
        await pilot.press("enter", "5")

        def shown() -> str:
            return "\n".join(lines_of(app))

        await until(lambda: " % in 1 y" in shown(), pilot)
        assert "candles: " in shown()
        assert "SOL/USD, 1 d" in shown()
        chart = app.session.chart
        assert chart is not None
        series = chart.series
        assert series is not None
        assert len(series.candles) >= 365
        assert series.covered
        assert series.demo
        row = chart.row
        before = row.update
        await until(
            lambda: chart.series is not None and chart.series.candles[-1] != series.candles[-1], pilot
        )
        assert row.update is not before
        assert chart.series is not None
        assert chart.series.candles[-1].close == row.update.price  # type: ignore[union-attr]
        await pilot.press("down")
        await until(lambda: "BONK/USD, 1 d" in shown() and " % in 1 y" in shown(), pilot)
        for number, span in enumerate(ChartRange, 1):
            await pilot.press(str(number))
            await until(lambda: chart.series is not None and not chart.loading, pilot)
            assert chart.series is not None
            assert chart.series.range is span
            assert chart.failure == ""
        assert isinstance(app.screen, PriceDetail)


@pytest.mark.parametrize("symbol", ["SOL", "BTC"])
async def test_before_any_price_has_come_a_whole_year_is_from_the_source_that_will_serve_the_row(
    symbol: str,
) -> None:
    async with asyncio.timeout(PATIENCE), real_engine(Settings(demo=True)) as engine:
        series = await engine.history(symbol, ChartRange.YEAR)
    assert series.provider == "birdeye"
    assert series.covered
