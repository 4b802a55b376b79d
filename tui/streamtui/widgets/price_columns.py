"""The columns a price table can have: their titles, their widths, and what a click on a title sorts by."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from streamcore import PriceColumn
from streamtui.format.numbers import MOST_DECIMALS
from streamtui.model.price_order import PriceSort
from streamtui.widgets.columns import Column

WHOLE = 7
"""Cells for the digits before the decimal point: ``100,000``."""
_MARKET_PRICE = WHOLE + 5
"""Cells of a further price, which is not aligned at its point."""

_COLUMNS = (
    Column("symbol", "SYMBOL", 9),
    Column("price", f"{'PRICE $':>{WHOLE + 3}}", WHOLE + 1 + MOST_DECIMALS),
    Column("change", "24 H", 11, "right"),
    Column("volume", "VOLUME", 7, "right"),
    Column("age", "AGE", 9, "right"),
    Column("trend", "TREND 24 H", 12, "right", grows=28),
    Column("name", "NAME", 20, grows=12),
    Column("source", "SOURCE", 12),
    Column("bid", "BID", _MARKET_PRICE, "right"),
    Column("ask", "ASK", _MARKET_PRICE, "right"),
    Column("spread", "SPREAD", 8, "right"),
    Column("high", "HIGH 24 H", _MARKET_PRICE, "right"),
    Column("low", "LOW 24 H", _MARKET_PRICE, "right"),
    Column("vwap", "VWAP 24 H", _MARKET_PRICE, "right"),
    Column("trades", "TRADES", 7, "right"),
)
_BY_NAME = {PriceColumn(column.key): column for column in _COLUMNS}

MEANINGS = {
    PriceColumn.SYMBOL: "the ticker",
    PriceColumn.PRICE: "in US dollars",
    PriceColumn.CHANGE: "over 24 hours",
    PriceColumn.VOLUME: "traded in 24 hours, US dollars",
    PriceColumn.AGE: "since a source confirmed the price",
    PriceColumn.TREND: "the price over 24 hours",
    PriceColumn.NAME: "of the asset behind the ticker",
    PriceColumn.SOURCE: "where the price is from",
    PriceColumn.BID: "the best offer to buy, as of the last trade",
    PriceColumn.ASK: "the best offer to sell",
    PriceColumn.SPREAD: "between bid and ask, hundredths of a percent",
    PriceColumn.HIGH: "the highest price of 24 hours",
    PriceColumn.LOW: "the lowest price of 24 hours",
    PriceColumn.VWAP: "average price of 24 hours by amount traded",
    PriceColumn.TRADES: "in 24 hours",
}
"""What each column says, for the dialog that chooses them."""

SORTS: dict[str, PriceSort] = {
    "symbol": PriceSort.SYMBOL,
    "price": PriceSort.PRICE,
    "change": PriceSort.CHANGE,
    "volume": PriceSort.VOLUME,
    "age": PriceSort.AGE,
    "trend": PriceSort.TREND,
    "name": PriceSort.NAME,
    "source": PriceSort.SOURCE,
    "bid": PriceSort.BID,
    "ask": PriceSort.ASK,
    "spread": PriceSort.SPREAD,
    "high": PriceSort.HIGH,
    "low": PriceSort.LOW,
    "vwap": PriceSort.VWAP,
    "trades": PriceSort.TRADES,
}
"""What a click on the title of a column sorts by."""


def columns_of(names: Iterable[PriceColumn]) -> list[Column]:
    """Return the columns of these names; where there is no room for all, the last are left out first."""
    return [replace(_BY_NAME[name], rank=rank) for rank, name in enumerate(names)]
