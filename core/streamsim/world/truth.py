"""What a transaction of the emulated chain really meant for a wallet, known because it was made to be so.

It is written down from what a scenario was asked to do, never read off the finished transaction, so that a
reading of the transaction can be held against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionTruth:
    """What one transaction meant for one wallet.

    Attributes:
        wallet: Whose view it is.
        types: The words of the event's ``type`` that are true.
        sol: Lamports gained (positive) or given, without fee and rent, with the tip.
        fee: Lamports paid as fee.
        rent: Lamports got back from closed accounts (positive) or paid for new ones.
        tip: Lamports of ``sol`` that were a tip.
        tokens: By mint, the smallest units gained or given; wrapped SOL counts as SOL.
        withheld: Of a single token: the units that a transfer fee kept back.
        action: The verb, where there is one.
        parties: The other side, the largest first; empty where it is a pool, an order or nobody.
        program: The program it was about.
        says: What a line about it must have in it.
    """

    wallet: str
    types: frozenset[str]
    sol: int = 0
    fee: int = 0
    rent: int = 0
    tip: int = 0
    tokens: Mapping[str, int] = field(default_factory=dict)
    withheld: int = 0
    action: str | None = None
    parties: tuple[str, ...] = ()
    program: str | None = None
    says: tuple[str, ...] = ()


def one_of(*types: str) -> frozenset[str]:
    """Return the types that are true of a transaction."""
    return frozenset(types)
