"""What a node sends for a subscription: transactions, and the signatures of those whose logs are followed."""

from __future__ import annotations

from typing import Literal

import msgspec

from streamcore.net.transport import Frame
from streamcore.providers.decoding import Undecodable, json_as
from streamcore.solana.wire import UsualTransaction

TRANSACTION_NOTIFICATION = "transactionNotification"

BEGINNING = 100
"""Characters of a frame in which its method is named, usually."""


class Notification(msgspec.Struct, frozen=True):
    """``transactionNotification``; unlike standard notifications it has no context and no block time."""

    transaction: msgspec.Raw
    signature: str
    slot: int


class _WholeResult(msgspec.Struct, frozen=True):
    transaction: UsualTransaction
    signature: str
    slot: int


class _WholeParams(msgspec.Struct, frozen=True):
    subscription: int
    result: _WholeResult


class _WholeNotification(msgspec.Struct, frozen=True):
    """The same with everything around it, and the transaction read."""

    method: Literal["transactionNotification"]
    params: _WholeParams


class _Context(msgspec.Struct, frozen=True):
    slot: int


class _Logs(msgspec.Struct, frozen=True):
    signature: str


class LogsNotification(msgspec.Struct, frozen=True):
    """``logsNotification``; the logs themselves may be cut off, so they are not read."""

    context: _Context
    value: _Logs


def whole_transaction(frame: Frame) -> _WholeParams | None:
    """Return what a usual notification of a transaction says; it is long, and so it is read in one go.

    ``None``: it is something else, or not as usual; read it step by step, to tell what it is.
    """
    if not isinstance(frame, str) or TRANSACTION_NOTIFICATION not in frame[:BEGINNING]:
        return None
    try:
        return json_as(frame, _WholeNotification).params
    except Undecodable:
        return None
