"""Candles, lines and volumes, drawn with characters."""

from __future__ import annotations

import pytest
from candle_series import any_series, candle, series_of
from hypothesis import given
from hypothesis import strategies as st
from properties import quick

from streamcore import CandleSeries
from streamtui.format.cells import Span
from streamtui.widgets.chart_drawing import (
    Grid,
    draw_candles,
    draw_line,
    draw_volumes,
    in_spans,
    scale_of,
)
from streamtui.widgets.chart_layout import Layout, arranged


def laid_out(series: CandleSeries, width: int, *, fill: bool = False) -> Layout:
    return arranged(series, width, series.candles[-1].start, fill=fill)


def text(grid: Grid) -> list[str]:
    return ["".join(character for character, _ in row) for row in grid]


def candles(series: CandleSeries, width: int, height: int) -> list[str]:
    return text(draw_candles(laid_out(series, width), scale_of(series.candles, height)))


def test_rising_and_falling_candles_differ_without_colour() -> None:
    both = series_of(candle(0, 10, 14, 10, 14), candle(60, 14, 14, 10, 10))
    assert candles(both, 2, 2) == ["█▒", "█▒"]
    layout = laid_out(both, 2)
    assert [[style for _, style in row] for row in draw_candles(layout, scale_of(both.candles, 2))] == [
        ["up", "down"],
        ["up", "down"],
    ]


def test_a_short_body_that_falls_is_a_line_and_one_that_rises_a_block() -> None:
    def drawn(opened: float, close: float) -> str:
        (line,) = candles(series_of(candle(0, opened, 14, 10, close)), 1, 1)
        return line

    assert drawn(13.9, 13.5) != drawn(13.5, 13.9)


def test_a_candle_has_a_body_and_wicks_of_half_cells() -> None:
    assert candles(series_of(candle(0, 13, 18, 10, 12)), 1, 4) == ["│", "│", "╽", "╿"]
    assert candles(series_of(candle(0, 17, 18, 10, 14)), 1, 4) == ["╽", "▒", "╿", "│"]
    assert candles(series_of(candle(0, 13, 18, 10, 15)), 1, 4) == ["│", "▄", "█", "│"]


def test_where_there_is_room_bodies_are_wider_than_wicks_and_a_falling_one_is_open() -> None:
    wide = series_of(candle(0, 10, 20, 10, 18), candle(60, 18, 20, 10, 10))
    assert candles(wide, 6, 5) == [" │  │ ", "▐█▌▐█▌", "▐█▌▐ ▌", "▐█▌▐ ▌", "▐█▌▐█▌"]


def test_a_hole_is_a_thin_mark_at_the_last_price_and_before_the_first_it_is_nothing() -> None:
    series = series_of(candle(0, 10, 20, 10, 20), candle(180, 20, 20, 10, 10))
    assert candles(series, 4, 2)[0] == "█··▒"
    grid = draw_candles(laid_out(series, 4), scale_of(series.candles, 2))
    assert grid[0][1] == ("·", "hole")


@pytest.mark.parametrize("draw", [draw_candles, draw_line])
def test_a_price_that_does_not_move_is_drawn_too(draw) -> None:
    series = series_of(candle(0, 10), candle(60, 10))
    drawn = draw(laid_out(series, 4), scale_of(series.candles, 3))
    assert [line for line in text(drawn) if line.strip()] == [text(drawn)[1]]


def test_a_line_rises_from_the_lower_left_to_the_upper_right() -> None:
    series = series_of(*(candle(number * 60, 10 + number) for number in range(4)))
    grid = draw_line(laid_out(series, 4, fill=True), scale_of(series.candles, 2))
    rows = text(grid)
    assert rows[0][0] == " "
    assert rows[1][0] != " "
    assert rows[0][3] != " "
    assert {style for row in grid for _, style in row} == {"", "up"}


def test_a_line_is_broken_where_nothing_was_traded() -> None:
    series = series_of(candle(0, 10), candle(300, 12))
    rows = text(draw_line(laid_out(series, 6, fill=True), scale_of(series.candles, 3)))
    assert rows[-1][1:5] == "····"


def test_volumes_are_as_high_as_their_share_of_the_largest() -> None:
    series = series_of(
        candle(0, 1, volume=8), candle(60, 1, volume=4), candle(120, 1, volume=0), candle(180, 1)
    )
    assert text(draw_volumes(laid_out(series, 4), 2)) == ["█   ", "██  "]
    tiny = series_of(candle(0, 1, volume=1000), candle(60, 1, volume=0.001))
    assert text(draw_volumes(laid_out(tiny, 2), 1)) == ["█▁"], "some is not none"
    assert text(draw_volumes(laid_out(series_of(candle(0, 1)), 3), 1)) == ["   "]


def test_cells_of_one_style_become_one_span() -> None:
    assert in_spans([("a", "up"), (" ", ""), ("b", "up"), ("c", "down")]) == [
        Span("a b", "up"),
        Span("c", "down"),
    ]


@quick
@given(any_series(), st.integers(1, 200), st.integers(1, 40), st.booleans())
def test_any_series_fits_any_chart(series: CandleSeries, width: int, height: int, as_line: bool) -> None:
    layout = laid_out(series, width, fill=as_line)
    grid = (draw_line if as_line else draw_candles)(layout, scale_of(series.candles, height))
    grids = [(grid, height), (draw_volumes(layout, 3), 3)]
    for drawn, lines in grids:
        assert len(drawn) == lines
        assert all(len(row) == width and all(len(character) == 1 for character, _ in row) for row in drawn)
    marked = {column for row in grid for column, (character, _) in enumerate(row) if character != " "}
    for column, bar in zip(layout.columns, layout.bars, strict=True):
        assert bar is None or column in marked, "every candle can be seen"
