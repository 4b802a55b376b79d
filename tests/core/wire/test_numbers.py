from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import quick

from streamcore.errors import MalformedMessage
from streamcore.wire.numbers import pack, plain, plain_of, unpack

finite = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40)


def test_the_example_of_the_specification() -> None:
    assert pack(Decimal("171.26")) == 17126 * 32 + 2
    assert unpack(17126 * 32 + 2) == Decimal("171.26")


@quick
@given(finite)
def test_every_number_comes_back_exactly(value: Decimal) -> None:
    assert unpack(pack(value)) == value
    assert unpack(plain(value)) == value


@quick
@given(finite)
def test_a_packed_number_has_the_plain_digits_that_were_sent(value: Decimal) -> None:
    assert plain_of(pack(value)) == format(value, "f")


@pytest.mark.parametrize("text", ["171.260", "0.00", "-0.00", "1.50", "0.000000012583000"])
def test_trailing_zeros_and_a_negative_zero_are_kept(text: str) -> None:
    assert str(unpack(pack(Decimal(text)))) == str(Decimal(text))


def test_a_number_that_fits_takes_no_more_than_64_bits() -> None:
    most = Decimal(2**58 - 1)
    assert isinstance(pack(most), int)
    assert isinstance(pack(-most - 1), int)
    assert -(2**63) <= pack(-most - 1) < 2**63  # type: ignore[operator]
    assert isinstance(pack(most + 1), str)
    assert isinstance(pack(Decimal(1).scaleb(-31)), int)
    assert isinstance(pack(Decimal(1).scaleb(-32)), str)


@pytest.mark.parametrize(
    "text", ["", "1e9", "1E999999", "NaN", "Infinity", "0x10", "1_000", " 1", "1.", ".5", "٣"]
)
def test_a_text_that_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(MalformedMessage):
        unpack(text)


def test_a_megabyte_of_digits_is_refused() -> None:
    with pytest.raises(MalformedMessage):
        unpack("1" * 1_000_000)
