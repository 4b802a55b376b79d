"""The extremes of the last minutes."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from properties import quick

from streamtui.model.price_window import BUCKETS, PriceWindow


def window_of(*prices: tuple[float, str], seconds: float = 60.0) -> PriceWindow:
    window = PriceWindow(seconds)
    for at, price in prices:
        window.add(at, Decimal(price))
    return window


def change(window: PriceWindow, at: float, price: str) -> Decimal:
    return round(window.change(at, Decimal(price)), 2)


def test_the_largest_change_counts_whichever_way_it_goes() -> None:
    window = window_of((0, "100"), (10, "96"), (20, "104"))
    assert change(window, 20, "102") == Decimal("6.25")
    assert change(window, 20, "97") == Decimal("-6.73")
    assert change(window, 20, "100") == Decimal("4.17")


def test_extremes_of_one_moment_are_both_kept() -> None:
    window = window_of((0, "100"), (0.1, "96"), (0.2, "104"))
    assert change(window, 1, "102") == Decimal("6.25")
    assert change(window, 1, "98") == Decimal("-5.77")


def test_what_is_older_than_the_window_does_not_count() -> None:
    window = window_of((0, "50"), (30, "100"), (60.5, "101"))
    assert change(window, 60.5, "101") == Decimal("1.00")


def test_nothing_and_a_price_of_zero_make_no_change() -> None:
    assert change(PriceWindow(60), 0, "5") == 0
    assert change(window_of((0, "0")), 1, "5") == 0


def test_after_a_restart_only_that_price_counts() -> None:
    window = window_of((0, "50"), (1, "100"))
    window.restart(2, Decimal(100))
    assert change(window, 3, "101") == Decimal("1.00")


def test_memory_is_bounded() -> None:
    window = window_of(*((at / 2, str(100 + at % 7)) for at in range(5000)), seconds=600)
    assert len(window) <= BUCKETS + 2


@given(st.lists(st.tuples(st.floats(0.0, 30.0), st.integers(0, 20)), min_size=1, max_size=80))
@quick
def test_the_change_is_that_of_some_price_of_the_window_and_none_of_it_is_much_larger(
    steps: list[tuple[float, int]],
) -> None:
    window, seen, at = PriceWindow(60.0), [], 0.0
    for pause, value in steps:
        at += pause
        price = Decimal(value)
        window.add(at, price)
        seen.append((at, price))
        largest = {price / was - 1 for when, was in seen if was > 0 and when >= at - 60.0}
        surely = {price / was - 1 for when, was in seen if was > 0 and when >= at - 59.0}
        change = window.change(at, price) / 100
        assert any(abs(change - one) < Decimal("1e-20") for one in {*largest, Decimal(0)})
        assert all(abs(change) >= abs(one) - Decimal("1e-20") for one in surely)
