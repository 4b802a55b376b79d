"""Candles and lines, drawn with characters."""

from __future__ import annotations

import pytest

from streamtui.model.candles import CAPACITY, FRAMES, Candle
from streamtui.widgets.chart_drawing import candle_chart, in_columns, line_chart

START = 960_000.0


def columns(*closes: float | None) -> list[Candle | None]:
    before = 10.0
    made: list[Candle | None] = []
    for close in closes:
        made.append(
            None if close is None else Candle(0, before, max(before, close), min(before, close), close)
        )
        before = close if close is not None else before
    return made


def text(rows: list[list[object]]) -> list[str]:
    return ["".join(span.text for span in row) for row in rows]  # type: ignore[attr-defined]


def test_the_newest_candle_stands_at_the_right_and_a_gap_stays_empty() -> None:
    frame = FRAMES[0]
    candles = [Candle(START + at * frame.seconds, 1, 1, 1, 1) for at in (0, 1, 4)]
    shown = in_columns(candles, frame, CAPACITY)
    assert len(shown) == CAPACITY
    assert [candle is not None for candle in shown[-5:]] == [True, True, False, False, True]


def test_where_there_is_no_room_several_candles_become_one() -> None:
    frame = FRAMES[0]
    candles = [Candle(START + at * frame.seconds, at, at + 1, at - 1, at) for at in range(CAPACITY)]
    shown = in_columns(candles, frame, CAPACITY // 2)
    assert len(shown) == CAPACITY // 2
    assert shown[-1] == Candle(START + (CAPACITY - 2) * 4, CAPACITY - 2, CAPACITY, CAPACITY - 3, CAPACITY - 1)


def test_rising_and_falling_candles_differ_without_colour() -> None:
    rows = candle_chart(columns(14.0, 10.0), 2)
    assert text(rows) == ["┃┇", "┃┇"]
    assert [span.style for span in rows[0]] == ["up", "down"]


def test_a_candle_has_a_body_and_wicks_of_half_cells() -> None:
    drawn = text(candle_chart([Candle(0, 12, 14, 10, 13)], 2))
    assert drawn == ["╽", "╿"] or drawn == ["╽", "│"] or drawn == ["╽", "╵"]


@pytest.mark.parametrize("draw", [candle_chart, line_chart])
def test_one_level_price_and_no_price_are_drawn_too(draw) -> None:
    assert any(line.strip() for line in text(draw(columns(10.0, 10.0), 3)))
    assert text(draw([None, None], 2)) == ["  ", "  "]


def test_a_line_rises_from_the_lower_left_to_the_upper_right() -> None:
    rows = text(line_chart(columns(10.0, 11.0, 12.0, 13.0), 2))
    assert rows[0][:2].strip() == ""
    assert rows[1][0] != " "
    assert rows[0][3] != " "
