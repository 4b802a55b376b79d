"""What the figures of a price can be, and how they are read."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import quick

from streamcore.events import MARKET_FIELDS, PRICE_FIELDS
from streamcore.providers.figures import MAX_DIGITS, MOST_TRADES, credible, read, read_trades

IMPOSSIBLE = [
    ("price", "0"),
    ("price", "-0.0"),
    ("price", "-1"),
    ("price", "NaN"),
    ("price", "sNaN"),
    ("price", "Infinity"),
    ("price", "-Infinity"),
    ("price", "1E+31"),
    ("price", "1E-31"),
    ("price", "1E+999999"),
    ("price", "1E-999999"),
    ("price", "1." + "1" * MAX_DIGITS),
    ("price", "0E+999999"),
    ("bid", "-1"),
    ("high_24h", "0"),
    ("change_24h", "-100.0001"),
    ("change_24h", "NaN"),
    ("change_24h", "1E+31"),
    ("change_24h", "0E-999999"),
    ("volume_24h", "-0.01"),
    ("volume_24h", "NaN"),
    ("volume_24h", "1E+999999999"),
    ("volume_24h", "0E+61"),
]


@pytest.mark.parametrize(("name", "value"), IMPOSSIBLE)
def test_what_cannot_be_is_not_credible(name: str, value: str) -> None:
    assert not credible(name, Decimal(value))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("price", "1E-30"),
        ("price", "9.99E+30"),
        ("price", "0.00001598090539282"),
        ("change_24h", "-100"),
        ("change_24h", "0"),
        ("change_24h", "123456.7"),
        ("volume_24h", "0"),
        ("volume_24h", "0.00"),
        ("volume_24h", "98765432109876.54"),
    ],
)
def test_what_is_odd_but_possible_is_credible(name: str, value: str) -> None:
    assert credible(name, Decimal(value))


@quick
@given(st.sampled_from(PRICE_FIELDS + MARKET_FIELDS), st.decimals())
def test_what_is_credible_can_be_written_out_in_a_line(name: str, value: Decimal) -> None:
    if credible(name, value):
        assert len(format(value, "f")) < MAX_DIGITS + 70


def test_a_figure_is_read_with_the_digits_that_were_written() -> None:
    for text in ("150.50", '"150.50"', "1.505e2", "150"):
        bad: list[str] = []
        assert str(read("price", "last", msgspec.Raw(text.encode()), bad)) == str(Decimal(text.strip('"')))
        assert bad == []


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ('"NaN"', "last: a number that is not finite"),
        ("1e999999999", "last: a number beyond all measure"),
        ("true", "last: a truth value where a number belongs"),
        ("{}", "last: something else where a number belongs"),
        ("-1", "last: an impossible price"),
        ("1e31", "last: an impossible price"),
    ],
)
def test_what_cannot_be_a_figure_is_none_and_it_is_said_why(told: str, reason: str) -> None:
    bad: list[str] = []
    assert read("price", "last", msgspec.Raw(told.encode()), bad) is None
    assert bad == [reason]


@pytest.mark.parametrize("told", ["null", "0", "0.00", '"0"'])
def test_null_and_a_price_of_zero_are_nothing_told(told: str) -> None:
    bad: list[str] = []
    assert read("price", "last", msgspec.Raw(told.encode()), bad) is None
    assert bad == []


def test_a_volume_of_zero_is_a_volume() -> None:
    assert read("volume_24h", "volume", msgspec.Raw(b"0.0"), []) == 0


@pytest.mark.parametrize(("told", "count"), [(64639, 64639), ("7", 7), (Decimal("7.0"), 7), (None, None)])
def test_a_number_of_trades_is_read_however_it_was_sent(told: object, count: int | None) -> None:
    bad: list[str] = []
    assert read_trades(told, bad) == count
    assert bad == []


@pytest.mark.parametrize("told", [0.5, "many", [], True, -1, MOST_TRADES + 1, 1e300])
def test_what_is_no_number_of_trades_is_none_and_it_is_said(told: object) -> None:
    bad: list[str] = []
    assert read_trades(told, bad) is None
    assert len(bad) == 1
