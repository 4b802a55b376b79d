"""Prices and times beside a chart."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from candle_series import END, wandering
from hypothesis import given
from hypothesis import strategies as st
from properties import quick

from streamcore import ChartRange
from streamtui.widgets.chart_axes import TIME_APART, PriceScale, scale_price, time_ticks
from streamtui.widgets.chart_layout import arranged


def test_prices_of_the_scale_are_round_and_none_stands_beside_another() -> None:
    assert PriceScale(141.3, 158.9, 12).ticks() == [(2, "155"), (6, "150"), (9, "145")]
    assert PriceScale(2.1e-5, 2.2e-5, 8).ticks()[0][1] == "0.00002200"
    assert PriceScale(5, 5, 10).ticks() == [], "a price that does not move"


def test_a_scale_shows_the_decimals_of_its_steps_and_powers_of_what_would_be_too_long() -> None:
    assert scale_price(Decimal(104_500), Decimal(500)) == "104,500"
    assert scale_price(Decimal("1.25"), Decimal("0.25")) == "1.25"
    assert scale_price(Decimal("1.5e-20"), Decimal("1e-21")) == "1.500e-20"
    assert scale_price(Decimal("2e15"), Decimal("1e15")) == "2.000e+15"


def test_the_highest_price_is_at_the_top_and_the_lowest_at_the_bottom() -> None:
    scale = PriceScale(10, 20, 5)
    assert [scale.place(value, 2) for value in (20, 15, 10, 99, -99)] == [0, 5, 9, 0, 9]
    assert PriceScale(5, 5, 5).place(5, 2) == 5


@quick
@given(st.floats(1e-15, 1e15), st.floats(1e-15, 1e15), st.integers(2, 60))
def test_any_two_prices_get_a_scale_within_the_chart(one: float, other: float, height: int) -> None:
    scale = PriceScale(min(one, other), max(one, other), height)
    ticks = scale.ticks()
    lines = [line for line, _ in ticks]
    assert all(0 <= line < height for line in lines)
    assert lines == sorted(set(lines))
    assert len(ticks) <= height // 2 + 1
    values = [float(text.replace(",", "")) for _, text in ticks]
    assert values == sorted(values, reverse=True)


def ticks(span: ChartRange, width: int = 100) -> list[str]:
    layout = arranged(wandering(span), width, END)
    return [text for _, text in time_ticks(layout.start, layout.seconds, layout.columns, width)]


def test_times_are_round_and_of_the_kind_that_the_range_asks_for() -> None:
    assert ticks(ChartRange.HOUR) == ["21:10", "21:20", "21:30", "21:40", "21:50", "22:00"]
    assert ticks(ChartRange.DAY)[:3] == ["29 Oct", "03:00", "06:00"]
    assert ticks(ChartRange.WEEK) == ["23 Oct", "24 Oct", "25 Oct", "26 Oct", "27 Oct", "28 Oct", "29 Oct"]
    assert ticks(ChartRange.MONTH, 60)[:2] == ["5 Oct", "12 Oct"], "Mondays"
    assert ticks(ChartRange.YEAR)[:4] == ["Nov", "Dec", "2026", "Feb"]


def test_times_are_local_and_a_day_that_the_clocks_change_is_no_exception(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    change = 1_792_890_000  # 25 October 2026, 01:00 UTC: 03:00 becomes 02:00 again
    found = time_ticks(change - 4 * 3600, 900, range(36), 36)
    assert found == [(1, "25 Oct"), (18, "03:00"), (30, "06:00")], (
        "three o'clock is four hours after midnight"
    )


@quick
@given(
    st.integers(0, 4_000_000_000),
    st.sampled_from([60, 900, 3600, 21_600, 86_400]),
    st.integers(1, 40),
    st.integers(1, 200),
)
def test_times_never_touch_and_stay_below_the_chart(
    start: int, interval: int, merged: int, width: int
) -> None:
    end = 0
    for begin, text in time_ticks(start, interval * merged, range(width), width):
        assert begin >= end
        end = begin + len(text) + TIME_APART
        assert begin + len(text) <= max(width, len(text))


@pytest.mark.parametrize("seconds", [900, 3600, 14_400, 86_400])
def test_a_bar_alone_has_the_time_at_which_it_begins_and_none_from_within(seconds: int) -> None:
    midnight = 1_793_232_000  # 29 October 2026, UTC
    assert time_ticks(midnight, seconds, (50,), 100) == [(47, "29 Oct")]


def test_a_time_that_no_calendar_has_gets_no_text() -> None:
    assert time_ticks(10**15, 60, range(10), 10) == []
    assert time_ticks(0, 60, (), 10) == []
