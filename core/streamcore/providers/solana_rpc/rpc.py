"""Calling the methods of a Solana node: what whoever calls relies on, and what may go wrong."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

import msgspec

from streamcore.providers.decoding import Undecodable, content
from streamcore.providers.http_errors import malformed_answer
from streamcore.providers.solana_rpc.messages import RpcError

T = TypeVar("T")


class RpcFailure(Exception):
    """A JSON-RPC error that may mean something other than trouble; ``error`` is as it came."""

    def __init__(self, error: RpcError) -> None:
        self.error = error
        super().__init__(error.text)


class Rpc(Protocol):
    """Calls a node's methods."""

    async def call(self, method: str, params: list[Any], shape: type[T]) -> T:
        """Return the result of one call, read as ``shape``.

        Raises:
            RpcFailure: The node answered with an error about this call alone.
            ProviderError: The node refused, or could not be reached.
        """
        ...


def read_result(result: msgspec.Raw, shape: type[T], title: str, method: str) -> T:
    """Return a call's result.

    Raises:
        ProviderError: It is not of that shape.
    """
    try:
        return content(result, shape)
    except Undecodable as error:
        raise malformed_answer(title, method, error) from error
