"""The messages of Helius: JSON-RPC envelopes, filters, and the forms of transactions. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import base58
import msgspec

from streamsim.wire import is_address
from streamsim.world.chain import Expansion, Transaction

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
UNSUPPORTED_VERSION = -32015
MIN_CONTEXT_SLOT = -32016
CURSOR_NOT_FOUND = -32020
RATE_LIMITED = -32429
BAD_KEY = -32401

MAX_ADDRESSES = 50_000
"""In each list of a transaction filter."""

_FILTER_FIELDS = frozenset(
    {"accountInclude", "accountRequired", "accountExclude", "signature", "vote", "failed", "tokenAccounts"}
)


class RpcError(Exception):
    """A request is refused; the attributes are the members of the JSON-RPC error object."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


def result(identifier: object, content: Any) -> dict[str, Any]:
    """Return a success envelope."""
    return {"jsonrpc": "2.0", "result": content, "id": identifier}


def error(identifier: object, refusal: RpcError) -> dict[str, Any]:
    """Return an error envelope."""
    content: dict[str, Any] = {"code": refusal.code, "message": refusal.message}
    if refusal.data is not None:
        content["data"] = refusal.data
    return {"jsonrpc": "2.0", "error": content, "id": identifier}


def read_request(message: object) -> tuple[object, str, list[Any]]:
    """Return identifier, method and parameters of a request.

    Raises:
        RpcError: It is not a valid request.
    """
    if not isinstance(message, Mapping) or not isinstance(message.get("method"), str):
        raise RpcError(INVALID_REQUEST, "Invalid request")
    params = message.get("params", [])
    if not isinstance(params, list):
        raise RpcError(INVALID_PARAMS, "`params` should be an array")
    return message.get("id"), message["method"], params


def parameter(params: Sequence[Any], position: int) -> dict[str, Any]:
    """Return an optional object parameter, empty if it was left out.

    Raises:
        RpcError: It is something else.
    """
    given = params[position] if len(params) > position else None
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise RpcError(INVALID_PARAMS, "Invalid params: expected an object")
    return given


def is_signature(text: object) -> bool:
    """Tell whether this is a transaction signature."""
    if not isinstance(text, str) or not 64 <= len(text) <= 88:
        return False
    try:
        return len(base58.b58decode(text)) == 64
    except ValueError:
        return False


def read_expansion(given: object) -> Expansion:
    """Return the ``tokenAccounts`` option of a filter; `Expansion.NONE` when it is missing.

    Raises:
        RpcError: There is no such value.
    """
    if given is None:
        return Expansion.NONE
    try:
        return Expansion(str(given))
    except ValueError:
        message = f"Invalid tokenAccounts value '{given}', expected one of: none, balanceChanged, all"
        raise RpcError(INVALID_PARAMS, message) from None


def supported_version(options: Mapping[str, Any]) -> int | None:
    """Return the highest transaction version a client asked for, ``None`` for the legacy one only.

    Raises:
        RpcError: It is not a number.
    """
    highest = options.get("maxSupportedTransactionVersion")
    if highest is not None and (not isinstance(highest, int) or isinstance(highest, bool)):
        raise RpcError(INVALID_PARAMS, "Invalid params: invalid type for maxSupportedTransactionVersion")
    return highest


def readable(transaction: Transaction, highest: int | None) -> bool:
    """Tell whether a client that asked for versions up to ``highest`` may see a transaction."""
    return isinstance(transaction.version, str) or (highest is not None and transaction.version <= highest)


