"""The lines above a chart."""

from __future__ import annotations

from typing import Any

import pytest
from candle_series import END, candle, series_of, wandering
from manual_clock import ManualClock

from streamcore.assets.tokens import TokenTable
from streamcore.candles import CandleSeries, ChartRange, VolumeUnit
from streamtui.model.price_chart import PriceChart
from streamtui.model.price_row import PriceRow, key_of
from streamtui.screens.chart_texts import (
    change_of,
    failure_line,
    interval_name,
    range_line,
    readout,
    source_line,
)

SOL = TokenTable().resolve("SOL")


def chart(series: CandleSeries | None = None, **state: Any) -> PriceChart:
    made = PriceChart(PriceRow(key_of(SOL), SOL, 1), ChartRange.DAY, ManualClock())
    made.series = series
    for name, value in state.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("seconds", "name"),
    [
        (60, "1 min"),
        (900, "15 min"),
        (6300, "1 h 45 min"),
        (3600, "1 h"),
        (21_600, "6 h"),
        (86_400, "1 d"),
        (4, "4 s"),
    ],
)
def test_a_length_of_time_is_told_in_the_largest_unit_that_fits(seconds: int, name: str) -> None:
    assert interval_name(seconds) == name


def test_the_change_is_over_the_range_or_since_the_first_candle() -> None:
    rising = series_of(candle(END - 3600, 100), candle(END - 60, 110), range=ChartRange.HOUR)
    assert change_of(rising).plain == "▲ +10.00 % in 1 h"
    yesterday = series_of(
        candle(END - 82_800, 100), candle(END - 60, 90), begin=END - 86_400, range=ChartRange.DAY
    )
    assert change_of(yesterday).plain == "▼ -10.00 % since 28 Oct 23:00", "not an hour of today"
    assert change_of(yesterday, short=True).plain == "▼ -10.00 % since 28 Oct"
    younger = series_of(candle(END - 1800, 100), candle(END - 60, 90), begin=END - 3600)
    assert change_of(younger).plain == "▼ -10.00 % since 21:30"
    days = series_of(candle(END - 86_400 * 9, 100), candle(END - 86_400, 100), begin=0, interval=86_400)
    assert change_of(days).plain == "0.00 % since 20 Oct"
    assert change_of(None).plain == change_of(series_of()).plain == ""


def test_the_ranges_stand_at_the_left_and_the_change_at_the_right() -> None:
    line = range_line(chart(wandering(ChartRange.DAY)), 60)
    assert line.cell_length == 60
    assert line.plain.startswith("1 1 h 2 24 h 3 7 d 4 30 d 5 1 y ")
    assert line.plain.endswith(" % in 24 h")
    assert range_line(chart(), 20).cell_length == 20
    late = series_of(
        candle(END - 82_800, 100), candle(END - 60, 90), begin=END - 86_400, range=ChartRange.DAY
    )
    assert range_line(chart(late), 56).plain.endswith("5 1 y  ▼ -10.00 % since 28 Oct"), "every range stays"


def test_it_says_where_candles_are_from_how_many_are_drawn_as_one_and_how_old_they_are() -> None:
    day = wandering(ChartRange.DAY)
    assert source_line(chart(day), 1, END, 80).plain == "candles: Kraken SOL/USD, 15 min"
    assert (
        source_line(chart(day), 2, END, 80).plain
        == "candles: Kraken SOL/USD, 15 min, 2 drawn as one (30 min)"
    )
    old = wandering(ChartRange.DAY, fetched_at=END - 7200.0)
    assert source_line(chart(old, loading=True), 1, END, 80).plain == (
        "candles: Kraken SOL/USD, 15 min · 2h old · loading…"
    )
    line = wandering(ChartRange.DAY, provider="defillama", title="DefiLlama", line=True)
    assert source_line(chart(line), 1, END, 80).plain == "prices: DefiLlama SOL/USD, 15 min"
    assert source_line(chart(loading=True), 1, END, 80).plain == "loading…"


def test_another_range_than_the_one_chosen_is_told_plainly() -> None:
    instead = chart(wandering(ChartRange.WEEK), failure="Kraken could not be reached")
    assert source_line(instead, 1, END, 80).plain.endswith(" · 7 d instead of 24 h")
    assert source_line(instead, 1, END, 30).plain.endswith(" · 7 d instead of 24 h")


def test_where_there_is_little_room_the_source_is_told_in_fewer_words_on_one_line() -> None:
    day = chart(wandering(ChartRange.DAY))
    whole = "candles: Kraken SOL/USD, 15 min, 15 drawn as one (3 h 45 min)"
    assert source_line(day, 15, END, len(whole)).plain == whole
    assert source_line(day, 15, END, len(whole) - 1).plain == (
        "candles: Kraken SOL/USD, 15 min, drawn as 3 h 45 min"
    )
    assert source_line(day, 15, END, 40).plain == "candles: Kraken SOL/USD, 15 min"
    day.loading = True
    assert source_line(day, 15, END, 40).plain == "candles: Kraken SOL/USD, 15 … · loading…"


def test_the_name_of_a_market_is_text_from_outside() -> None:
    hostile = wandering(ChartRange.DAY, market="[red]\x1b[2J/USD")
    shown = source_line(chart(hostile), 1, END, 80).plain
    assert "[red]" in shown
    assert "\x1b" not in shown


def test_a_failure_is_a_sentence_with_the_seconds_until_the_next_try() -> None:
    assert failure_line(chart()).plain == ""
    failed = chart(failure="Kraken cannot be reached: connection refused")
    assert failure_line(failed).plain == "✗ Kraken cannot be reached: connection refused; again in 0 s, r now"
    failed.loading = True
    assert failure_line(failed).plain == "", "it is being tried"


def test_the_crosshair_reads_out_all_of_a_candle_in_words_or_letters() -> None:
    bar = candle(END, 150, 155, 149.5, 153, volume=12_345)
    series = series_of(bar)
    assert readout(series, END, 60, bar, 100).plain == (
        "29 Oct 22:00  open 150.00  high 155.00  low 149.50  close 153.00  volume 12.3K SOL  ▲ +2.00 %"
    )
    assert readout(series, END, 60, bar, 60).plain == "22:00 O 150.00 H 155.00 L 149.50 C 153.00 V 12.3K"
    assert readout(series, END, 60, bar, 45).plain == "22:00 O 150.00 H 155.00 L 149.50 C 153.00", (
        "no part of one"
    )
    large = candle(END, 961_789, 961_789, 949_056, 949_595, volume=937)
    assert readout(series, END, 60, large, 56).plain == "22:00 H 961,789.00 L 949,056.00 C 949,595.00"
    assert readout(series, END, 86_400, bar, 100).plain.startswith("29 Oct 2026  open")
    usd = series_of(bar, volume_unit=VolumeUnit.USD)
    assert "12.3K USD" in readout(usd, END, 60, bar, 100).plain
    assert "volume" not in readout(series_of(candle(END, 1)), END, 60, candle(END, 1), 100).plain
    assert readout(series, END, 60, None, 100).plain == "29 Oct 22:00  nothing was traded"
    line = series_of(candle(END, 7), line=True)
    assert readout(line, END, 60, candle(END, 7), 100).plain == "29 Oct 22:00  7.0000"
    assert readout(series, END, 60, bar, 30).cell_length <= 30
