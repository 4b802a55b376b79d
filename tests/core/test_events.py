from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import quick
from sample_events import SOL, price, status, transaction, trouble

from streamcore.events import Event, PriceKind, to_json


def test_a_price_line_has_the_promised_shape() -> None:
    event = price(kind=PriceKind.SNAPSHOT, changed=("price", "change_24h", "volume_24h"))
    assert to_json(event).decode() == (
        '{"event":"price","provider":"birdeye","ts":1793311200.123,"demo":false,"symbol":"SOL",'
        f'"address":"{SOL}","kind":"snapshot","source":"stream","price":"150.5","change_24h":"3.2",'
        '"volume_24h":"1000000","changed":["price","change_24h","volume_24h"]}'
    )


def test_a_transaction_line_has_the_promised_shape() -> None:
    assert to_json(transaction()).decode() == (
        '{"event":"transaction","provider":"helius","ts":1793311201.5,"demo":false,"wallet":"w",'
        '"signature":"s1","slot":447200001,"block_time":null,"type":"received",'
        '"summary":"received 1.5 SOL","sol_change":"1.5","fee":"0",'
        '"token_changes":[{"mint":"m","symbol":"USDC","amount":"-171.25"}],'
        '"counterparty":null,"program":null,"error":null,"source":"stream",'
        '"rent":"0","tip":"0","action":null,"counterparties":[]}'
    )


def test_a_transaction_line_tells_rent_tip_action_and_everybody_on_the_other_side() -> None:
    event = transaction(
        rent=Decimal("-0.00203928"), tip=Decimal("1E-7"), action="stake", counterparties=("a", "b")
    )
    line = json.loads(to_json(event))
    assert (line["rent"], line["tip"], line["action"]) == ("-0.00203928", "0.0000001", "stake")
    assert (line["counterparty"], line["counterparties"]) == (None, ["a", "b"])


def test_a_status_line_has_the_promised_shape() -> None:
    assert to_json(status()).decode() == (
        '{"event":"status","provider":"helius","ts":1793311202.0,"demo":false,"state":"fallback",'
        '"reason":"connection lost: no close frame","attempt":2,"retry_in":1.93,"fallback":true,'
        '"stale":false,"subscriptions":3,"latency_ms":41.2,"messages_received":812,"messages_sent":4,'
        '"bytes_received":241222,"bytes_sent":830,"dropped":0,"reconnects":1,"uptime":0.0}'
    )


def test_an_error_line_has_the_promised_shape() -> None:
    assert to_json(trouble()).decode() == (
        '{"event":"error","provider":"birdeye","ts":1793311203.0,"demo":false,"kind":"auth",'
        '"message":"Birdeye refused the API key","retryable":false}'
    )


def test_what_is_unknown_is_null_and_not_zero() -> None:
    line = json.loads(to_json(price(value=None, change_24h=None, volume_24h=None)))
    assert [line["price"], line["change_24h"], line["volume_24h"]] == [None, None, None]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1.2583E-7", "0.00000012583"),
        ("1E+3", "1000"),
        ("24.586420063533236", "24.586420063533236"),
        ("150.50", "150.50"),
        ("0E-9", "0.000000000"),
    ],
)
def test_decimals_are_written_out_with_the_digits_that_came(value: str, text: str) -> None:
    assert json.loads(to_json(price(value=value)))["price"] == text


@quick
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**18), max_value=10**18, places=12))
def test_no_digit_is_lost_between_a_decimal_and_its_json(value: Decimal) -> None:
    text = json.loads(to_json(price(change_24h=value)))["change_24h"]
    assert "E" not in text
    assert Decimal(text) == value


@quick
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_outside_text_stays_on_one_line_of_valid_json(text: str) -> None:
    line = to_json(transaction(summary=text, counterparty=text))
    assert b"\n" not in line
    assert json.loads(line)["summary"] == text


@pytest.mark.parametrize("event", [price(), transaction(), status(), trouble()])
def test_events_cannot_be_changed(event: Event) -> None:
    with pytest.raises(AttributeError):
        event.provider = "another"  # type: ignore[misc]


@pytest.mark.parametrize("event", [price(), transaction(), status(), trouble()])
def test_a_line_can_be_read_back_as_the_event_it_was(event: Event) -> None:
    assert msgspec.json.decode(to_json(event), type=Event) == event


def test_high_and_low_are_in_the_line_only_where_the_source_tells_them() -> None:
    told = json.loads(to_json(price(high_24h=Decimal("155.90"), low_24h=Decimal("0.00000012"))))
    assert (told["high_24h"], told["low_24h"]) == ("155.90", "0.00000012")
    assert not {"high_24h", "low_24h"} & json.loads(to_json(price())).keys()
