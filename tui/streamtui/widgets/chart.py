"""The chart of one price over one time frame, with its scale and its times."""

from __future__ import annotations

from decimal import Decimal

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from streamtui.format.ages import day_and_time, time_of_day
from streamtui.format.cells import Span
from streamtui.format.content import MUTED
from streamtui.format.numbers import price
from streamtui.model.candles import FRAMES, Candle, Candles
from streamtui.widgets.chart_drawing import bounds, candle_chart, candles_per_column, in_columns, line_chart

SCALE = 14
"""Cells at the right for the prices of the scale."""
_COLOURS = {"up": "$up", "down": "$down"}


class Chart(Widget):
    """Draws candles, or a line through their closing prices."""

    frame: reactive[int] = reactive(0)
    """Index of the chosen time frame in `FRAMES`."""
    as_line: reactive[bool] = reactive(False)
    candles: reactive[tuple[Candle, ...]] = reactive(())
    since: reactive[float | None] = reactive(None)
    """Unix seconds of the first price of the session."""

    def show(self, candles: Candles) -> None:
        """Show the candles of the chosen time frame."""
        self.since = candles.since
        self.candles = tuple(candles.of(self.frame))

    def render(self) -> Content:
        """Return the chart: a line about the frame, the drawing with its scale, and the times below."""
        frame = FRAMES[self.frame]
        width, height = self.size.width - SCALE, self.size.height - 2
        names = Content("  ").join(
            [
                Content.assemble(
                    (str(number), "bold $accent"), (f" {one.name} ", "reverse" if one is frame else MUTED)
                )
                for number, one in enumerate(FRAMES, 1)
            ]
        )
        if not self.candles or width < 8 or height < 2:
            return Content("\n").join([names, Content.styled(" no price has come yet", MUTED)])
        columns = in_columns(self.candles, frame, width)
        per_column = candles_per_column(width)
        what = "line" if self.as_line else f"candles of {frame.length}"
        if per_column > 1 and not self.as_line:
            what += f", {per_column} drawn as one"
        title = Content.assemble(
            names, "  ", (f"{what} · nothing older than {time_of_day(self.since)}", MUTED)
        )
        draw = line_chart if self.as_line else candle_chart
        low, high = bounds(columns)
        middle = (low + high) / 2
        scale = {0: high, height - 1: low, **({height // 2: middle} if height > 4 else {})}
        lines = [title.truncate(self.size.width, ellipsis=True)]
        for at, row in enumerate(draw(columns, height)):
            label = f" {_scale(scale[at])}" if at in scale else ""
            lines.append(Content.assemble(*(_styled(span) for span in row), (label, MUTED)))
        start = self.candles[-1].start - (len(columns) * per_column - 1) * frame.seconds
        left, right = (day_and_time if frame is FRAMES[-1] else time_of_day)(start), "now"
        lines.append(Content.styled(f"{left}{right:>{max(0, len(columns) - len(left))}}", MUTED))
        return Content("\n").join(lines)


def _styled(span: Span) -> Content:
    colour = _COLOURS.get(span.style, "$accent")
    return Content.styled(span.text, colour) if span.text.strip() else Content(span.text)


def _scale(value: float) -> str:
    return price(Decimal(repr(value)))
