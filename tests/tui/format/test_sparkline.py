from __future__ import annotations

from streamtui.format.sparkline import sparkline


def test_the_lowest_and_highest_samples_span_the_scale() -> None:
    assert sparkline([0, 7, 14]) == "▁▅█"


def test_time_without_a_price_is_a_gap() -> None:
    assert sparkline([0, None, 1]) == "▁ █"


def test_a_price_that_does_not_move_is_a_line() -> None:
    assert sparkline([5, 5, 5]) == "▄▄▄"


def test_nothing_known_is_nothing_shown() -> None:
    assert sparkline([]) == ""
    assert sparkline([None, None]) == "  "
