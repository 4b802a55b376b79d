"""The counterparties of a wallet: who got what it gave, or gave what it got."""

from __future__ import annotations

from collections import defaultdict

import msgspec

from streamcore.solana.balances import Balances, Movement, TokenMovement
from streamcore.solana.flows import address, token_amount
from streamcore.solana.programs import TOKEN_PROGRAMS
from streamcore.solana.tips import is_tip

DUST = 5_000
"""Lamports up to which an amount beside another one is no payment. The largest dust seen is 1,637."""

_TOKEN_TRANSFERS = frozenset({"transfer", "transferChecked", "transferCheckedWithFee"})


class Party(msgspec.Struct, frozen=True):
    """A counterparty: its address, and how much it got or gave, in the smallest unit."""

    address: str
    amount: int


def sol_parties(balances: Balances, wallet: str, movement: Movement) -> list[Party]:
    """Return who got (or gave) the SOL, the largest amount first.

    Those are the other ends of the transfers in the right direction, without rent, tips and dust, as far as
    they still have it at the end. Without any, it is the owner whose balance changed most the opposite way.
    """
    own = {balances.keys[account.index] for account in balances.accounts_of(wallet)} | {wallet}
    received = movement.core > 0
    amounts: defaultdict[str, int] = defaultdict(int)
    rents = dict(movement.rent.paid)
    for move in balances.flows.transfers:
        near, far = (move.destination, move.source) if received else (move.source, move.destination)
        if near not in own or far in own or is_tip(move, wallet):
            continue
        if move.instruction.type == "closeAccount" and far in movement.rent.back:
            continue
        lamports = move.lamports
        if not received:
            rent = min(rents.get(far, 0), lamports)
            rents[far] = rents.get(far, 0) - rent
            lamports -= rent
        if lamports:
            amounts[balances.owner_of(far)] += lamports
    changes = _sol_changes(balances, own, movement)
    kept = {
        who: amount
        for who, amount in amounts.items()
        if who != wallet and changes.get(who, 0) * movement.core < 0
    }
    if kept:
        most = max(kept.values())
        return _sorted({who: amount for who, amount in kept.items() if amount > DUST or amount == most})
    return _sorted({who: abs(change) for who, change in changes.items() if change * movement.core < 0})[:1]


def token_parties(balances: Balances, wallet: str, movement: TokenMovement) -> list[Party]:
    """Return the owners who got (or gave) the tokens, the largest amount first.

    Where several did, those count that had a transfer with the wallet's own accounts; without any, all if
    nobody else moved any, else the largest. Empty: the token was minted or burned, or owners are not told.
    """
    accounts = [account for account in balances.accounts if account.mint == movement.mint]
    owners = dict.fromkeys(
        owner for account in accounts for owner in (account.owner_before, account.owner_after) if owner
    )
    changes = {
        owner: change
        for owner in owners
        if owner != wallet
        if (change := sum(account.change_for(owner) for account in accounts))
    }
    opposite = {owner: abs(change) for owner, change in changes.items() if change * movement.amount < 0}
    if len(opposite) < 2:
        return _sorted(opposite)
    direct = _direct(balances, wallet, movement, opposite)
    if direct:
        return _sorted(direct)
    if len(opposite) == len(changes):
        return _sorted(opposite)
    return _sorted(opposite)[:1]


def _direct(
    balances: Balances, wallet: str, movement: TokenMovement, opposite: dict[str, int]
) -> dict[str, int]:
    holders = {
        balances.keys[account.index]: account.owner_after or account.owner_before
        for account in balances.accounts
        if account.mint == movement.mint
    }
    near, far = ("destination", "source") if movement.amount > 0 else ("source", "destination")
    amounts: defaultdict[str, int] = defaultdict(int)
    for instruction in balances.instructions:
        if instruction.program_id in TOKEN_PROGRAMS and instruction.type in _TOKEN_TRANSFERS:
            owner = holders.get(address(instruction, far) or "")
            if holders.get(address(instruction, near) or "") == wallet and owner in opposite:
                amounts[owner] += token_amount(instruction)
    return dict(amounts)


def _sol_changes(balances: Balances, own: set[str], movement: Movement) -> dict[str, int]:
    """Return how the lamports of all others changed, without rent; a token account counts for its owner."""
    changes: defaultdict[str, int] = defaultdict(int)
    for index, key in enumerate(balances.keys):
        if key not in own:
            change = balances.after[index] - balances.before[index]
            change += (balances.fee if index == 0 else 0) + movement.rent.back.get(key, 0)
            changes[balances.owner_of(key)] += change - movement.rent.paid.get(key, 0)
    return changes


def _sorted(amounts: dict[str, int]) -> list[Party]:
    return sorted((Party(who, amount) for who, amount in amounts.items()), key=lambda party: -party.amount)
