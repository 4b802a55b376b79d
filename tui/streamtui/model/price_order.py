"""The orders in which prices can stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

from streamtui.model.price_row import PriceRow


class PriceSort(StrEnum):
    """The orders of the price table."""

    OWN = "own order"
    SYMBOL = "symbol"
    PRICE = "price"
    CHANGE = "24 h change"
    VOLUME = "volume"
    AGE = "age"
    TREND = "trend"
    NAME = "name"
    SOURCE = "source"
    BID = "bid"
    ASK = "ask"
    SPREAD = "spread"
    HIGH = "24 h high"
    LOW = "24 h low"
    VWAP = "24 h average"
    TRADES = "trades"


def in_order(rows: Iterable[PriceRow], sort: PriceSort, *, backwards: bool = False) -> list[PriceRow]:
    """Return rows in an order; a row whose value is not known comes last, whichever way round.

    Args:
        rows: What to sort.
        sort: By what. The first order is the largest first for numbers but a spread, A to Z for texts.
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
    PriceSort.TREND: lambda row: row.trend.change(),
    PriceSort.NAME: lambda row: row.name.casefold() or None,
    PriceSort.SOURCE: _of_update("provider"),
    PriceSort.BID: _of_update("bid"),
    PriceSort.ASK: _of_update("ask"),
    PriceSort.SPREAD: _of_update("spread"),
    PriceSort.HIGH: lambda row: row.high_24h,
    PriceSort.LOW: lambda row: row.low_24h,
    PriceSort.VWAP: _of_update("vwap_24h"),
    PriceSort.TRADES: _of_update("trades_24h"),
}
LARGEST_FIRST = set(PriceSort) - {
    PriceSort.OWN,
    PriceSort.SYMBOL,
    PriceSort.NAME,
    PriceSort.SOURCE,
    PriceSort.SPREAD,
}
"""Of ages the youngest comes first, which is the largest point in time."""
