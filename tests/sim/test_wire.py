"""What every wire has to carry."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from properties import quick

from streamsim.wire import exact, is_address, iso_seconds


@quick
@given(st.decimals(min_value=Decimal("1e-12"), max_value=Decimal("1e12"), allow_nan=False))
def test_an_exact_number_survives_a_double(value: Decimal) -> None:
    rounded = exact(value)
    assert Decimal(repr(float(rounded))) == rounded
    assert abs(rounded - value) <= abs(value) * Decimal("1e-14")


def test_a_point_in_time_is_written_in_whole_seconds() -> None:
    assert iso_seconds(1_733_821_667.9) == "2024-12-10T09:07:47"


def test_an_address_is_32_bytes_in_base58() -> None:
    assert is_address("So11111111111111111111111111111111111111112")
    for other in (None, 5, "", "So1", "0" * 44, "1" * 33, "z" * 44):
        assert not is_address(other), other
