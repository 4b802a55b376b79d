"""The candles of a session: what they remember, and what they forget."""

from __future__ import annotations

import sys
from decimal import Decimal

import pytest

from streamcore import Candle
from streamtui.model.session_candles import CAPACITY, INTERVAL, SessionCandles

START = 960_000


def candle(start: int, *prices: int) -> Candle:
    opened, high, low, close = map(Decimal, prices)
    return Candle(start=start, open=opened, high=high, low=low, close=close)


def test_a_candle_has_the_first_the_extremes_and_the_last_price() -> None:
    candles = SessionCandles()
    for at, price in ((0, 10), (1, 12), (2, 9), (3, 11)):
        candles.add(START + at, price)
    assert candles.candles() == (candle(START, 10, 12, 9, 11),)
    assert candles.since == START


def test_each_minute_has_its_own_and_a_minute_without_a_price_has_none() -> None:
    candles = SessionCandles()
    for at in (0, 59, 60, 240):
        candles.add(START + at, 1)
    assert [one.start - START for one in candles.candles()] == [0, 60, 240]


def test_a_price_from_before_the_candle_at_work_is_left_out() -> None:
    candles = SessionCandles()
    candles.add(START + 100, 1)
    candles.add(START, 99)
    assert candles.candles() == (candle(START + 60, 1, 1, 1, 1),)


def test_a_day_of_prices_takes_no_more_room_than_an_hour() -> None:
    candles = SessionCandles()
    for second in range(0, 2 * 86_400, 3):
        candles.add(START + second, second)
    assert len(candles) == CAPACITY
    assert sys.getsizeof(candles._ring) < 4096
    assert candles.candles()[-1].close == 2 * 86_400 - 3


@pytest.mark.parametrize("by", [5.0, 60.0, 3600.0])
def test_candles_of_a_clock_that_was_set_back_go_on(by: float) -> None:
    candles = SessionCandles()
    for second in range(0, 300, 10):
        candles.add(START + second, 10.0)
    candles.set_back(by)
    for second in range(300, 600, 10):
        candles.add(START + second - by, 11.0)
    starts = [one.start for one in candles.candles()]
    assert starts == sorted(set(starts))
    assert all(start % INTERVAL == 0 for start in starts)
    assert candles.candles()[-1].close == 11
    assert candles.since == START - by
