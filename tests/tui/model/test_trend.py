"""The course of a price over 24 hours."""

from __future__ import annotations

import sys
from decimal import Decimal

import pytest
from candle_series import candle, series_of

from streamtui.model.trend import SLOT, SLOTS, Trend

NOW = 1_793_311_200.0
"""The beginning of a slot."""


def filled() -> Trend:
    trend = Trend()
    first = int(NOW) - (SLOTS - 1) * SLOT
    series = series_of(
        *(candle(first + number * SLOT, 100 + number) for number in range(SLOTS)), interval=SLOT
    )
    trend.fill(series, NOW)
    return trend


def test_what_a_source_knows_fills_24_hours_and_the_last_price_is_the_newest() -> None:
    trend = filled()
    assert trend.samples(SLOTS) == [100.0 + number for number in range(SLOTS)]
    assert trend.samples(4) == [123.0, 147.0, 171.0, 195.0], "the last price of each six hours"
    assert trend.change() == pytest.approx(0.95)


def test_live_prices_go_on_from_there_and_the_oldest_are_forgotten() -> None:
    trend = filled()
    trend.add(NOW + 10, Decimal(500))
    assert trend.samples(SLOTS)[-2:] == [194.0, 500.0]
    trend.add(NOW + 2 * SLOT, Decimal(600))
    assert trend.samples(SLOTS)[-3:] == [500.0, None, 600.0]
    assert trend.samples(SLOTS)[0] == 102.0


def test_a_live_price_is_not_replaced_by_an_older_one() -> None:
    trend = Trend()
    trend.add(NOW, Decimal(7))
    trend.fill(series_of(candle(int(NOW) - SLOT, 5), candle(int(NOW), 6), interval=SLOT), NOW)
    assert trend.samples(SLOTS)[-2:] == [5.0, 7.0]


def test_what_another_source_knew_gives_way_and_live_prices_stay() -> None:
    trend = filled()
    trend.add(NOW + SLOT, Decimal(500))
    later = NOW + 2 * SLOT
    trend.fill(series_of(candle(int(NOW) - SLOT, 7), candle(int(NOW), 8), interval=SLOT), later)
    assert trend.samples(SLOTS)[-5:] == [None, 7.0, 8.0, 500.0, None]
    assert trend.samples(SLOTS)[:-4] == [None] * (SLOTS - 4)


def test_while_nothing_was_traded_the_price_was_the_last_one() -> None:
    trend = Trend()
    trend.fill(series_of(candle(int(NOW) - 4 * SLOT, 5), candle(int(NOW) - SLOT, 6), interval=SLOT), NOW)
    assert trend.samples(SLOTS)[-6:] == [None, 5.0, 5.0, 5.0, 6.0, None]


def test_a_candle_that_is_longer_than_a_quarter_of_an_hour_stands_for_all_of_it() -> None:
    trend = Trend()
    trend.fill(series_of(candle(int(NOW) - 3600, 5), interval=3600), NOW)
    assert trend.samples(SLOTS)[-6:] == [None, 5.0, 5.0, 5.0, 5.0, None]


def test_one_price_is_no_trend_and_nothing_is_divided_by_zero() -> None:
    trend = Trend()
    assert trend.change() is None
    trend.add(NOW, Decimal(0))
    assert not trend.has_past
    trend.add(NOW + SLOT, Decimal(5))
    assert trend.has_past
    assert trend.change() is None


def test_prices_that_cannot_be_true_leave_a_gap() -> None:
    trend = Trend()
    trend.add(NOW, Decimal("NaN"))
    trend.add(NOW, Decimal("1e500"))
    trend.add(NOW, None)
    assert trend.samples(1) == [None]


def test_its_version_tells_whether_it_must_be_drawn_again() -> None:
    trend = filled()
    before = trend.version
    trend.add(NOW, None)
    assert trend.version == before
    trend.add(NOW, Decimal(1))
    trend.add(NOW + 1, Decimal(1))
    assert trend.version == before + 1


def test_after_days_it_takes_no_more_memory_than_after_one() -> None:
    trend = filled()
    for number in range(3 * SLOTS):
        trend.add(NOW + number * SLOT, Decimal(number))
    assert sys.getsizeof(trend._prices) < 2048
    trend.add(NOW + 1000 * SLOT, Decimal(1))
    assert trend.samples(SLOTS)[:-1] == [None] * (SLOTS - 1)


def test_a_clock_that_was_set_back_stops_no_trend() -> None:
    trend = filled()
    trend.set_back(3600.0)
    trend.add(NOW - 3600, Decimal(3))
    assert trend.samples(SLOTS)[-2:] == [194.0, 3.0]