@dataclass(frozen=True, slots=True)
class TransactionFilter:
    """The filter of a ``transactionSubscribe``, and the form in which it wants transactions."""

    include: frozenset[str]
    """At least one of these must take part; empty: no condition."""
    required: frozenset[str]
    """All of these must be account keys."""
    exclude: frozenset[str]
    """None of these may be an account key."""
    signature: str | None
    failed: bool | None
    """``True``: only failed ones, ``False``: only successful ones, ``None``: both."""
    expansion: Expansion
    highest_version: int | None
    full: bool
    """Whether the transaction itself is wanted, not only its signature."""

    @classmethod
    def read(cls, params: Sequence[Any]) -> TransactionFilter:
        """Return the filter of a request.

        Raises:
            RpcError: It makes no sense.
        """
        wanted, options = parameter(params, 0), parameter(params, 1)
        unknown = next((name for name in wanted if name not in _FILTER_FIELDS), None)
        if unknown is not None:
            raise RpcError(INVALID_PARAMS, f"Invalid params: unknown field `{unknown}`")
        if options.get("encoding", "jsonParsed") != "jsonParsed":
            raise RpcError(INVALID_PARAMS, f"Invalid params: unknown variant `{options['encoding']}`")
        details = options.get("transactionDetails", "full")
        if details not in {"full", "accounts", "signatures", "none"}:
            raise RpcError(INVALID_PARAMS, f"Invalid params: unknown variant `{details}`")
        signature = wanted.get("signature")
        if signature is not None and not is_signature(signature):
            raise RpcError(INVALID_PARAMS, "Invalid Request: Invalid signature provided")
        return cls(
            include=_addresses(wanted, "accountInclude"),
            required=_addresses(wanted, "accountRequired"),
            exclude=_addresses(wanted, "accountExclude"),
            signature=signature,
            failed=wanted.get("failed"),
            expansion=read_expansion(wanted.get("tokenAccounts")),
            highest_version=supported_version(options),
            full=details in {"full", "accounts"},
        )

    def matches(self, transaction: Transaction) -> bool:
        """Tell whether a transaction is wanted. Votes never are: there are none on this chain."""
        keys = set(transaction.keys)
        if self.expansion is Expansion.BALANCE_CHANGED:
            included = keys | transaction.owners_changed
        elif self.expansion is Expansion.ALL:
            included = keys | transaction.owners_referenced
        else:
            included = keys
        return (
            (not self.include or not self.include.isdisjoint(included))
            and self.required <= keys
            and self.exclude.isdisjoint(keys)
            and (self.signature is None or self.signature == transaction.signature)
            and (self.failed is None or self.failed == (transaction.err is not None))
            and readable(transaction, self.highest_version)
        )


def _addresses(wanted: Mapping[str, Any], name: str) -> frozenset[str]:
    listed = wanted.get(name) or []
    if not isinstance(listed, list) or len(listed) > MAX_ADDRESSES or not all(map(is_address, listed)):
        raise RpcError(INVALID_PARAMS, "Invalid Request: Invalid pubkey provided")
    return frozenset(listed)


def streamed(transaction: Transaction, *, full: bool) -> bytes:
    """Return the ``result`` of a transactionNotification, encoded: it has no block time."""
    facts = {
        "signature": transaction.signature,
        "slot": transaction.slot,
        "transactionIndex": transaction.index,
    }
    if not full:
        return msgspec.json.encode(facts)
    body = {"transaction": transaction.message, "meta": transaction.meta, "version": transaction.version}
    return msgspec.json.encode({"transaction": body, **facts})


def fetched(transaction: Transaction, highest: int | None) -> dict[str, Any]:
    """Return the answer of getTransaction.

    Raises:
        RpcError: The client cannot read this version.
    """
    if not readable(transaction, highest):
        version = transaction.version
        raise RpcError(
            UNSUPPORTED_VERSION,
            f"Transaction version ({version}) is not supported by the requesting client."
            " Please try the request again with the following configuration parameter:"
            f' "maxSupportedTransactionVersion": {version}',
        )
    answer: dict[str, Any] = {
        "slot": transaction.slot,
        "blockTime": transaction.block_time,
        "transaction": transaction.message,
        "meta": transaction.meta,
        "transactionIndex": transaction.index,
    }
    if highest is not None:
        answer["version"] = transaction.version
    return answer


def signature_info(transaction: Transaction, *, final: bool) -> dict[str, Any]:
    """Return an entry of getSignaturesForAddress."""
    return {
        "signature": transaction.signature,
        "slot": transaction.slot,
        "err": transaction.err,
        "memo": transaction.memo,
        "blockTime": transaction.block_time,
        "confirmationStatus": "finalized" if final else "confirmed",
        "transactionIndex": transaction.index,
    }
