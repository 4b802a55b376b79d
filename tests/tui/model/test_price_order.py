"""The orders of the prices."""

from __future__ import annotations

from decimal import Decimal

from sample_events import price

from streamcore.assets.tokens import Token
from streamtui.model.price_order import PriceSort, in_order
from streamtui.model.price_row import PriceRow
from streamtui.model.trend import SLOT


def row(number: int, symbol: str, value: str | None) -> PriceRow:
    made = PriceRow(symbol, Token(symbol=symbol, name="", mint=""), number)
    if value is not None:
        made.update = price(symbol, value, address=None)
    return made


def symbols(rows: list[PriceRow]) -> list[str]:
    return [one.key for one in rows]


ROWS = [row(2, "b", "10"), row(3, "c", None), row(1, "a", "20"), row(4, "d", None)]


def test_one_s_own_order_goes_by_the_number_of_the_row() -> None:
    assert symbols(in_order(ROWS, PriceSort.OWN)) == ["a", "b", "c", "d"]
    assert symbols(in_order(ROWS, PriceSort.OWN, backwards=True)) == ["d", "c", "b", "a"]


def test_numbers_begin_with_the_largest_and_texts_with_a() -> None:
    assert symbols(in_order(ROWS, PriceSort.PRICE)) == ["a", "b", "c", "d"]
    assert symbols(in_order(ROWS, PriceSort.SYMBOL)) == ["a", "b", "c", "d"]


def test_what_is_not_known_comes_last_whichever_way_round() -> None:
    assert symbols(in_order(ROWS, PriceSort.PRICE, backwards=True)) == ["b", "a", "c", "d"]


def test_equal_values_keep_their_own_order() -> None:
    rows = [row(number, key, "5") for number, key in ((3, "z"), (1, "y"), (2, "x"))]
    assert symbols(in_order(rows, PriceSort.PRICE)) == ["y", "x", "z"]


def test_a_trend_is_the_change_over_the_samples() -> None:
    rising, falling = row(1, "up", "2"), row(2, "down", "1")
    for one, prices in ((rising, (1, 2)), (falling, (2, 1))):
        for number, value in enumerate(prices):
            one.trend.add(number * SLOT, Decimal(value))
    assert symbols(in_order([falling, rising], PriceSort.TREND)) == ["up", "down"]
