"""The chart of a price: what is drawn where, when it is drawn again, and its crosshair."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from candle_series import END, candle, series_of, wandering
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual_internals import count_as_painted, lines_of, waits_for_repaint

from streamcore import ChartRange, Colours
from streamtui.themes import DARK, variables
from streamtui.widgets.chart import Chart


class OnlyAChart(App[None]):
    CSS = "Chart { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self.chart = Chart()
        self.moves = 0

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variables(dark=True, colours=Colours.DEFAULT)

    def compose(self) -> ComposeResult:
        yield self.chart

    def on_chart_crosshair_moved(self) -> None:
        self.moves += 1


@asynccontextmanager
async def charting(width: int = 80, height: int = 20) -> AsyncIterator[tuple[Chart, Pilot[None]]]:
    app = OnlyAChart()
    async with app.run_test(size=(width, height)) as pilot:
        await pilot.pause()
        yield app.chart, pilot


async def lines(chart: Chart, pilot: Pilot[None]) -> list[str]:
    await pilot.pause()
    return lines_of(chart.app)


async def test_prices_stand_at_the_right_times_below_and_volumes_where_there_is_room() -> None:
    async with charting() as (chart, pilot):
        chart.show(series_of(*(candle(END + at * 60, 10 + at, volume=1 + at) for at in range(20))), 0)
        shown = await lines(chart, pilot)
        assert shown[-1].split() == ["22:00", "22:05", "22:10", "22:15"]
        labels = [line.split()[-1] for line in shown if line.rstrip()[-1:].isdigit()]
        assert labels[:3] == ["29.0000", "27.5", "25.0"]
        assert labels[-3:] == ["10.0", "20", "22:15"], "the lowest price, the largest volume, the last time"
    async with charting(height=9) as (chart, pilot):
        chart.show(wandering(ChartRange.DAY), END)
        assert not any("▁" in line for line in await lines(chart, pilot))
    async with charting() as (chart, pilot):
        chart.show(wandering(ChartRange.DAY, volumes=False), END)
        assert not any("▁" in line for line in await lines(chart, pilot))


async def test_a_line_instead_of_candles_and_back() -> None:
    async with charting() as (chart, pilot):
        chart.show(wandering(ChartRange.WEEK), END)
        candles = await lines(chart, pilot)
        chart.turn()
        shown = "".join(await lines(chart, pilot))
        assert any("⠀" < character <= "⣿" for character in shown)
        chart.turn()
        assert await lines(chart, pilot) == candles


async def test_single_prices_are_a_line_and_never_candles() -> None:
    async with charting() as (chart, pilot):
        chart.show(series_of(candle(0, 1), candle(60, 2), candle(120, 1.5), line=True, volume_unit=None), 0)
        shown = "".join(await lines(chart, pilot))
        assert any("⠀" < character <= "⣿" for character in shown)
        assert "█" not in shown


async def test_the_crosshair_goes_from_candle_to_candle_and_away_at_the_newest() -> None:
    async with charting() as (chart, pilot):
        series = wandering(ChartRange.HOUR)
        chart.show(series, END)
        await pilot.pause()
        assert chart.crossed is None
        chart.move_crosshair(1)
        assert chart.crossed == (series.candles[0].start, series.candles[0]), "it comes in from the left"
        assert chart.hide_crosshair()
        chart.move_crosshair(-1)
        assert chart.crossed == (series.candles[-1].start, series.candles[-1])
        chart.move_crosshair(-10)
        assert chart.crossed == (series.candles[-11].start, series.candles[-11])
        assert any("┊" in line for line in await lines(chart, pilot))
        chart.move_crosshair(-1000)
        assert chart.crossed == (series.candles[0].start, series.candles[0])
        chart.put_crosshair(False)
        assert chart.crossed == (series.candles[-1].start, series.candles[-1])
        chart.move_crosshair(1)
        assert chart.crossed is None
        assert not chart.hide_crosshair()
        assert not any("┊" in line for line in await lines(chart, pilot))


async def test_the_crosshair_stays_on_its_candle_when_the_chart_moves_on_or_changes_its_size() -> None:
    async with charting() as (chart, pilot):
        series = wandering(ChartRange.HOUR)
        chart.show(series, END)
        chart.move_crosshair(-5)
        assert chart.crossed is not None
        before = chart.crossed
        chart.show(wandering(ChartRange.HOUR), END + 120)
        assert chart.crossed == before
        await pilot.resize_terminal(100, 20)
        await pilot.pause()
        assert chart.crossed == before
        chart.show(wandering(ChartRange.HOUR, symbol="BTC"), END)
        assert chart.crossed is None, "another price"


async def test_a_hole_can_be_crossed_and_has_no_candle() -> None:
    async with charting() as (chart, pilot):
        chart.show(series_of(candle(0, 1), candle(120, 2)), 0)
        await pilot.pause()
        chart.move_crosshair(-2)
        assert chart.crossed == (60, None)


async def test_a_click_puts_the_crosshair_there() -> None:
    async with charting() as (chart, pilot):
        series = wandering(ChartRange.DAY)
        chart.show(series, END)
        await pilot.click(Chart, offset=(0, 3))
        await pilot.pause()
        assert chart.crossed is not None
        assert chart.crossed[0] <= series.candles[0].start
        assert chart.app.moves == 1  # type: ignore[attr-defined]


async def test_nothing_is_drawn_again_until_the_series_the_minute_or_the_crosshair_has_changed() -> None:
    async with charting() as (chart, pilot):
        series = wandering(ChartRange.DAY)
        chart.show(series, END)
        await pilot.pause()
        count_as_painted(chart)
        chart.show(series, END + 1)
        chart.show(wandering(ChartRange.DAY), END + 2)
        assert not waits_for_repaint(chart)
        chart.show(series, END + 900)
        assert waits_for_repaint(chart)
        count_as_painted(chart)
        chart.move_crosshair(-1)
        assert waits_for_repaint(chart)


async def test_without_candles_there_is_a_word_instead() -> None:
    async with charting() as (chart, pilot):
        chart.show(None, END, "loading…")
        assert any("loading…" in line for line in await lines(chart, pilot))
        chart.move_crosshair(-1)
        assert chart.crossed is None


async def test_a_chart_without_room_draws_nothing_and_breaks_nothing() -> None:
    for size in ((10, 20), (80, 2), (1, 1)):
        async with charting(*size) as (chart, pilot):
            chart.show(wandering(ChartRange.DAY), END)
            await pilot.pause()
            chart.move_crosshair(-1)
            assert chart.crossed is None


async def test_another_theme_draws_in_its_colours() -> None:
    async with charting() as (chart, pilot):
        chart.show(wandering(ChartRange.DAY), END)
        await pilot.pause()
        before = chart.render_line(0)
        chart.app.register_theme(DARK)
        chart.app.theme = "textual-light"
        await pilot.pause()
        assert chart.render_line(0) != before
