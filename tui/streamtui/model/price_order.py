"""The orders in which prices can stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

from streamtui.model.price_row import PriceRow


class PriceSort(StrEnum):
    """The orders of the price table, in the order in which the key goes through them."""

    OWN = "own order"
    SYMBOL = "symbol"
    PRICE = "price"
    CHANGE = "24 h change"
    VOLUME = "volume"
    AGE = "age"
    TREND = "trend"
    NAME = "name"
    SOURCE = "source"


def in_order(rows: Iterable[PriceRow], sort: PriceSort, *, backwards: bool = False) -> list[PriceRow]:
    """Return rows in an order; a row whose value is not known comes last, whichever way round.

    Args:
        rows: What to sort.
        sort: By what. The first order is the largest first for numbers, A to Z for texts.
        backwards: Whether the order is turned round.
    """
    rows = sorted(rows, key=lambda row: row.number)
    value = _VALUES.get(sort)
    if value is None:
        return rows[::-1] if backwards else rows
    known = [(found, row) for row in rows if (found := value(row)) is not None]
    known.sort(key=lambda pair: pair[0], reverse=(sort in LARGEST_FIRST) != backwards)
    return [*(row for _, row in known), *(row for row in rows if value(row) is None)]


def _of_update(name: str) -> Callable[[PriceRow], Any]:
    return lambda row: getattr(row.update, name, None)


_VALUES: dict[PriceSort, Callable[[PriceRow], Any]] = {
    PriceSort.SYMBOL: lambda row: row.token.symbol.casefold(),
    PriceSort.PRICE: _of_update("price"),
    PriceSort.CHANGE: _of_update("change_24h"),
    PriceSort.VOLUME: _of_update("volume_24h"),
    PriceSort.AGE: _of_update("ts"),
    PriceSort.TREND: PriceRow.trend,
    PriceSort.NAME: lambda row: row.name.casefold() or None,
    PriceSort.SOURCE: _of_update("provider"),
}
LARGEST_FIRST = {PriceSort.PRICE, PriceSort.CHANGE, PriceSort.VOLUME, PriceSort.AGE, PriceSort.TREND}
"""Of ages the youngest comes first, which is the largest point in time."""
