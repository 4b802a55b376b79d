"""Which transactions are dust: of the kind strangers send to be noticed."""

from __future__ import annotations

from decimal import Decimal

from streamcore import TransactionType, WalletTransaction

DUST = Decimal("0.0001")
"""SOL; a transfer of less, and of nothing else, is dust."""


def is_dust(transaction: WalletTransaction) -> bool:
    """Return whether a transaction is dust.

    That is: less than `DUST` of SOL and nothing else, or tokens that nobody knows and the wallet neither
    asked nor paid for, or a mere mention, or what failed for another. What the wallet itself paid a fee for
    is never dust, and neither is what could not be read: nobody knows what it is.
    """
    if transaction.fee or transaction.summary.startswith("unparsed: "):
        return False
    if transaction.type in (TransactionType.MENTIONED, TransactionType.FAILED):
        return True
    if transaction.type is not TransactionType.RECEIVED or abs(transaction.sol_change) >= DUST:
        return False
    return all(change.symbol is None for change in transaction.token_changes)
