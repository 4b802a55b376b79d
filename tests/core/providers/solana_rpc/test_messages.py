from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import quick

from streamcore.providers.decoding import Undecodable
from streamcore.providers.solana_rpc.messages import encoded, read, request, transaction_options


def test_a_response_has_the_id_of_its_request_and_its_result_as_it_was_written() -> None:
    message = read('{"jsonrpc":"2.0","id":7,"result":{"slot":1.50}}')
    assert (message.id, bytes(message.result), message.has_result) == (7, b'{"slot":1.50}', True)
    assert message.error is None


@pytest.mark.parametrize(
    ("result", "there_is_one"), [("0", True), ("[]", True), ("false", True), ("null", False)]
)
def test_nothing_is_no_result(result: str, there_is_one: bool) -> None:
    assert read(f'{{"id":1,"result":{result}}}').has_result is there_is_one


def test_an_answer_in_part_has_both_a_result_and_an_error() -> None:
    message = read('{"id":1,"result":[1],"error":{"code":-32005,"message":"node is behind"}}')
    assert message.has_result
    assert message.error is not None
    assert (message.error.code, message.error.text) == (-32005, "node is behind")


@pytest.mark.parametrize(
    ("said", "text"), [('"no"', "no"), ("null", "None"), ("{}", "{}"), ('["a"]', "['a']"), ("7", "7")]
)
def test_the_message_of_an_error_is_text_whatever_it_was(said: str, text: str) -> None:
    error = read(f'{{"id":1,"error":{{"code":1,"message":{said}}}}}').error
    assert error is not None
    assert error.text == text


def test_a_notification_names_its_subscription() -> None:
    message = read('{"method":"logsNotification","params":{"subscription":3,"result":{"value":{}}}}')
    assert message.params is not None
    assert (message.method, message.params.subscription) == ("logsNotification", 3)
    assert bytes(message.params.result) == b'{"value":{}}'


@pytest.mark.parametrize(
    "frame",
    ["", "{}", '{"id":1}', '{"jsonrpc":"2.0"}', "[]", "7", '{"method":"x","params":{"result":1}}', b"\xff"],
)
def test_what_is_neither_is_undecodable(frame: str | bytes) -> None:
    with pytest.raises(Undecodable):
        read(frame)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    )
)
@quick
def test_no_value_is_read_in_any_other_way(value: Any) -> None:
    try:
        read(json.dumps(value))
    except Undecodable:
        return
    assert isinstance(value, dict)


def test_a_request_without_parameters_has_no_such_member() -> None:
    assert json.loads(encoded(request(1, "getHealth"))) == {"jsonrpc": "2.0", "id": 1, "method": "getHealth"}
    assert json.loads(encoded(request(2, "getSlot", []))) == {
        "jsonrpc": "2.0",
        "id": 2,
        "method": "getSlot",
        "params": [],
    }


def test_transactions_of_every_version_are_asked_for_once_they_are_confirmed() -> None:
    options = transaction_options()
    assert (options["commitment"], options["maxSupportedTransactionVersion"]) == ("confirmed", 1)
    options["encoding"] = "mine"
    assert transaction_options()["encoding"] == "jsonParsed", "each request has options of its own"
