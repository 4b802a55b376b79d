"""JSON-RPC 2.0 as Solana nodes speak it, over WebSocket and over HTTP: shapes, errors, subscriptions.

Source: solana.com/docs/rpc, the JSON-RPC 2.0 specification.
"""

from __future__ import annotations

from typing import Any

import msgspec

from streamcore.net.transport import Frame
from streamcore.providers.decoding import Undecodable, json_as

COMMITMENT = "confirmed"
"""The first commitment that is not taken back; what is ``processed`` may be forked away without notice."""

MAX_TRANSACTION_VERSION = 1
"""Version 1 is on mainnet since September 2026; asking for 0 loses every such transaction."""

METHOD_NOT_FOUND = -32601
INVALID_REQUEST = -32600
INVALID_PARAMS = -32602


class RpcError(msgspec.Struct, frozen=True):
    """The error member of a response."""

    code: int = 0
    message: object = ""

    @property
    def text(self) -> str:
        """The message, also when it is not text."""
        return self.message if isinstance(self.message, str) else repr(self.message)


class Params(msgspec.Struct, frozen=True):
    """The parameters of a notification."""

    subscription: int
    result: msgspec.Raw


class Message(msgspec.Struct, frozen=True):
    """Anything a node sends: a response (``id``, ``result`` or ``error``) or a notification (``method``)."""

    id: object = None
    result: msgspec.Raw = msgspec.Raw(b"")
    error: RpcError | None = None
    method: str = ""
    params: Params | None = None

    @property
    def has_result(self) -> bool:
        """Whether there is a result, also beside an error: an answer in part is of use."""
        return bytes(self.result) not in (b"", b"null")


def read(frame: Frame) -> Message:
    """Read one message.

    Raises:
        Undecodable: It is no JSON-RPC message.
    """
    message = json_as(frame, Message)
    if not message.method and message.error is None and not bytes(message.result):
        raise Undecodable("neither a response nor a notification")
    return message


def request(number: int, method: str, params: list[Any] | None = None) -> dict[str, Any]:
    """Return a request; ``number`` is its id, unique on its connection."""
    message: dict[str, Any] = {"jsonrpc": "2.0", "id": number, "method": method}
    if params is not None:
        message["params"] = params
    return message


def encoded(message: dict[str, Any]) -> str:
    """Return a request as the text of a frame."""
    return msgspec.json.encode(message).decode()


def transaction_options() -> dict[str, Any]:
    """Return the options every request for a transaction shares."""
    return {
        "encoding": "jsonParsed",
        "commitment": COMMITMENT,
        "maxSupportedTransactionVersion": MAX_TRANSACTION_VERSION,
    }
