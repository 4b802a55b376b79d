"""The token accounts that a wallet opened and closed, but that are not recorded as its own."""

from __future__ import annotations

import msgspec

from streamcore.solana.balances import Balances, Movement
from streamcore.solana.flows import INITIALISES, Transfer, address
from streamcore.solana.programs import ASSOCIATED_TOKEN, TOKEN_PROGRAMS


class OpenedAndClosed(msgspec.Struct, frozen=True):
    """What a wallet did with token accounts that are not recorded as its own.

    Attributes:
        opened: How many it paid for.
        closed: The transfers by which it closed some.
        is_of_others: Whether they belong to somebody else. Very old transactions do not record owners: where
            the instructions do not tell one either, an account may be the wallet's own.
    """

    opened: int = 0
    closed: tuple[Transfer, ...] = ()
    is_of_others: bool = True


def opened_and_closed(balances: Balances, wallet: str, movement: Movement) -> OpenedAndClosed:
    """Return what ``wallet`` did with token accounts that are not recorded as its own."""
    owners = {
        balances.keys[one.index]: one.owner_after or one.owner_before
        for one in balances.accounts
        if not one.belongs_to(wallet)
    }
    opened = [account for account in movement.rent.paid if account in owners]
    closed = [
        move
        for move in balances.flows.transfers
        if move.source in owners and address(move.instruction, "owner") == wallet
        if move.instruction.program_id in TOKEN_PROGRAMS and move.instruction.type == "closeAccount"
    ]
    touched = [*opened, *(move.source for move in closed)]
    if any(owners[account] is None for account in touched):
        owners |= {
            account: owner for account, owner in _told(balances).items() if owners.get(account) is None
        }
    return OpenedAndClosed(
        len(opened), tuple(closed), all(owners[account] not in (None, wallet) for account in touched)
    )


def _told(balances: Balances) -> dict[str, str]:
    """Return by token account the owner that it was made for."""
    told = {}
    for instruction in balances.instructions:
        member = "owner" if instruction.program_id in TOKEN_PROGRAMS else "wallet"
        makes = instruction.type in INITIALISES or instruction.program_id == ASSOCIATED_TOKEN
        account, owner = address(instruction, "account"), address(instruction, member)
        if makes and account and owner:
            told[account] = owner
    return told
