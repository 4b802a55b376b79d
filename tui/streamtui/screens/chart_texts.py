"""The lines above a chart: ranges and change, where the candles are from, what is under the crosshair."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from streamcore import Candle, CandleSeries, ChartRange, VolumeUnit
from streamtui.format.ages import age, chart_moment, countdown, day, hour_and_minute, interval_name
from streamtui.format.cells import PARAGRAPH, literal
from streamtui.format.content import MUTED, spread
from streamtui.format.numbers import compact, percent, price
from streamtui.format.texts import RANGE_NAMES, source_title
from streamtui.model.price_chart import PriceChart

RANGES: Sequence[ChartRange] = tuple(ChartRange)
DAY = 86_400
WIDE = 84
"""Cells from which on the values under the crosshair have their names in full."""


def range_line(chart: PriceChart, width: int) -> Content:
    """Return the ranges with their keys, and at the right the change over the one that is shown."""
    names = Content(" " if width >= WIDE else "").join(
        [
            Content.assemble(
                (str(number), "bold $accent"),
                (f" {RANGE_NAMES[one]} ", "reverse" if one is chart.span else MUTED),
            )
            for number, one in enumerate(RANGES, 1)
        ]
    )
    change = change_of(chart.shown)
    if names.cell_length + change.cell_length >= width:
        change = change_of(chart.shown, short=True)
    return spread(names, change, width)


def change_of(series: CandleSeries | None, *, short: bool = False) -> Content:
    """Return the change over the range, or since when the candles are if they are shorter.

    Args:
        series: The candles.
        short: Whether of a time on another day the day must do.
    """
    change = series.change if series is not None else None
    if series is None or change is None:
        return Content("")
    text = f"{percent(change)} {_over(series, short=short)}"
    return Content.styled(text, "bold $up" if change > 0 else "bold $down" if change < 0 else "bold")


def _over(series: CandleSeries, *, short: bool) -> str:
    if series.covered and series.market:
        return f"in {RANGE_NAMES[series.range]}"
    first, last = series.candles[0].start, series.candles[-1].start
    if day(first) == day(last) and last - first < DAY:
        return f"since {hour_and_minute(first)}"
    # an hour alone would be read as one of today
    return f"since {day(first) if short or last - first >= DAY else chart_moment(first, 0)}"


def source_line(chart: PriceChart, merged: int, at: float, width: int) -> Content:
    """Return where the candles are from, and how old they are unless they are fresh.

    Args:
        chart: What is shown.
        merged: How many candles are drawn as one.
        at: Unix seconds now.
        width: Cells there are: where they are few, less is said, so that the line does not wrap.
    """
    series = chart.shown
    if series is None:
        return Content.styled("loading…" if chart.loading else "", MUTED)
    length = interval_name(series.interval)
    if chart.is_session:
        text = f"seen by this session, {length}"
    else:
        kind = "prices" if series.line else "candles"
        text = f"{kind}: {source_title(series)} {series.market}".rstrip() + f", {length}"
    forms = [text]
    if merged > 1:
        drawn = interval_name(merged * series.interval)
        forms = [f"{text}, {merged} drawn as one ({drawn})", f"{text}, drawn as {drawn}", text]
    parts = [Content("")]
    if chart.is_other_range:
        other = f"{RANGE_NAMES[series.range]} instead of {RANGE_NAMES[chart.span]}"
        parts.append(Content.styled(other, "bold $text-warning"))
    if chart.is_outdated():
        parts.append(Content.styled(f"{age(at - series.fetched_at)} old", "bold $text-warning"))
    if chart.loading:
        parts.append(Content("loading…"))
    rest = Content.styled(" · ", MUTED).join(parts)
    room = max(width - rest.cell_length, 1)
    fitting = (form for form in (literal(form, MUTED) for form in forms) if form.cell_length <= room)
    return next(fitting, literal(forms[-1], MUTED).truncate(room, ellipsis=True)) + rest


def failure_line(chart: PriceChart) -> Content:
    """Return why the past could not be had, and when it is tried again; empty without a failure."""
    if not chart.failure or chart.loading:
        return Content("")
    again = f"; again in {countdown(chart.retry_in)}, r now"
    return literal(f"✗ {chart.failure}{again}", "$text-error", limit=PARAGRAPH)


def readout(series: CandleSeries, begin: int, seconds: int, bar: Candle | None, width: int) -> Content:
    """Return what the crosshair stands on.

    Args:
        series: What is drawn.
        begin: Unix seconds at which the bar begins.
        seconds: Its length.
        bar: The candle; ``None``: nothing was traded then.
        width: Cells there are.
    """
    wide = width >= WIDE
    # the day stands on the axis below
    moment = chart_moment(begin, seconds) if wide or seconds >= DAY else hour_and_minute(begin)
    when = Content.styled(moment, "bold")
    if bar is None:
        return Content.assemble(when, ("  nothing was traded", MUTED))
    if series.line:
        return Content.assemble(when, "  ", price(bar.close))
    values = {
        ("open", "O"): price(bar.open),
        ("high", "H"): price(bar.high),
        ("low", "L"): price(bar.low),
        ("close", "C"): price(bar.close),
    }
    if bar.volume is not None:
        unit = " USD" if series.volume_unit is VolumeUnit.USD else f" {series.symbol}"
        values["volume", "V"] = compact(bar.volume) + (unit if wide else "")
    between = Content("  " if wide else " ")
    said = {
        short: Content.assemble((f"{long if wide else short} ", MUTED), literal(value))
        for (long, short), value in values.items()
    }
    if wide and bar.open:
        change = (bar.close / bar.open - 1) * 100
        said["%"] = Content.styled(percent(change), "$up" if change > 0 else "$down" if change < 0 else "")
    for least in ("%", "V", "O", "L", "H"):
        if between.join([when, *said.values()]).cell_length <= width:
            break
        said.pop(least, None)  # a figure that is cut off would be another figure
    return between.join([when, *said.values()]).truncate(width, ellipsis=True)
