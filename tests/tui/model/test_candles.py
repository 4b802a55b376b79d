"""Candles: what they remember, what they forget, and how they are drawn."""

from __future__ import annotations

import sys

import pytest

from streamtui.model.candles import CAPACITY, FRAMES, Candle, Candles
from streamtui.widgets.chart_drawing import candle_chart, in_columns, line_chart

START = 960_000.0


def test_a_candle_has_the_first_the_extremes_and_the_last_price() -> None:
    candles = Candles()
    for at, price in ((0, 10), (1, 12), (2, 9), (3, 11)):
        candles.add(START + at, price)
    assert candles.of(0) == [Candle(START, 10, 12, 9, 11)]
    assert candles.since == START


def test_longer_candles_are_made_of_shorter_ones_and_grow_with_them() -> None:
    candles = Candles()
    for second in range(0, 100, 2):
        candles.add(START + second, 100 + second)
    assert [candle.start - START for candle in candles.of(1)] == [0, 40, 80]
    assert candles.of(1)[0] == Candle(START, 100, 138, 100, 138)
    assert candles.of(2) == [Candle(START, 100, 198, 100, 198)]


def test_a_time_without_a_price_leaves_no_candle() -> None:
    candles = Candles()
    candles.add(START, 1)
    candles.add(START + 100, 2)
    assert [candle.start - START for candle in candles.of(0)] == [0, 100]


def test_a_price_from_before_the_candle_at_work_is_left_out() -> None:
    candles = Candles()
    candles.add(START + 8, 1)
    candles.add(START, 99)
    assert candles.of(0) == [Candle(START + 8, 1, 1, 1, 1)]


def test_a_day_of_prices_takes_no_more_room_than_its_rings() -> None:
    candles = Candles()
    for second in range(0, 2 * 86_400, 3):
        candles.add(START + second, second)
    assert [len(found) for found in candles] == [CAPACITY] * len(FRAMES)
    assert sum(sys.getsizeof(ring) for ring in candles._rings) < 16_384
    assert candles.of(2)[-1].close == 2 * 86_400 - 3


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
