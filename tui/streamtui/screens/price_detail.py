"""Everything known about one price, with a chart; it is kept up to date while it is open."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from streamcore import PriceUpdate, Source, printable
from streamtui.clipboard import sent
from streamtui.format.ages import age, moment, time_of_day
from streamtui.format.cells import literal
from streamtui.format.numbers import UNKNOWN, amount, percent, price
from streamtui.model.candles import FRAMES
from streamtui.model.price_row import Freshness, PriceRow
from streamtui.screens.dialog import Dialog
from streamtui.widgets.chart import Chart
from streamtui.widgets.fields import Fields

_WHY_NOT = {
    Freshness.UNLISTED: "not yet, and no source in use has it",
    Freshness.WAITING: "not yet: waiting for the first price",
}


class PriceDetail(Dialog[None]):
    """One row of the price table in full."""

    WIDTH_CLASS = "-wide"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,q", "cancel", "Close", show=False),
        Binding("y", "copy", "Copy the mint", show=False),
        Binding("down,j", "scroll_by(1)", "Down", show=False),
        Binding("up,k", "scroll_by(-1)", "Up", show=False),
        Binding("v", "turn_chart", "Candles or line", show=False),
        Binding("right,tab,l", "frame(1)", "Next time frame", show=False),
        Binding("left,shift+tab", "frame(-1)", "Previous time frame", show=False),
        *(
            Binding(str(number), f"choose_frame({number - 1})", frame.name, show=False)
            for number, frame in enumerate(FRAMES, 1)
        ),
    ]

    def __init__(
        self, row: PriceRow, *, at: float, freshness: Callable[[PriceRow, float], Freshness]
    ) -> None:
        """Make the view.

        Args:
            row: What to show.
            at: Unix seconds now.
            freshness: Returns what the age of a row's price means at a time (Unix seconds).
        """
        demo = "DEMO" if row.update and row.update.demo else ""
        super().__init__(
            f"{row.token.symbol}  {row.name}".rstrip(),
            demo=demo,
            hint="esc closes · 1 2 3 time frame · v candles or line · y copies the mint",
        )
        self.row = row
        self._freshness = freshness
        self._chart = Chart(id="chart")
        self._fields = Fields(_values(row, at, freshness(row, at)))
        # the box scrolls as a whole, from the chart on, where not everything fits
        self._fields.can_focus = False
        self._box.can_focus = True

    def body(self) -> ComposeResult:
        """Yield the chart and the values."""
        yield self._chart
        yield self._fields

    def on_mount(self) -> None:
        """Draw the chart."""
        self._draw_chart()

    def pass_time(self, at: float) -> None:
        """Show what the row holds now."""
        self._fields.show(_values(self.row, at, self._freshness(self.row, at)))
        self._draw_chart()

    def _draw_chart(self) -> None:
        self._chart.show(self.row.candles)

    def action_copy(self) -> None:
        """Copy the mint address, or the ticker of what has none."""
        text = self.row.mint or self.row.token.symbol
        self.app.copy_to_clipboard(text)
        what = "the mint" if self.row.mint else "the ticker"
        self.notify(printable(sent(what, text)), markup=False, timeout=4)

    def action_scroll_by(self, lines: int) -> None:
        """Scroll by some lines."""
        self._box.scroll_relative(y=lines, animate=False)

    def action_turn_chart(self) -> None:
        """Draw a line instead of candles, or the other way round."""
        self._chart.as_line = not self._chart.as_line

    def action_frame(self, by: int) -> None:
        """Go to the next or previous time frame."""
        self.action_choose_frame((self._chart.frame + by) % len(FRAMES))

    def action_choose_frame(self, frame: int) -> None:
        """Go to a time frame."""
        self._chart.frame = frame
        self._draw_chart()


def _values(row: PriceRow, at: float, freshness: Freshness) -> dict[str, Content]:
    update = row.update
    known = update.price if update else None
    change = update.change_24h if update else None
    volume = update.volume_24h if update else None
    old = freshness is Freshness.OLD
    meaning = {
        Freshness.OLD: " – old",
        Freshness.QUIET: f" – quiet: nothing was traded, {update.provider if update else ''} lives",
    }.get(freshness, "")
    confirmed = f"{moment(update.ts)}, {age(row.age(at))}" if update else _WHY_NOT.get(freshness, "")
    return {
        "token": literal(row.name or "unknown: only its mint address is known"),
        "mint": literal(row.mint or "none: this is the price of no Solana token"),
        "price": Content.styled(f"{price(known)} USD", "bold"),
        "exactly": Content(UNKNOWN if known is None else f"{amount(known)} USD"),
        "24 h": Content.styled(percent(change), _tone(change)),
        "volume 24 h": Content(UNKNOWN if volume is None else f"{amount(volume)} USD"),
        "24 h range": _range(update),
        "session": _session(row),
        "confirmed": Content.styled(f"{confirmed}{meaning}", "bold $text-warning" if old else ""),
        "source": literal(_source(update)),
    }


def _source(update: PriceUpdate | None) -> str:
    if update is None:
        return UNKNOWN
    return f"{update.provider}, {'streamed' if update.source is Source.STREAM else 'polled'}"


def _range(update: PriceUpdate | None) -> Content:
    if update is None or update.high_24h is None or update.low_24h is None:
        return Content(UNKNOWN)
    return Content(f"low {price(update.low_24h)}, high {price(update.high_24h)}")


def _session(row: PriceRow) -> Content:
    if row.high is None or row.low is None:
        return Content(UNKNOWN)
    since = time_of_day(row.candles.since)
    return Content(f"high {price(row.high)}, low {price(row.low)}, seen since {since}")


def _tone(change: Decimal | None) -> str:
    if not change:
        return ""
    return "$up" if change > 0 else "$down"
