"""The price table, which turns the rows of the price list into cells."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

from streamcore import Source
from streamtui.format.ages import age
from streamtui.format.cells import Cell, Span, cell
from streamtui.format.numbers import (
    MOST_DECIMALS,
    UNKNOWN,
    aligned,
    common_prefix,
    compact,
    percent,
    price,
)
from streamtui.format.sparkline import sparkline
from streamtui.model.price_order import LARGEST_FIRST, PriceSort
from streamtui.model.price_row import SAMPLE_INTERVAL, Freshness, PriceRow
from streamtui.widgets.columns import Column
from streamtui.widgets.line_table import LineTable

WHOLE = 7
"""Cells for the digits before the decimal point: ``100,000``."""

COLUMNS = (
    # what changes most stands at the left: a repaint of a cell begins at the start of its line
    Column("symbol", "SYMBOL", 9),
    Column("price", f"{'PRICE $':>{WHOLE + 3}}", WHOLE + 1 + MOST_DECIMALS),
    Column("change", "24 H", 11, "right", rank=1),
    Column("volume", "VOLUME", 7, "right", rank=3),
    Column("age", "AGE", 9, "right"),
    Column("trend", "TREND", 12, "right", rank=4, grows=28),
    Column("name", "NAME", 20, rank=5, grows=12),
    Column("source", "SOURCE", 12, rank=6),
)


SORTS: dict[str, PriceSort] = {
    "symbol": PriceSort.SYMBOL,
    "price": PriceSort.PRICE,
    "change": PriceSort.CHANGE,
    "volume": PriceSort.VOLUME,
    "age": PriceSort.AGE,
    "trend": PriceSort.TREND,
    "name": PriceSort.NAME,
    "source": PriceSort.SOURCE,
}
"""What a click on the title of a column sorts by."""
_COLUMN_OF = {sort: column for column, sort in SORTS.items()}


class PriceTable(LineTable):
    """The prices."""

    def __init__(self, columns: Sequence[Column], *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(columns, id=id)
        self._trends: dict[str, tuple[tuple[int, int], str]] = {}
        """By row: the number of samples and the width that were drawn, and the drawing."""

    def set_order(self, keys: Sequence[str]) -> None:
        """Show exactly these rows in this order; see `LineTable.set_order`."""
        super().set_order(keys)
        for gone in self._trends.keys() - set(self.order):
            del self._trends[gone]

    def mark_sort(self, sort: PriceSort, backwards: bool) -> None:
        """Mark the column that the rows are sorted by, and in which direction its values go."""
        falls = (sort in LARGEST_FIRST) != backwards
        if sort is PriceSort.AGE:  # the youngest first: ages rise
            falls = not falls
        self.mark_title(_COLUMN_OF.get(sort, ""), "↓" if falls else "↑")

    def show(self, row: PriceRow, at: float, freshness: Freshness) -> None:
        """Draw the cells of a row that differ from what is on the screen.

        Args:
            row: What to show.
            at: Unix seconds now.
            freshness: What the age of its price means.
        """
        old = freshness is Freshness.OLD
        update = row.update
        change = update.change_24h if update else None
        how_old = age(row.age(at))
        source = (
            "" if update is None else f"{update.provider}{' poll' if update.source is Source.POLL else ''}"
        )
        self.put(
            row.key,
            (
                cell(row.token.symbol, "dim" if old else "strong"),
                _price(row, old),
                _change(change, old),
                cell(_compact(update.volume_24h if update else None), "dim" if old else ""),
                _age(how_old, freshness),
                cell(self._trend(row), "dim"),
                cell(row.name, "dim"),
                cell(source, "dim"),
            ),
        )

    def _trend(self, row: PriceRow) -> str:
        width = self.width_of("trend")
        if not width or len(row.samples) < 2:
            return ""
        drawn = (row.sampled, width)
        if row.key not in self._trends or self._trends[row.key][0] != drawn:
            self._trends[row.key] = (drawn, sparkline(tuple(row.samples), width))
        return self._trends[row.key][1]

    def on_resize(self) -> None:
        """Name the span of time the trend covers."""
        super().on_resize()
        seconds = int(self.width_of("trend") * SAMPLE_INTERVAL)
        self.set_title("trend", f"TREND {seconds} S" if seconds < 120 else f"TREND {seconds // 60} MIN")


@lru_cache(maxsize=1024)  # the 24 hour change comes far more rarely than the price that is drawn with it
def _change(change: Decimal | None, old: bool) -> Cell:
    return cell(percent(change), "dim" if old else _direction(change))


_compact = lru_cache(maxsize=1024)(compact)


def _direction(change: Decimal | None) -> str:
    if change is None or abs(change) < Decimal("0.005"):
        return ""
    return "up" if change > 0 else "down"


def _age(how_old: str, freshness: Freshness) -> Cell:
    match freshness:
        case Freshness.OLD:
            return cell(f"old {how_old}", "warn")
        case Freshness.UNLISTED:
            return cell("no source", "warn")
        case Freshness.WAITING:
            return cell("waiting", "dim")
        case Freshness.QUIET:
            return cell(f"quiet {how_old}", "dim")
        case _:
            return cell(how_old, "dim")


def _price(row: PriceRow, old: bool) -> Cell:
    text = _aligned(row.shown)
    if old:
        return cell(text, "dim")
    if not row.flash or row.before is None:
        return cell(text, "strong")
    same = common_prefix(text, _aligned(row.before))
    return (Span(text[:same], "strong"), Span(text[same:], "flash-up" if row.flash > 0 else "flash-down"))


@lru_cache(maxsize=1024)  # called for the price before, too, which was formatted when it was new
def _aligned(value: Decimal | None) -> str:
    return aligned(UNKNOWN if value is None else price(value), WHOLE, MOST_DECIMALS)
