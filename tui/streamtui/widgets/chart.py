"""The chart of one price: candles or a line, volumes below where there is room, scales, and a crosshair."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from streamcore import Candle, CandleSeries
from streamtui.format.ages import chart_moment
from streamtui.format.numbers import compact, price
from streamtui.widgets.cached_lines import CachedLines
from streamtui.widgets.chart_axes import PriceScale, time_ticks
from streamtui.widgets.chart_drawing import (
    Grid,
    draw_candles,
    draw_line,
    draw_volumes,
    in_spans,
    most_traded,
    scale_of,
    style_of,
)
from streamtui.widgets.chart_layout import Layout, arranged, drawable

_GAP = 1
"""Cells between the chart and its prices."""
_LABEL = 6
"""Cells for the prices at least: the chart is not to become wider and narrower with them."""
_CROSS, _LEVEL = "┊", "┈"
_NARROWEST, _LOWEST = 8, 3
"""Cells and lines below which nothing is drawn."""
_VOLUME_LINES = ((22, 4), (14, 3), (10, 2))
"""Where a chart has so many lines, so many are for the volumes."""


class _Plan(NamedTuple):
    """What goes where in the present size."""

    layout: Layout
    scale: PriceScale
    ticks: list[tuple[int, str]]
    volumes: int
    """Lines."""
    as_line: bool


class Chart(CachedLines, Widget):
    """Draws a series of candles. It is drawn again when the series, the size or the crosshair changes."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"chart--{name}"
        for name in ("up", "down", "hole", "volume-up", "volume-down", "axis", "mark", "cross", "message")
    }

    class CrosshairMoved(Message):
        """The crosshair stands at another bar, or has gone."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self.as_line = False
        """Whether it draws a line through the closing prices instead of candles."""
        self._series: CandleSeries | None = None
        self._until = 0.0
        self._message = ""
        self._cross: int | None = None
        """Unix seconds within the bar under the crosshair."""
        self._lines: list[Strip] | None = None
        self._planned = False
        self._kept_plan: _Plan | None = None
        self._styles: dict[str, Style] = {}

    # What is shown

    def show(self, series: CandleSeries | None, until: float, message: str = "") -> None:
        """Show a series.

        Args:
            series: The candles; ``None`` for none.
            until: Unix seconds up to which the chart goes.
            message: What stands in place of a chart that has no candles.
        """
        if series is not None:
            until = until // series.interval * series.interval  # or each second would be another chart
        is_same = series is self._series or series == self._series
        if is_same and until == self._until and message == self._message:
            return
        if series is None or self._series is None or series.symbol != self._series.symbol:
            self._cross = None
        self._series, self._until, self._message = series, until, message
        self._draw_anew()

    def turn(self) -> None:
        """Draw a line instead of candles, or the other way round."""
        self.as_line = not self.as_line
        self._draw_anew()

    @property
    def layout_shown(self) -> Layout | None:
        """The bars that are drawn; ``None`` while there is no candle, or no room."""
        return None if self._plan is None else self._plan.layout

    @property
    def _plan(self) -> _Plan | None:
        if not self._planned:
            self._planned = True
            self._kept_plan = self._make_plan()
        return self._kept_plan

    def _make_plan(self) -> _Plan | None:
        series, (width, height) = self._series, self.size
        candles = drawable(series) if series is not None else []
        if series is None or not candles:
            return None
        volumes = 0
        if any(candle.volume is not None for candle in candles):
            volumes = next((lines for least, lines in _VOLUME_LINES if height >= least), 0)
        scale = scale_of(candles, height - volumes - 1)
        ticks = scale.ticks()
        labels = max(len(price(candles[-1].close)), *(len(text) for _, text in ticks), _LABEL)
        width -= labels + _GAP
        if width < _NARROWEST or scale.height < _LOWEST:
            return None
        as_line = self.as_line or series.line
        layout = arranged(series, width, self._until, fill=as_line)
        return _Plan(layout, scale, ticks, volumes, as_line)

    # The crosshair

    @property
    def crossed(self) -> tuple[int, Candle | None] | None:
        """When the bar under the crosshair begins (Unix seconds), and the bar; ``None`` without one."""
        layout, bar = self.layout_shown, self._crossed_bar()
        return None if layout is None or bar is None else (layout.begin_of(bar), layout.bars[bar])

    def move_crosshair(self, by: int) -> None:
        """Move the crosshair by some bars.

        It begins at the end it is moved from, the newest bar or the oldest, and goes away beyond the newest.
        """
        layout = self.layout_shown
        if layout is None:
            return
        bar = self._crossed_bar()
        last = len(layout.bars) - 1
        if bar is None:
            bar = last + 1 if by < 0 else -1
        to = bar + by
        self._set_crosshair(None if to > last else layout.begin_of(max(0, to)))

    def put_crosshair(self, first: bool) -> None:
        """Put the crosshair to the oldest bar, or to the newest."""
        layout = self.layout_shown
        if layout is not None:
            self._set_crosshair(layout.begin_of(0 if first else len(layout.bars) - 1))

    def hide_crosshair(self) -> bool:
        """Take the crosshair away; return whether it was there."""
        was_there = self._cross is not None
        self._set_crosshair(None)
        return was_there

    def _set_crosshair(self, cross: int | None) -> None:
        if cross != self._cross:
            self._cross = cross
            self._lines = None
            self.refresh()
            self.post_message(self.CrosshairMoved())

    def _crossed_bar(self) -> int | None:
        layout = self.layout_shown
        if layout is None or self._cross is None:
            return None
        return min(max(0, (self._cross - layout.start) // layout.seconds), len(layout.bars) - 1)

    def on_click(self, event: events.Click) -> None:
        """Put the crosshair to the bar under the pointer."""
        layout = self.layout_shown
        if layout is not None:
            self._set_crosshair(layout.begin_of(layout.bar_at(event.x)))

    # Drawing

    def on_resize(self) -> None:
        """Arrange the bars for the new size."""
        self._draw_anew()

    def notify_style_update(self) -> None:
        """Draw in the new colours."""
        super().notify_style_update()
        self._styles.clear()
        self._lines = None

    def _draw_anew(self) -> None:
        self._lines, self._planned = None, False
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        if self._lines is None:
            self._lines = self._drawn()
        return self._lines[y] if y < len(self._lines) else Strip.blank(self.size.width, self._style(""))

    def _drawn(self) -> list[Strip]:
        plan = self._plan
        if plan is None:
            return self._message_lines()
        layout, scale = plan.layout, plan.scale
        grid = (draw_line if plan.as_line else draw_candles)(layout, scale)
        labels: dict[int, tuple[str, str]] = {line: (text, "axis") for line, text in plan.ticks}
        last = layout.known[-1]
        labels[scale.place(float(last.close), 1)] = (price(last.close), f"{style_of(last)} reverse")
        if plan.volumes:
            labels[len(grid)] = (compact(most_traded(layout)), "axis")
            grid += draw_volumes(layout, plan.volumes)
        texts = [
            (begin, text, "axis")
            for begin, text in time_ticks(layout.start, layout.seconds, layout.columns, layout.width)
        ]
        bar = self._crossed_bar()
        if bar is not None:
            self._draw_crosshair(plan, bar, grid, labels)
            mark = self._time_mark(layout, bar)
            begin, end = mark[0], mark[0] + len(mark[1])
            texts = [one for one in texts if one[0] + len(one[1]) < begin or one[0] > end]
            texts.append(mark)
        times = [(" ", "axis")] * layout.width
        for begin, text, style in texts:
            times[begin : begin + len(text)] = [(character, style) for character in text]
        lines = [self._strip(row, *labels.get(line, ("", ""))) for line, row in enumerate(grid)]
        return [*lines, self._strip(times, "", "")]

    def _draw_crosshair(self, plan: _Plan, bar: int, grid: Grid, labels: dict[int, tuple[str, str]]) -> None:
        column, crossed = plan.layout.columns[bar], plan.layout.bars[bar]
        for row in grid:
            if row[column][0] == " ":
                row[column] = (_CROSS, "cross")
        if crossed is not None:
            line = plan.scale.place(float(crossed.close), 1)
            labels[line] = (price(crossed.close), "mark")
            for at, (character, _) in enumerate(grid[line]):
                if character == " " and at > column:
                    grid[line][at] = (_LEVEL, "cross")

    def _time_mark(self, layout: Layout, bar: int) -> tuple[int, str, str]:
        """Return where below the chart the time of a bar begins, the time, and its style."""
        text = f" {chart_moment(layout.begin_of(bar), layout.seconds)} "[: layout.width]
        begin = layout.columns[bar] - len(text) // 2
        return max(0, min(begin, layout.width - len(text))), text, "mark"

    def _message_lines(self) -> list[Strip]:
        text = self._message if self._series is None or not self._series.candles else ""
        width, height = self.size.width, self.size.height
        blank = Strip.blank(width, self._style(""))
        if not text or height < 1:
            return []
        line = Strip([Segment(text, self._style("message"))]).crop_extend(0, width, self._style(""))
        return [*[blank] * (height // 2), line]

    def _strip(self, cells: list[tuple[str, str]], label: str, label_style: str) -> Strip:
        segments = [Segment(span.text, self._style(span.style)) for span in in_spans(cells)]
        segments.append(Segment(" " * _GAP, self._style("")))
        segments.append(Segment(label, self._style(label_style)))
        return Strip(segments).crop_extend(0, self.size.width, self._style(""))

    def _style(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            plain, _, reverse = name.partition(" ")
            style = self.get_component_rich_style(f"chart--{plain}") if plain else self.rich_style
            style = self._styles[name] = style + Style(reverse=True) if reverse else style
        return style
