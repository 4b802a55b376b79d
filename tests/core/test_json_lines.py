"""Events as lines of JSON, and lines of JSON as events."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from properties import quick
from sample_events import SOL, price, status, transaction, trouble

from streamcore import MalformedEvent, StreamcoreError, from_json, printable, to_json
from streamcore.events import (
    MARKET_FIELDS,
    PRICE_FIELDS,
    ErrorKind,
    Event,
    PriceKind,
    PriceUpdate,
    Source,
    State,
    StatusChange,
    StreamError,
    TokenChange,
    TransactionType,
    WalletTransaction,
)
from streamcore.json_lines import from_newer_json


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


def test_high_and_low_are_in_the_line_only_where_the_source_tells_them() -> None:
    told = json.loads(to_json(price(high_24h=Decimal("155.90"), low_24h=Decimal("0.00000012"))))
    assert (told["high_24h"], told["low_24h"]) == ("155.90", "0.00000012")
    assert not {*MARKET_FIELDS} & json.loads(to_json(price())).keys()


def test_what_an_exchange_tells_of_its_market_comes_after_all_else_and_is_read_back() -> None:
    event = price(
        bid=Decimal("150.40"), ask=Decimal("150.50"), vwap_24h=Decimal("1E-7"), trades_24h=64639,
        high_24h=Decimal("155.90"), low_24h=Decimal("0.00000012"),
    )  # fmt: skip
    line = to_json(event)
    assert line.decode().endswith(
        '"changed":["price"],"high_24h":"155.90","low_24h":"0.00000012",'
        '"bid":"150.40","ask":"150.50","vwap_24h":"0.0000001","trades_24h":64639}'
    )
    assert from_json(line) == event


def test_an_event_that_came_through_a_relay_names_it() -> None:
    event = msgspec.structs.replace(trouble(), relay="127.0.0.1:8787")
    assert to_json(event).endswith(b',"relay":"127.0.0.1:8787"}')
    assert from_json(to_json(event)) == event
    assert b"relay" not in to_json(trouble())


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
whole = st.integers(0, 2**63 - 1)
seconds = st.floats(0, 1e11, allow_nan=False)
# a token can have no, or more decimals than fit into any column
amounts = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20
) | st.builds(Decimal, st.sampled_from(["0E-12", "1E+3", "-1.50", "1e-255", "123456789.000000001"]))
common: dict[str, Any] = {
    "provider": texts,
    "ts": seconds,
    "demo": st.booleans(),
    "relay": st.none() | texts,
}
FIELDS: dict[type[Event], dict[str, st.SearchStrategy[Any]]] = {
    PriceUpdate: {
        **common,
        "symbol": texts,
        "address": st.none() | texts,
        "kind": st.sampled_from(PriceKind),
        "source": st.sampled_from(Source),
        "changed": st.lists(st.sampled_from(PRICE_FIELDS), unique=True).map(tuple),
        **dict.fromkeys(PRICE_FIELDS, st.none() | amounts),
        **dict.fromkeys(MARKET_FIELDS, st.none() | amounts),
        "trades_24h": st.none() | whole,
    },
    WalletTransaction: {
        **common,
        **dict.fromkeys(("wallet", "signature", "summary"), texts),
        **dict.fromkeys(("counterparty", "program", "error", "action"), st.none() | texts),
        **dict.fromkeys(("sol_change", "fee", "rent", "tip"), st.none() | amounts),
        "counterparties": st.lists(texts, max_size=3).map(tuple),
        "slot": whole,
        "block_time": st.none() | whole,
        "type": st.sampled_from(TransactionType),
        "token_changes": st.lists(
            st.builds(TokenChange, mint=texts, symbol=st.none() | texts, amount=amounts), max_size=3
        ).map(tuple),
        "source": st.sampled_from(Source),
    },
    StatusChange: {
        **common,
        "state": st.sampled_from(State),
        "reason": st.none() | texts,
        **dict.fromkeys(("retry_in", "latency_ms"), st.none() | seconds),
        **dict.fromkeys(("fallback", "stale"), st.booleans()),
        **dict.fromkeys(("attempt", "subscriptions", "messages_received", "messages_sent"), whole),
        **dict.fromkeys(("bytes_received", "bytes_sent", "dropped", "reconnects"), whole),
        "uptime": seconds,
    },
    StreamError: {
        **common,
        "kind": st.sampled_from(ErrorKind),
        "message": texts,
        "retryable": st.booleans(),
    },
}


@pytest.mark.parametrize("kind", FIELDS)
def test_every_event_that_is_written_can_be_read_again(kind: type[Event]) -> None:
    assert set(FIELDS[kind]) == {field.name for field in msgspec.structs.fields(kind)}

    @quick
    @given(st.builds(kind, **FIELDS[kind]))
    def check(event: Event) -> None:
        line = to_json(event)
        again = from_json(line)
        assert again == event
        assert type(again) is type(event)
        assert to_json(again) == line

    check()


@pytest.mark.parametrize("event", [price(), transaction(), status(), trouble()])
def test_fields_that_are_not_known_here_are_passed_over(event: Event) -> None:
    line = json.loads(to_json(event))
    line["later"] = {"deep": [1, None, {"more": "1.5"}]}
    for change in line.get("token_changes", ()):
        change["decimals"] = 6
    assert from_json(json.dumps(line)) == event


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "truncated"),
        (b"\xff\xfe", ""),
        ('{"event":"price"', "truncated"),
        ("[]", "object"),
        ("{}", "event"),
        ('{"event":"weather"}', "weather"),
        (b'{"later":' + b"[" * 100_000, "recursion"),
        (to_json(price()).replace(b'"150.5"', b'"a lot"'), "price"),
        (to_json(price()).replace(b'"150.5"', b'"NaN"'), "NaN is no amount"),
        (to_json(price()).replace(b'"150.5"', b'"1e999999"'), "1E+999999 is no amount"),
        (to_json(transaction()).replace(b'"-171.25"', b'"-Infinity"'), "-Infinity is no amount"),
        (to_json(transaction()).replace(b'"received"', b'"stolen"'), "stolen"),
        (to_json(trouble()).replace(b'"ts"', b'"when"'), "ts"),
        (to_json(status()).replace(b'"attempt":2', b'"attempt":"2"'), "attempt"),
    ],
    ids=lambda value: str(value)[-20:],
)
def test_a_line_that_is_no_event_is_refused_with_the_reason(line: bytes | str, reason: str) -> None:
    with pytest.raises(MalformedEvent) as refused:
        from_json(line)
    assert reason in refused.value.reason
    assert len(refused.value.line) <= 120
    assert refused.value.line in str(refused.value)
    assert isinstance(refused.value, StreamcoreError)


def test_words_of_a_newer_version_become_the_nearest_that_are_known_where_that_is_wanted() -> None:
    for event, old, new, wanted in (
        (transaction(), b'"received"', b'"stolen"', {"type": TransactionType.MULTI}),
        (transaction(), b'"source":"stream"', b'"source":"pigeon"', {"source": Source.STREAM}),
        (price(), b'"source":"stream"', b'"source":"pigeon"', {"source": Source.STREAM}),
        (trouble(), b'"kind":"auth"', b'"kind":"weather"', {"kind": ErrorKind.SERVER}),
    ):
        line = to_json(event)
        assert old in line
        assert from_newer_json(line) == event
        assert from_newer_json(line.replace(old, new)) == msgspec.structs.replace(event, **wanted)


@pytest.mark.parametrize(
    "line", [b"", b"[]", b'{"event":"weather"}', b'{"event":[]}', b"[" * 100_000, b"\xff"]
)
def test_a_line_that_is_no_event_of_any_version_is_refused(line: bytes) -> None:
    with pytest.raises(MalformedEvent):
        from_newer_json(line)


@quick
@given(st.binary(max_size=200) | st.text(max_size=200))
@example('{"event":"price","symbol":"\x1b[2J\u202e"')
@example('{"event":"error","provider":"\ud800"}')
def test_nothing_but_an_event_or_our_own_error_comes_of_any_line(line: bytes | str) -> None:
    with pytest.raises(MalformedEvent) as refused:
        from_json(line)
    for text in (refused.value.line, refused.value.reason):
        assert printable(text) == text
