"""Which transactions are dust: tiny transfers and spam that strangers send to be noticed."""

from __future__ import annotations

from decimal import Decimal

from streamcore import TransactionType, WalletTransaction

DUST = Decimal("0.0001")
"""SOL; a transfer of less, and of nothing else, is dust."""


def is_dust(transaction: WalletTransaction) -> bool:
    """Return whether a transaction is dust.

    Dust is less than `DUST` of SOL received and nothing else, unknown tokens received without paying for
    them, a transaction that merely mentions the wallet, or somebody else's that failed. A transaction whose
    fee the wallet paid is never dust, and neither is one that could not be interpreted.
    """
    if transaction.fee or transaction.sol_change is None:
        return False
    if transaction.type in (TransactionType.MENTIONED, TransactionType.FAILED):
        return True
    if transaction.type is not TransactionType.RECEIVED or abs(transaction.sol_change) >= DUST:
        return False
    return all(change.symbol is None for change in transaction.token_changes)
