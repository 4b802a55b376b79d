"""Which candles are drawn as one, and where the bars stand."""

from __future__ import annotations

import pytest
from candle_series import END, any_series, candle, series_of, wandering
from hypothesis import given
from hypothesis import strategies as st
from properties import quick

from streamcore import CandleSeries, ChartRange
from streamtui.widgets.chart_layout import WIDEST, arranged, as_one


def test_candles_that_share_a_bar_become_one_honestly() -> None:
    shown = as_one(
        [candle(0, 10, 12, 9, 11, volume=1), candle(60, 11, 11, 5, 6, volume=2.5), candle(120, 6, 7, 6, 7)]
    )
    assert shown == candle(0, 10, 12, 5, 7, volume=3.5)
    assert as_one([candle(0, 1), candle(60, 2)]).volume is None, "not known is not zero"


def test_a_time_without_trades_is_a_bar_that_is_empty() -> None:
    layout = arranged(series_of(candle(0, 1), candle(60, 1), candle(240, 1)), 10, 0)
    assert [bar is not None for bar in layout.bars] == [True, True, False, False, True]


def test_a_chart_goes_on_to_now_where_nothing_has_been_traded_lately() -> None:
    layout = arranged(series_of(candle(0, 1)), 10, 185.0)
    assert [bar is not None for bar in layout.bars] == [True, False, False, False]


def test_the_same_candles_share_a_bar_while_the_chart_moves_on() -> None:
    candles = [candle(number * 60, number + 1) for number in range(9)]
    before = arranged(series_of(*candles[:8]), 4, 0)
    after = arranged(series_of(*candles[2:]), 4, 0)
    assert before.merged == after.merged == 2
    assert before.bars[1:] == after.bars[:3]


@pytest.mark.parametrize("width", [92, 118, 180])
def test_a_day_fills_the_width_and_no_bar_is_left_out(width: int) -> None:
    layout = arranged(wandering(ChartRange.DAY), width, END)
    assert layout.columns[0] < 3
    assert layout.columns[-1] > width - 4
    cells = [cell for bar in range(len(layout.bars)) for cell in layout.cells_of(bar)]
    assert len(cells) == len(set(cells))


def test_a_few_candles_stand_in_the_middle_and_a_line_takes_the_whole_width() -> None:
    few = series_of(candle(0, 1), candle(60, 2))
    layout = arranged(few, 100, 0)
    assert layout.columns[1] - layout.columns[0] == WIDEST
    assert layout.columns[0] == 99 - layout.columns[1]
    assert arranged(few, 100, 0, fill=True).columns == (25, 75)


def test_prices_and_times_that_cannot_be_true_are_left_out() -> None:
    mad = candle(60, 1, "1e400", 1, 1)
    layout = arranged(series_of(candle(0, 1), mad, candle(10**15, 1)), 10, 1e30)
    assert layout.known == [candle(0, 1)]
    assert arranged(series_of(mad), 10, 0).bars == ()
    assert arranged(series_of(), 10, 0).bars == ()
    assert arranged(series_of(candle(0, 1)), 0, 0).bars == ()


@quick
@given(any_series(), st.integers(1, 250), st.booleans())
def test_nothing_is_lost_and_nothing_invented_whatever_the_width(
    series: CandleSeries, width: int, fill: bool
) -> None:
    layout = arranged(series, width, series.candles[-1].start, fill=fill)
    assert 1 <= len(layout.bars) <= width
    assert len(layout.columns) == len(layout.bars)
    assert all(0 <= column < width for column in layout.columns)
    assert list(layout.columns) == sorted(set(layout.columns))
    assert layout.seconds == series.interval * layout.merged
    known = layout.known
    assert max(bar.high for bar in known) == max(one.high for one in series.candles)
    assert min(bar.low for bar in known) == min(one.low for one in series.candles)
    assert (known[0].open, known[-1].close) == (series.candles[0].open, series.candles[-1].close)
    assert sum(bar.volume or 0 for bar in known) == sum(one.volume or 0 for one in series.candles)
    for number, bar in enumerate(layout.bars):
        begin = layout.begin_of(number)
        within = [one for one in series.candles if begin <= one.start < begin + layout.seconds]
        assert bar == (as_one(within) if within else None)
        assert layout.bar_at(layout.columns[number]) == number
