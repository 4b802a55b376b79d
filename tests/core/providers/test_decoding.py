from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

import msgpack
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import quick

from streamcore.providers.decoding import (
    MAX_MAGNITUDE,
    MAX_NUMBER_TEXT,
    Undecodable,
    content,
    envelope,
    json_as,
    number,
)


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ("24.586420063533236", "24.586420063533236"),
        ("1.2583e-7", "1.2583E-7"),
        ("0.1", "0.1"),
        ("150.50", "150.50"),
        ("42518663000000000000", "42518663000000000000"),
        ("18446744073709551616", "18446744073709551616"),
        ("9007199254740993", "9007199254740993"),
        ('"12120.155172280874"', "12120.155172280874"),
        ('" 1.5 "', "1.5"),
        ("-5.833510393308625", "-5.833510393308625"),
    ],
)
def test_a_number_keeps_exactly_the_digits_that_were_sent(sent: str, text: str) -> None:
    assert str(number(json_as(sent, object))) == text


def test_null_is_nothing_said() -> None:
    assert number(None) is None


def test_a_binary_double_is_read_as_its_shortest_decimal() -> None:
    assert number(msgpack.unpackb(msgpack.packb(0.1))) == Decimal("0.1")


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        "",
        " ",
        "free",
        "1,5",
        "0x10",
        "1" * (MAX_NUMBER_TEXT + 1),
        [],
        {},
        b"1",
        msgpack.Timestamp(1),
        "NaN",
        "sNaN",
        "-Infinity",
        "inf",
        float("nan"),
        float("inf"),
        Decimal("NaN"),
        "1e999999999",
        Decimal("1e-309"),
        Decimal("0e-999999"),
    ],
)
def test_what_is_no_finite_number_is_refused(value: object) -> None:
    with pytest.raises(Undecodable):
        number(value)


@quick
@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_decimals_survive_the_way_through_json_as_number_and_as_string(value: Decimal) -> None:
    if abs(value.adjusted()) > MAX_MAGNITUDE:
        return
    assert number(json_as(f"[{value}]", list[object])[0]) == value
    assert len(str(value)) > MAX_NUMBER_TEXT or number(str(value)) == value


def test_an_envelope_is_read_from_json_text_and_from_messagepack_alike() -> None:
    message = {"type": "delta", "data": {"price": 1.5}}
    assert envelope(msgpack.packb(message)).data == {"price": 1.5}
    assert bytes(envelope('{"type":"delta","data":{"price":1.5}}').data) == b'{"price":1.5}'  # type: ignore[call-overload]


def test_an_envelope_may_lack_data() -> None:
    assert content(envelope('{"type":"WELCOME"}').data, object) is None
    assert envelope(msgpack.packb({"type": "WELCOME"})).data is None


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "{",
        "null",
        "[]",
        "{}",
        '{"type":1}',
        '{"type":null}',
        '{"type":"a"} x',
        "\ud800",
        '{"type":"\\ud800"}',
        "[" * 100_000,
        b"",
        b"\xc1",
        b"\x81",
        b"\x91" * 100_000,
        msgpack.packb({"type": 5}),
        msgpack.packb([1]),
        msgpack.packb({"type": "a"}) + b"\x00",
        b"\x81\xa4type\xa1\xff",
        b"\x81\x81\x01\x02\x03",
    ],
)
def test_a_frame_without_sense_is_undecodable_and_nothing_else(frame: str | bytes) -> None:
    with pytest.raises(Undecodable):
        envelope(frame)


def test_the_reason_never_quotes_what_was_sent() -> None:
    secret = "SECRET-KEY"
    for attempt in (
        lambda: envelope(f'{{"type":["{secret}"]}}'),
        lambda: json_as(f'"{secret}"', int),
        lambda: content({"a": secret}, dict[str, int]),
        lambda: number(secret),
    ):
        with pytest.raises(Undecodable) as caught:
            attempt()
        assert secret not in str(caught.value)


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"1e99999999999999999999", b"9" * 6000])
def test_a_body_that_is_not_json_is_undecodable(body: bytes) -> None:
    with pytest.raises(Undecodable):
        json_as(body, object)


def test_the_inside_must_be_of_the_shape() -> None:
    with pytest.raises(Undecodable):
        content(msgspec.Raw(b'{"a":1}'), list[int])
    with pytest.raises(Undecodable):
        content({"a": 1}, list[int])


@quick
@given(st.one_of(st.binary(), st.text()))
def test_any_frame_is_an_envelope_or_undecodable(frame: str | bytes) -> None:
    with suppress(Undecodable):
        assert isinstance(envelope(frame).type, str)
