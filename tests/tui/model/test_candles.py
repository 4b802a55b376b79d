"""Candles: what they remember, and what they forget."""

from __future__ import annotations

import sys

import pytest

from streamtui.model.candles import CAPACITY, FRAMES, Candle, Candles

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


@pytest.mark.parametrize("by", [1, 3.5, 39, 41, 3600, 100_000])
def test_candles_of_a_clock_that_was_set_back_go_on(by: float) -> None:
    candles = Candles()
    for second in range(3000):
        candles.add(START + second, 10.0)
    counts = [len(found) for found in candles]
    candles.set_back(by)
    for second in range(3000, 3100):
        candles.add(START + second - by, 11.0)
    for frame, found in zip(FRAMES, candles, strict=True):
        starts = [candle.start for candle in found]
        assert starts == sorted(set(starts))
        assert all(start % frame.seconds == 0 for start in starts)
        assert found[-1].close == 11.0
    assert [len(found) for found in candles] >= counts
