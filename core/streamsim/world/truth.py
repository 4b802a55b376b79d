"""What a transaction of the emulated chain means for a wallet, to test the interpretation against.

It is recorded from what a scenario was asked to do, never derived from the finished transaction, so that it
does not depend on any interpretation.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class TransactionTruth(msgspec.Struct, frozen=True, kw_only=True):
    """What one transaction meant for one wallet.

    Attributes:
        wallet: The wallet.
        types: The values of the event's ``type`` that are correct.
        sol: Lamports gained (positive) or given, without fee and rent, with the tip.
        fee: Lamports paid as fee.
        rent: Lamports got back from closed accounts (positive) or paid for new ones.
        tip: Lamports of ``sol`` that were a tip.
        tokens: By mint, the smallest units gained or given; wrapped SOL counts as SOL.
        withheld: The transfer fee in the smallest unit, where a single token is moved.
        action: The expected ``action`` of the event, if any.
        parties: The counterparties, largest amount first; empty for a pool, an order or none.
        program: The address of the expected program, if any.
        says: Texts that the summary must contain.
    """

    wallet: str
    types: frozenset[str]
    sol: int = 0
    fee: int = 0
    rent: int = 0
    tip: int = 0
    tokens: Mapping[str, int] = {}
    withheld: int = 0
    action: str | None = None
    parties: tuple[str, ...] = ()
    program: str | None = None
    says: tuple[str, ...] = ()


def one_of(*types: str) -> frozenset[str]:
    """Return the set of correct types of a transaction."""
    return frozenset(types)
