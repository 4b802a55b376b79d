from __future__ import annotations

from decimal import Decimal

from streamtui.format.sparkline import sparkline


def samples(*values: int | None) -> list[Decimal | None]:
    return [None if value is None else Decimal(value) for value in values]


def test_the_lowest_and_highest_samples_span_the_scale() -> None:
    assert sparkline(samples(0, 7, 14), 3) == "▁▅█"


def test_it_is_as_wide_as_asked_with_the_newest_at_the_right() -> None:
    assert sparkline(samples(0, 1), 5) == "   ▁█"
    assert sparkline(samples(0, 1, 0, 1), 2) == "▁█"


def test_time_without_a_price_is_a_gap() -> None:
    assert sparkline(samples(0, None, 1), 3) == "▁ █"


def test_a_price_that_does_not_move_is_a_line() -> None:
    assert sparkline(samples(5, 5, 5), 3) == "▄▄▄"


def test_nothing_known_is_nothing_shown() -> None:
    assert sparkline([], 3) == "   "
    assert sparkline(samples(None, None), 2) == "  "
    assert sparkline(samples(1), 0) == ""
