"""The result of a call, and a failure that is about the call alone."""

from __future__ import annotations

import msgspec
import pytest

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.solana_rpc.messages import RpcError
from streamcore.providers.solana_rpc.rpc import RpcFailure, read_result


def test_a_result_is_read_as_the_shape_that_is_hoped_for() -> None:
    assert read_result(msgspec.Raw(b"[1, 2]"), list[int], "the node", "getThings") == [1, 2]


def test_a_result_of_another_shape_is_a_protocol_error_that_names_node_and_method() -> None:
    with pytest.raises(ProviderError) as caught:
        read_result(msgspec.Raw(b'{"a": 1}'), list[int], "the node", "getThings")
    assert caught.value.kind is ErrorKind.PROTOCOL
    assert caught.value.message.startswith("the node answered getThings with something unreadable")


def test_a_failure_keeps_the_error_as_it_came() -> None:
    error = RpcError(code=-32012, message="no")
    assert RpcFailure(error).error is error
