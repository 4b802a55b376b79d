"""The price table, which turns the rows of the price list into cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

from streamcore import PriceColumn, Source
from streamtui.format.ages import age
from streamtui.format.cells import Cell, Span, cell
from streamtui.format.numbers import (
    MOST_DECIMALS,
    UNKNOWN,
    aligned,
    basis_points,
    common_prefix,
    compact,
    percent,
    price,
)
from streamtui.format.sparkline import sparkline
from streamtui.model.price_order import LARGEST_FIRST, PriceSort
from streamtui.model.price_row import Freshness, PriceRow
from streamtui.widgets.line_table import LineTable
from streamtui.widgets.price_columns import SORTS, WHOLE, columns_of

_COLUMN_OF = {sort: column for column, sort in SORTS.items()}
CellMaker: TypeAlias = "Callable[[PriceRow, float, Freshness], Cell]"
"""Makes a cell from a row, the Unix seconds now, and what the age of its price means."""


class PriceTable(LineTable):
    """The prices."""

    def __init__(self, columns: Iterable[PriceColumn], *, id: str) -> None:  # noqa: A002 - Textual's word
        names = tuple(columns)
        super().__init__(columns_of(names), id=id)
        self._makers = self._makers_of(names)
        self._trends: dict[str, tuple[tuple[int, int], str]] = {}
        """By row: the version of the trend and the width that were drawn, and the drawing."""

    def choose_columns(self, columns: Iterable[PriceColumn]) -> None:
        """Have these columns from now on; the rows are to be shown again."""
        names = tuple(columns)
        self._makers = self._makers_of(names)
        self.set_columns(columns_of(names))

    def _makers_of(self, names: Iterable[PriceColumn]) -> list[CellMaker]:
        own: dict[PriceColumn, CellMaker] = {PriceColumn.TREND: self._trend}
        return [own.get(name) or _MAKERS[name] for name in names]

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
        self.put(row.key, [make(row, at, freshness) for make in self._makers])

    def _trend(self, row: PriceRow, at: float, freshness: Freshness) -> Cell:
        width = self.width_of("trend")
        if not width or not row.trend.has_past:
            return cell("")
        drawn = (row.trend.version, width)
        known = self._trends.get(row.key)
        if known is None or known[0] != drawn:
            known = self._trends[row.key] = (drawn, sparkline(row.trend.samples(width)))
        return cell(known[1], "dim")


@lru_cache(maxsize=256)  # the 24 hour change comes far more rarely than the price that is drawn with it
def _change(change: Decimal | None, old: bool) -> Cell:
    return cell(percent(change), "dim" if old else _direction(change))


_compact = lru_cache(maxsize=256)(compact)


def _direction(change: Decimal | None) -> str:
    if change is None or abs(change) < Decimal("0.005"):
        return ""
    return "up" if change > 0 else "down"


_price_text = lru_cache(maxsize=512)(price)
_kept = lru_cache(maxsize=1024)(cell)
"""Makes cells of what seldom changes."""


def _symbol(row: PriceRow, at: float, freshness: Freshness) -> Cell:
    return _kept(row.token.symbol, "dim" if freshness is Freshness.OLD else "strong")


def _change_of(row: PriceRow, at: float, freshness: Freshness) -> Cell:
    return _change(row.update.change_24h if row.update else None, freshness is Freshness.OLD)


def _volume(row: PriceRow, at: float, freshness: Freshness) -> Cell:
    return _kept(_compact(row.update.volume_24h if row.update else None), _style(freshness))


def _name(row: PriceRow, at: float, freshness: Freshness) -> Cell:
    return _kept(row.name, "dim")


def _source(row: PriceRow, at: float, freshness: Freshness) -> Cell:
    update = row.update
    if update is None:
        return _kept("", "dim")
    polled = update.source is Source.POLL
    return _kept(f"{update.provider} poll" if polled else update.provider, "dim")


def _market_price(field: str) -> CellMaker:
    def make(row: PriceRow, at: float, freshness: Freshness) -> Cell:
        return cell(_price_text(getattr(row.update, field, None)), _style(freshness))

    return make


def _high(row: PriceRow, at: float, freshness: Freshness) -> Cell:
    return cell(_price_text(row.high_24h), _style(freshness))


def _low(row: PriceRow, at: float, freshness: Freshness) -> Cell:
    return cell(_price_text(row.low_24h), _style(freshness))


def _spread(row: PriceRow, at: float, freshness: Freshness) -> Cell:
    return cell(basis_points(row.update.spread if row.update else None), _style(freshness))


def _trades(row: PriceRow, at: float, freshness: Freshness) -> Cell:
    count = row.update.trades_24h if row.update else None
    return cell(_compact(None if count is None else Decimal(count)), _style(freshness))


def _style(freshness: Freshness) -> str:
    return "dim" if freshness is Freshness.OLD else ""


def _age(row: PriceRow, at: float, freshness: Freshness) -> Cell:
    how_old = age(row.age(at))
    match freshness:
        case Freshness.OLD:
            # a price just confirmed is old all the same where the way to its source is lost
            return cell("old" if how_old == "now" else f"old {how_old}", "warn")
        case Freshness.UNLISTED:
            return cell("no source", "warn")
        case Freshness.WAITING:
            return cell("waiting", "dim")
        case Freshness.QUIET:
            return cell(f"quiet {how_old}", "dim")
        case _:
            return _kept(how_old, "dim")


def _price(row: PriceRow, at: float, freshness: Freshness) -> Cell:
    text = _aligned(row.shown)
    if freshness is Freshness.OLD:
        return cell(text, "dim")
    if not row.flash or row.before is None:
        return cell(text, "strong")
    end = len(text.rstrip())  # what fills up the column is not changed, and would be underlined
    same = min(end, common_prefix(text, _aligned(row.before)))
    changed = Span(text[same:end], "flash-up" if row.flash > 0 else "flash-down")
    return (Span(text[:same], "strong"), changed, Span(text[end:], "strong"))


@lru_cache(maxsize=256)  # called for the price before, too, which was formatted when it was new
def _aligned(value: Decimal | None) -> str:
    return aligned(UNKNOWN if value is None else price(value), WHOLE, MOST_DECIMALS)


_MAKERS: dict[PriceColumn, CellMaker] = {
    PriceColumn.SYMBOL: _symbol,
    PriceColumn.PRICE: _price,
    PriceColumn.CHANGE: _change_of,
    PriceColumn.VOLUME: _volume,
    PriceColumn.AGE: _age,
    PriceColumn.NAME: _name,
    PriceColumn.SOURCE: _source,
    PriceColumn.BID: _market_price("bid"),
    PriceColumn.ASK: _market_price("ask"),
    PriceColumn.SPREAD: _spread,
    PriceColumn.HIGH: _high,
    PriceColumn.LOW: _low,
    PriceColumn.VWAP: _market_price("vwap_24h"),
    PriceColumn.TRADES: _trades,
}
