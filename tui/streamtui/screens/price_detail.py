"""Everything known about one price, and it goes on moving."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from streamtui.ages import age, duration, moment
from streamtui.board import SAMPLE_INTERVAL, PriceRow
from streamtui.cells import literal
from streamtui.numbers import UNKNOWN, amount, percent, price
from streamtui.screens.dialog import Dialog
from streamtui.sparkline import sparkline
from streamtui.widgets.fields import Fields

TREND_WIDTH = 48


class PriceDetail(Dialog[None]):
    """One row of the price table in full."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,q", "cancel", "Close", show=False)]

    def __init__(self, row: PriceRow, *, at: float, ttl: float) -> None:
        """Make the view of ``row`` as it is ``at`` (Unix seconds); ``ttl`` seconds make a price old."""
        demo = "DEMO" if row.update and row.update.demo else ""
        super().__init__(f"{row.token.symbol}  {row.token.name}".rstrip(), demo=demo, hint="esc closes")
        self.row = row
        self._ttl = ttl
        self._fields = Fields(_values(row, at, ttl))

    def body(self) -> ComposeResult:
        """Yield the values."""
        yield self._fields

    def pass_time(self, at: float) -> None:
        """Show what the row holds now."""
        self._fields.show(_values(self.row, at, self._ttl))


def _values(row: PriceRow, at: float, ttl: float) -> dict[str, Content]:
    update = row.update
    samples = [sample for sample in row.samples if sample is not None]
    known = update.price if update else None
    change = update.change_24h if update else None
    volume = update.volume_24h if update else None
    old = row.is_old(at, ttl)
    confirmed = (
        f"{moment(update.ts)}, {age(row.age(at))}" if update else "not yet: waiting for the first price"
    )
    span = duration(len(row.samples) * SAMPLE_INTERVAL)
    return {
        "token": literal(row.token.name or "unknown: only its mint address is known"),
        "mint": literal(row.token.mint or UNKNOWN),
        "price": Content.styled(f"{price(known)} USD", "bold"),
        "exactly": Content(UNKNOWN if known is None else f"{amount(known)} USD"),
        "24 h": Content.styled(percent(change), _tone(change)),
        "volume 24 h": Content(UNKNOWN if volume is None else f"{amount(volume)} USD"),
        "trend": Content(sparkline(tuple(row.samples), TREND_WIDTH).lstrip() or UNKNOWN),
        "range": Content(
            f"{price(min(samples))} to {price(max(samples))} in the last {span}" if samples else UNKNOWN
        ),
        "confirmed": Content.styled(
            f"{confirmed}{' – old' if old else ''}", "bold $text-warning" if old else ""
        ),
        "source": literal(f"{update.provider}, {update.source}, {update.kind}" if update else UNKNOWN),
    }


def _tone(change: Decimal | None) -> str:
    if not change:
        return ""
    return "$text-success" if change > 0 else "$text-error"
