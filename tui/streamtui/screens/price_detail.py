"""Everything known about one price, with a chart of its past; both are kept up to date while it is open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Resize
from textual.widgets import Label

from streamcore import ChartRange, InputError, NotRunning, StreamcoreError, printable
from streamtui.clipboard import sent
from streamtui.format.cells import literal
from streamtui.format.content import demo_badge
from streamtui.format.texts import NO_FILES, RANGE_NAMES, count
from streamtui.keys import readable
from streamtui.model.price_chart import REST, PriceChart
from streamtui.model.price_row import PriceRow
from streamtui.model.session import Session
from streamtui.screens.chart_texts import RANGES, failure_line, range_line, readout, source_line
from streamtui.screens.dialog import Dialog
from streamtui.screens.price_facts import facts
from streamtui.widgets.chart import Chart
from streamtui.widgets.fact_sheet import FactSheet

FIRST_QUOTE = 2.0
"""Seconds after which bid and ask of a row are asked for first: a person waits for the chart, and both may be
kept to one request a second."""
QUOTE_EVERY = 4.0
"""Seconds after which bid and ask are asked for anew: a stream tells them with a trade alone."""
HISTORY = "history"
"""The group of the worker that asks for the past; a newer request cancels the one before."""
FRAME = 5
"""Cells that frame, padding and scrollbar take."""
TWO_COLUMNS = 112
"""Cells from which on the values stand in two columns: each has room for a mint address."""


class PriceDetail(Dialog[None]):
    """One row of the price table in full."""

    WIDTH_CLASS = "-chart"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,q", "close", "Close", show=False),
        *(
            Binding(str(number), f"choose_range({number - 1})", f"Chart of {RANGE_NAMES[span]}", show=False)
            for number, span in enumerate(RANGES, 1)
        ),
        Binding("tab", "next_range(1)", "Next range", show=False),
        Binding("shift+tab", "next_range(-1)", "Previous range", show=False),
        Binding("v", "turn_chart", "Candles or line", show=False),
        Binding("left,h", "crosshair(-1)", "Crosshair to the left", show=False),
        Binding("right,l", "crosshair(1)", "Crosshair to the right", show=False),
        Binding("shift+left,H", "crosshair(-10)", "Ten to the left", show=False),
        Binding("shift+right,L", "crosshair(10)", "Ten to the right", show=False),
        Binding("home,g", "crosshair_to(True)", "Crosshair to the oldest", show=False),
        Binding("end,G", "crosshair_to(False)", "Crosshair to the newest", show=False),
        Binding("down,j", "go(1)", "Next price", show=False),
        Binding("up,k", "go(-1)", "Previous price", show=False),
        Binding("pagedown,space", "scroll_by(1)", "Page down", show=False),
        Binding("pageup", "scroll_by(-1)", "Page up", show=False),
        Binding("r", "reload", "Ask again", show=False),
        Binding("y", "copy", "Copy the mint", show=False),
        Binding("e", "export('csv')", "Export as CSV", show=False),
        Binding("E", "export('json')", "Export as JSON", show=False),
    ]

    def __init__(self, session: Session, row: PriceRow, go: Callable[[int], PriceRow | None]) -> None:
        """Make the view.

        Args:
            session: What the row belongs to.
            row: What to show first.
            go: Moves the cursor of the price table by some rows, and returns the row it is on then.
        """
        super().__init__(
            "",
            demo="",
            hint="esc closes · 1–5 range · v line · ←→ crosshair · ↑↓ next price · e export",
        )
        self._session = session
        self._go = go
        self._past = PriceChart(row, session.view.chart_range, session.clock)
        self._quote_due = float("-inf")
        """Monotonic seconds."""
        self._title = Label("", id="chart-title")
        self._chart = Chart(id="chart")
        self._chart.as_line = session.view.chart_as_line
        self._facts = FactSheet(self._known(), two_columns_from=TWO_COLUMNS, id="facts")
        # the box scrolls as a whole where not everything fits
        self._box.can_focus = True

    @property
    def row(self) -> PriceRow:
        """The row that is shown."""
        return self._past.row

    def body(self) -> ComposeResult:
        """Yield the chart with its title, and the values."""
        yield self._title
        yield self._chart
        yield self._facts

    def commands(self) -> Iterable[SystemCommand]:
        """Offer every key by what it does."""
        for binding in self.BINDINGS:
            if isinstance(binding, Binding):
                keys = " ".join(readable(key) for key in binding.key.split(","))
                yield SystemCommand(
                    binding.description, f"in the chart ({keys})", partial(self.run_action, binding.action)
                )

    def on_mount(self) -> None:
        """Show what is remembered of the past, and ask for the rest."""
        self._session.chart = self._past
        self._look(self.row, self._past.span)

    def on_unmount(self) -> None:
        """Take no more prices."""
        self._session.chart = None

    def on_resize(self, event: Resize) -> None:
        """Write the lines above the chart for the room there is."""
        self.call_after_refresh(self._draw)

    # What is shown

    def pass_time(self, at: float) -> None:
        """Show what is known now, and ask again for a past that has become old."""
        if self._past.is_due():
            self._load()
        self._ask_quote()
        self._draw()

    def _ask_quote(self) -> None:
        """Have bid and ask asked for, if it is time; whether there are any is for the engine to know."""
        now, engine = self._session.clock.monotonic(), self._session.engine
        if engine is None or self._past.loading or now < self._quote_due:
            return
        self._quote_due = now + QUOTE_EVERY
        with suppress(InputError, NotRunning):
            engine.ask_quote(self.row.key)

    def _known(self) -> dict[str, Content]:
        at = self._session.clock.time()
        return facts(self.row, at, self._session.prices.freshness(self.row, at))

    def _look(self, row: PriceRow, span: ChartRange, *, rest: float = 0.0) -> None:
        self._past.look(row, span, self._session.engine)
        self._session.view.chart_range = span
        self._quote_due = self._session.clock.monotonic() + rest + FIRST_QUOTE
        self._load(rest)
        self._draw()

    def _load(self, rest: float = 0.0) -> None:
        async def load() -> None:
            await self._past.load(self._session.engine, rest=rest)
            if self.is_mounted:
                self._draw()

        self._past.loading = True
        # the function, not a coroutine: a worker that is replaced before it starts would leave one unawaited
        self.run_worker(load, group=HISTORY, exclusive=True, exit_on_error=False)  # type: ignore[arg-type]

    def _draw(self) -> None:
        row, past, at = self.row, self._past, self._session.clock.time()
        demo = "DEMO" if row.update is not None and row.update.demo else ""
        self._box.border_title = Content.assemble(
            literal(f"{row.token.symbol}  {row.name}".rstrip()), "  " if demo else "", demo_badge(demo)
        )
        message = "loading…" if past.loading else past.nothing_to_draw
        self._chart.show(past.shown, at, message)
        self._draw_title()
        self._facts.show(self._known())

    @on(Chart.CrosshairMoved)
    def _draw_title(self) -> None:
        past, width = self._past, self._title.size.width or self.app.size.width - FRAME
        series, layout, crossed = past.shown, self._chart.layout_shown, self._chart.crossed
        if series is not None and layout is not None and crossed is not None:
            second = readout(series, crossed[0], layout.seconds, crossed[1], width)
        else:
            at = self._session.clock.time()
            second = source_line(past, layout.merged if layout is not None else 1, at, width)
        lines = [range_line(past, width), second, failure_line(past)]
        self._title.update(Content("\n").join(lines if lines[-1] else lines[:-1]))

    # What keys do

    def action_cancel(self) -> None:
        """Take the crosshair away; without one, close."""
        if not self._chart.hide_crosshair():
            self.dismiss(None)

    def action_close(self) -> None:
        """Close."""
        self.dismiss(None)

    def action_go(self, by: int) -> None:
        """Show another row of the table."""
        row = self._go(by)
        if row is not None and row is not self.row:
            self._look(row, self._past.span, rest=REST)

    def action_choose_range(self, number: int) -> None:
        """Go to a range."""
        if RANGES[number] is not self._past.span:
            self._look(self.row, RANGES[number])

    def action_next_range(self, by: int) -> None:
        """Go to the next or previous range."""
        self.action_choose_range((RANGES.index(self._past.span) + by) % len(RANGES))

    def action_turn_chart(self) -> None:
        """Draw a line instead of candles, or the other way round."""
        self._chart.turn()
        self._session.view.chart_as_line = self._chart.as_line
        self._draw_title()

    def action_crosshair(self, by: int) -> None:
        """Move the crosshair by some candles."""
        self._chart.move_crosshair(by)

    def action_crosshair_to(self, first: bool) -> None:
        """Put the crosshair to the oldest or the newest candle."""
        self._chart.put_crosshair(first)

    def action_scroll_by(self, pages: int) -> None:
        """Scroll by some pages."""
        self._box.scroll_relative(y=pages * max(1, self._box.size.height - 2), animate=False)

    def action_reload(self) -> None:
        """Ask for the past again, now."""
        if not self._past.loading:
            self._load()
            self._draw()

    def action_copy(self) -> None:
        """Copy the mint address, or the ticker of what has none."""
        text = self.row.mint or self.row.token.symbol
        self.app.copy_to_clipboard(text)
        what = "the mint" if self.row.mint else "the ticker"
        self._tell(sent(what, text))

    async def action_export(self, form: str) -> None:
        """Write the candles that are shown, each as the source has it, to a file."""
        from streamtui.model.exporting import Format, export_candles

        if self._session.in_browser:
            self._tell(NO_FILES, bad=True)
            return
        series = self._past.shown
        if series is None or not series.candles:
            self._tell("There are no candles to export.")
            return
        now = self._session.clock.time()
        try:
            path = await asyncio.to_thread(export_candles, series, Format(form), Path(), now)
        except StreamcoreError as error:
            self._tell(str(error), bad=True)
        else:
            self._tell(f"{count(len(series.candles), 'candle')} written to {path}")

    def _tell(self, text: str, *, bad: bool = False) -> None:
        severity = "error" if bad else "information"
        self.notify(printable(text), severity=severity, markup=False, timeout=4)  # type: ignore[arg-type]
