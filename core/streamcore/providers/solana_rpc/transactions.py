"""Reading one transaction so that whatever a node makes of it, it is reported and never lost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from streamcore.providers.decoding import Undecodable, content
from streamcore.providers.reports import TransactionReport

if TYPE_CHECKING:
    from streamcore.solana.wire import SolanaTransaction

UNKNOWN_VERSION = "its version is not known here yet"
UNKNOWN_SHAPE = "its shape is not known here yet"


class _Signed(msgspec.Struct, frozen=True):
    signatures: tuple[str, ...] = ()


class _Outline(msgspec.Struct, frozen=True):
    """The least an answer must have to be told: which transaction it is, and where in the chain."""

    transaction: _Signed
    slot: int


def report_transaction(
    raw: msgspec.Raw,
    signature: str,
    slot: int,
    wallets: Iterable[str],
    block_time: int | None = None,
) -> TransactionReport:
    """Return the report of one transaction, unreadable if it has a shape that is not known.

    Args:
        raw: The transaction as the node wrote it.
        signature: Its signature, as it was told beside it.
        slot: Its slot, likewise.
        wallets: Whom it may concern. Of an unreadable one it is said to concern those it names, and the
            only one there is.
        block_time: Unix seconds, if they are known.
    """
    # only now: without a wallet to follow there is no transaction
    from streamcore.solana.wire import SolanaTransaction, UsualTransaction

    asked = tuple(wallets)
    try:
        try:
            transaction: SolanaTransaction = content(raw, UsualTransaction)
        except Undecodable:
            transaction = content(raw, SolanaTransaction)
    except Undecodable:
        text = bytes(raw)
        named = tuple(wallet for wallet in asked if wallet.encode() in text)
        return unreadable_transaction(
            signature, slot, named or (asked if len(asked) == 1 else ()), UNKNOWN_SHAPE, block_time
        )
    return report_read(transaction, signature, slot, asked, block_time)


def report_read(
    transaction: SolanaTransaction,
    signature: str,
    slot: int,
    wallets: tuple[str, ...],
    block_time: int | None = None,
) -> TransactionReport:
    """Return the report of a transaction that has been read; arguments as for `report_transaction`."""
    if transaction.block_time is not None:
        block_time = transaction.block_time
    return TransactionReport(signature, slot, transaction, block_time, wallets if len(wallets) == 1 else ())


def unreadable_transaction(
    signature: str, slot: int, wallets: tuple[str, ...], reason: str, block_time: int | None = None
) -> TransactionReport:
    """Return the report of a transaction of which no more is known than that it happened."""
    from streamcore.solana.wire import SolanaTransaction  # see `report_transaction`

    return TransactionReport(signature, slot, SolanaTransaction(), block_time, wallets, unreadable=reason)


def report_listed(raw: msgspec.Raw, wallet: str) -> TransactionReport:
    """Return the report of a transaction from a list of whole ones, which tell their signatures themselves.

    Raises:
        Undecodable: Not even its signature and its slot can be read.
    """
    outline = content(raw, _Outline)
    if not outline.transaction.signatures:
        raise Undecodable("a transaction without a signature")
    return report_transaction(raw, outline.transaction.signatures[0], outline.slot, (wallet,))
