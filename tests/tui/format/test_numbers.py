from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import quick

from streamcore import PriceColumn
from streamtui.format import numbers
from streamtui.widgets.price_columns import WHOLE, columns_of


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("100000", "100,000.00"),
        ("63123.456", "63,123.46"),
        ("150.5", "150.50"),
        ("99.99996", "100.0000"),
        ("12.34567", "12.3457"),
        ("1", "1.0000"),
        ("0.99987", "0.9999"),
        ("0.5", "0.5000"),
        ("0.0123456", "0.01235"),
        ("0.00002153", "0.00002153"),
        ("0.00000123", "0.000001230"),
        ("0.0000001234567", "0.0000001235"),
        ("1.2583E-7", "0.0000001258"),
        ("0.000000001234", "0.0000000012"),
        ("0.000000000001234", "1.234e-12"),
        ("0", "0.00"),
        ("-0.5", "-0.5000"),
        ("NaN", "–"),
        ("Infinity", "–"),
    ],
)
def test_a_price_has_the_decimals_its_size_deserves(value: str, shown: str) -> None:
    assert numbers.price(Decimal(value)) == shown


def test_an_unknown_price_is_not_zero() -> None:
    assert numbers.price(None) == numbers.UNKNOWN


@given(
    st.decimals(min_value=Decimal("1e-20"), max_value=Decimal("1e9"), allow_nan=False, allow_infinity=False)
)
def test_every_price_reads_back_as_nearly_the_same_number(value: Decimal) -> None:
    shown = Decimal(numbers.price(value).replace(",", ""))
    assert abs(shown - value) <= max(abs(value) * Decimal("0.05"), Decimal("1e-25"))


def test_decimal_points_stand_below_each_other() -> None:
    column = [
        numbers.aligned(text, 7, 10) for text in ("100,000.00", "150.50", "0.00002153", "–", "1.234e-12")
    ]
    assert {len(text) for text in column} == {18}
    assert {text.index(".") for text in column if "." in text} == {7}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1.23", "▲ +1.23 %"),
        ("-1.234", "▼ -1.23 %"),
        ("0", "0.00 %"),
        ("0.004", "0.00 %"),
        ("-0.004", "0.00 %"),
        ("123.45", "▲ +123.45 %"),
        ("12345.6", "▲ +12,346 %"),
        ("123456789", "▲ +123M %"),
        ("NaN", "–"),
    ],
)
def test_a_change_has_an_arrow_and_a_sign(value: str, shown: str) -> None:
    assert numbers.percent(Decimal(value)) == shown
    assert numbers.percent(None) == "–"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0", "0"),
        ("0.5", "0.50"),
        ("950", "950"),
        ("999.6", "1.00K"),
        ("1200", "1.20K"),
        ("12345", "12.3K"),
        ("999499", "999K"),
        ("999500", "1.00M"),
        ("1200000", "1.20M"),
        ("4210000000", "4.21B"),
        ("1.5e12", "1.50T"),
        ("1.5e15", "1,500T"),
        ("-1200", "-1.20K"),
        ("NaN", "–"),
    ],
)
def test_a_volume_is_three_digits_and_a_letter(value: str, shown: str) -> None:
    assert numbers.compact(Decimal(value)) == shown
    assert numbers.compact(None) == "–"


@pytest.mark.parametrize(
    ("value", "signed", "shown"),
    [
        ("1.500", False, "1.5"),
        ("1E+3", False, "1,000"),
        ("1.2583E-7", False, "0.00000012583"),
        ("1234567.89", True, "+1,234,567.89"),
        ("-171.25", True, "-171.25"),
        ("0", True, "0"),
        ("100", False, "100"),
    ],
)
def test_an_amount_keeps_every_digit(value: str, signed: bool, shown: str) -> None:
    assert numbers.amount(Decimal(value), signed=signed) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "–"), (0, "0/s"), (0.44, "0.4/s"), (9.94, "10/s"), (9.96, "10/s"), (123.4, "123/s")],
)
def test_a_rate_says_so_when_nothing_is_known(value: float | None, shown: str) -> None:
    assert numbers.rate(value) == shown


def test_a_latency_that_was_never_measured_is_unknown() -> None:
    assert numbers.latency(None) == "–"
    assert numbers.latency(41.2) == "41 ms"
    assert numbers.latency(0.5) == "<1 ms"


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (241_222, "236 KiB"),
        (5 * 1024**2, "5.0 MiB"),
        (1024**4, "1,024 GiB"),
    ],
)
def test_a_size_has_a_unit(count: int, shown: str) -> None:
    assert numbers.size(count) == shown


def test_the_common_prefix_ends_where_texts_differ() -> None:
    assert numbers.common_prefix("150.50", "150.72") == 4
    assert numbers.common_prefix("1", "12") == 1
    assert numbers.common_prefix("", "1") == 0


WIDTHS = {column.key: column.width for column in columns_of(PriceColumn)}
ANY = st.decimals(allow_nan=True, allow_infinity=True) | st.builds(
    lambda digits, exponent, negative: Decimal((negative, digits, exponent)),
    st.lists(st.integers(0, 9), min_size=1, max_size=40),
    st.integers(-999_000, 999_000) | st.integers(-40, 40),
    st.booleans(),
)


@pytest.mark.parametrize(
    "value", ["1.5e26", "5e25", "1e999999", "-1e999999", "1e-999999", "0e999999", "9" * 40]
)
def test_an_absurd_number_is_neither_cut_nor_the_end_of_the_app(value: str) -> None:
    number = Decimal(value)
    shown = numbers.aligned(numbers.price(number), WHOLE, numbers.MOST_DECIMALS)
    assert len(shown) <= WIDTHS["price"]
    assert "e+" in shown or shown.strip() in (numbers.UNKNOWN, "0.00")
    assert len(numbers.percent(number)) <= WIDTHS["change"]
    assert len(numbers.compact(abs(number))) <= WIDTHS["volume"]
    assert numbers.amount(number)


@given(ANY)
@quick
def test_no_number_fails_or_is_wider_than_its_column(value: Decimal) -> None:
    price = numbers.price(value)
    assert len(numbers.aligned(price, WHOLE, numbers.MOST_DECIMALS)) == WIDTHS["price"]
    assert len(numbers.percent(value)) <= WIDTHS["change"]
    assert len(numbers.compact(value)) <= WIDTHS["volume"] + value.is_signed()
    assert len(numbers.amount(value, signed=True)) <= 2 * numbers.ABSURD + 60


@given(ANY)
@quick
def test_what_is_shown_of_a_price_is_of_its_size(value: Decimal) -> None:
    shown = numbers.price(value)
    if numbers.is_plausible(value) and abs(value) >= Decimal("1e-12"):
        assert abs(Decimal(shown.replace(",", "")) - value) <= abs(value) / 1000 + Decimal("1e-10")


def test_a_million_is_not_cut() -> None:
    assert numbers.aligned(numbers.price(Decimal("1234567.89")), WHOLE, numbers.MOST_DECIMALS) == (
        "1,234,567.89      "
    )
    assert numbers.percent(Decimal("123456.7")) == "▲ +123K %"
