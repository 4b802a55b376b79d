"""Transactions and errors between the events and the wire, in both directions."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from streamcore.events import (
    ErrorKind,
    Source,
    StreamError,
    TokenChange,
    TransactionType,
    WalletTransaction,
)
from streamcore.text import printable
from streamcore.wire.messages import Error, TokenAmount, Transaction
from streamcore.wire.numbers import plain, unpack
from streamcore.wire.row_pieces import relative

LONGEST_TEXT = 400
"""Characters of a summary or a message that a terminal takes over."""

_Word = TypeVar("_Word", bound=StrEnum)


def transaction_message(event: WalletTransaction, offset: int, t: int) -> Transaction:
    """Return a transaction with its place in the log, for a frame at ``t`` (Unix milliseconds)."""
    return Transaction(
        offset=offset,
        ms=relative(event.ts, t),
        wallet=event.wallet,
        signature=event.signature,
        slot=event.slot,
        block_time=event.block_time,
        type=event.type,
        summary=event.summary,
        sol_change=None if event.sol_change is None else plain(event.sol_change),
        fee=None if event.fee is None else plain(event.fee),
        token_changes=tuple(
            TokenAmount(change.mint, change.symbol, plain(change.amount)) for change in event.token_changes
        ),
        counterparty=event.counterparty,
        program=event.program,
        error=event.error,
        source=event.source,
        provider=event.provider,
        rent=None if event.rent is None else plain(event.rent),
        tip=None if event.tip is None else plain(event.tip),
        action=event.action,
        counterparties=event.counterparties,
    )


def transaction_event(
    message: Transaction, t: int, shift: float, *, demo: bool, relay: str | None
) -> WalletTransaction:
    """Return the event that a message of a frame at ``t`` (Unix milliseconds) stands for.

    Args:
        message: From a relay, so from outside.
        t: The frame's.
        shift: Seconds to add to the relay's clock to get this computer's.
        demo: Whether it is made-up data.
        relay: ``host:port`` of the relay it came from.

    Raises:
        MalformedMessage: An amount is no number.
    """
    return WalletTransaction(
        provider=printable(message.provider),
        ts=(t + message.ms) / 1000 + shift,
        demo=demo,
        wallet=printable(message.wallet),
        signature=printable(message.signature),
        slot=message.slot,
        block_time=message.block_time,
        type=word(TransactionType, message.type, TransactionType.MULTI),
        summary=printable(message.summary, LONGEST_TEXT),
        sol_change=None if message.sol_change is None else unpack(message.sol_change),
        fee=None if message.fee is None else unpack(message.fee),
        token_changes=tuple(
            TokenChange(
                mint=printable(change.mint),
                symbol=None if change.symbol is None else printable(change.symbol),
                amount=unpack(change.amount),
            )
            for change in message.token_changes
        ),
        counterparty=_text(message.counterparty),
        program=_text(message.program),
        error=_text(message.error),
        source=word(Source, message.source, Source.STREAM),
        rent=None if message.rent is None else unpack(message.rent),
        tip=None if message.tip is None else unpack(message.tip),
        action=_text(message.action),
        counterparties=tuple(map(printable, message.counterparties)),
        relay=relay,
    )


def error_message(event: StreamError, t: int) -> Error:
    """Return an error for a frame at ``t`` (Unix milliseconds)."""
    return Error(event.provider, relative(event.ts, t), event.kind, event.message, event.retryable)


def error_event(message: Error, t: int, shift: float, *, demo: bool, relay: str | None) -> StreamError:
    """Return the event that a message of a frame at ``t`` stands for; see `transaction_event`."""
    return StreamError(
        provider=printable(message.provider),
        ts=(t + message.ms) / 1000 + shift,
        demo=demo,
        kind=word(ErrorKind, message.kind, ErrorKind.SERVER),
        message=printable(message.message, LONGEST_TEXT),
        retryable=message.retryable,
        relay=relay,
    )


def word(kind: type[_Word], text: str, unknown: _Word) -> _Word:
    """Return a member of an enumeration; ``unknown`` stands for one that only a newer relay knows."""
    try:
        return kind(text)
    except ValueError:
        return unknown


def _text(text: str | None) -> str | None:
    return None if text is None else printable(text, LONGEST_TEXT)
