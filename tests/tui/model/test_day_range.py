"""The extremes of 24 hours by candles, for rows whose source does not tell them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from candle_series import END, candle, series_of
from sample_events import price

from streamcore.assets.tokens import Token
from streamcore.candles import CandleSeries, ChartRange, VolumeUnit
from streamtui.model.day_range import KEPT_FOR, day_range
from streamtui.model.price_list import PriceList
from streamtui.model.price_order import PriceSort, in_order
from streamtui.model.price_row import PriceRow

DAY = 86_400


def day(*candles: tuple[int, int, int], provider: str = "birdeye") -> CandleSeries:
    """Return a week of candles: seconds before the end, high and low of each."""
    made = [candle(END - before, low, high, low, high) for before, high, low in candles]
    week = {"range": ChartRange.WEEK, "begin": END - 7 * DAY}
    return series_of(*made, interval=900, provider=provider, **week)


def row_with(provider: str = "birdeye") -> PriceRow:
    row = PriceRow("SOL", Token(symbol="SOL", name="Solana", mint=""), 1)
    row.update = price("SOL", "150", ts=float(END), provider=provider)
    return row


def test_only_the_last_24_hours_of_longer_candles_count() -> None:
    found = day_range(day((2 * DAY, 500, 1), (DAY + 600, 160, 140), (900, 155, 145)), END)
    assert found is not None
    assert (found.low, found.high) == (140, 160)


def test_the_average_is_weighted_by_what_was_traded_whatever_that_is_counted_in() -> None:
    few, many = candle(END - 1800, 100, volume=1), candle(END - 900, 200, volume=3)
    silent = candle(END - 450, 900)
    fields: dict[str, Any] = {"range": ChartRange.DAY, "begin": END - DAY}
    coins = day_range(series_of(few, many, silent, interval=450, **fields), END)
    assert coins is not None
    assert coins.average == 175
    few, many = candle(END - 1800, 100, volume=100), candle(END - 900, 200, volume=600)
    dollars = day_range(series_of(few, many, volume_unit=VolumeUnit.USD, interval=450, **fields), END)
    assert dollars is not None
    assert dollars.average == 175
    without = day_range(series_of(silent, volume_unit=None, interval=450, **fields), END)
    assert without is not None
    assert without.average is None


def test_live_prices_of_the_same_source_widen_it_and_those_of_another_do_not() -> None:
    row = row_with()
    row.take_past(day((900, 155, 145)), END)
    row.seen(price("SOL", "170", provider="kraken"))
    row.seen(price("SOL", "140", provider="birdeye"))
    row.seen(price("SOL", "160", provider="birdeye"))
    assert (row.low_24h, row.high_24h) == (140, 160)


def test_a_column_has_the_range_of_the_rows_own_source_alone_and_what_that_tells_wins() -> None:
    row = row_with("jupiter")
    row.take_past(day((900, 155, 145), provider="kraken"), END)
    assert (row.low_24h, row.high_24h) == (None, None)
    own = row_with()
    own.take_past(day((900, 155, 145)), END)
    own.update = price("SOL", "150", provider="birdeye", high_24h=Decimal(158), low_24h=Decimal(141))
    assert (own.low_24h, own.high_24h) == (141, 158)


def test_rows_can_be_sorted_by_it() -> None:
    low, high, none = row_with(), row_with(), row_with()
    low.take_past(day((900, 155, 145)), END)
    high.take_past(day((900, 165, 148)), END)
    assert in_order([none, low, high], PriceSort.HIGH) == [high, low, none]
    assert in_order([none, low, high], PriceSort.LOW, backwards=True) == [low, high, none]


@pytest.mark.parametrize(("age", "kept"), [(KEPT_FOR - 1, True), (KEPT_FOR, False)])
def test_it_is_believed_for_an_hour(age: float, kept: bool) -> None:
    prices = PriceList(throttle=0.1, ttl=30.0)
    prices.add(Token(symbol="SOL", name="Solana", mint=""))
    row = prices.rows["SOL"]
    row.take_past(day((900, 155, 145)), END)
    prices.sample(END + age)
    assert (row.day is not None) is kept
