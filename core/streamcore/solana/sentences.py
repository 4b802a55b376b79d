"""The summary line of a transaction."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from streamcore.events import TokenChange, TransactionType
from streamcore.solana.actions import Action, is_order
from streamcore.solana.amounts import (
    exact_sol,
    plain,
    readable,
    readable_change,
    readable_sol,
    shown_address,
    signed,
    unit,
)
from streamcore.solana.balances import SOL_DECIMALS, Movement, in_units
from streamcore.solana.opened_and_closed import OpenedAndClosed
from streamcore.solana.parties import DUST, Party
from streamcore.solana.verbs import LISTINGS, Verb

_DONE = {
    Verb.STAKE: "staked",
    Verb.UNSTAKE: "deactivated a stake",
    Verb.LIST: "listed an NFT",
    Verb.DELIST: "took an NFT off the market",
    Verb.MINT: "minted an NFT",
    Verb.BURN: "burned an NFT",
    Verb.ORDER_PLACED: "placed an order",
    Verb.ORDER_FILLED: "filled an order",
    Verb.ORDER_CANCELLED: "cancelled an order",
    Verb.BRIDGE: "bridged for another",
}
"""What a wallet did by a transaction that moved nothing of its own."""


_TOLD_OTHERWISE = (Verb.MINT, Verb.BURN)


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a summary line is made of.

    Attributes:
        kind: The type of the event.
        movement: What was moved.
        sol: Lamports gained or lost as a side of the trade: without rent, tips and dust.
        changes: The tokens, as events show them.
        parties: The counterparties, the largest first, without pools.
        minted_or_burned: Whether tokens have no other side: they were minted or burned.
        certificates: The mints of tokens there is one of, which were minted or burned.
        metadata_fee: Of a loan, lamports paid for the metadata of such a token.
        program: The name of the program, or its shortened address.
        is_plumbing: Whether the program is not worth a mention; see `PLUMBING`.
        action: What was done, if there is a verb for it.
        tip: Lamports that went to block builders and the like.
        withheld: The transfer fee of a single token, in whole tokens; see `withheld_fee`.
        accounts: The token accounts of others that the wallet opened and closed.
        to_itself: What the wallet moved between its own accounts, as text; empty if nothing.
    """

    kind: TransactionType
    movement: Movement
    sol: int
    changes: tuple[TokenChange, ...]
    parties: list[Party]
    minted_or_burned: bool
    certificates: frozenset[str]
    metadata_fee: int
    program: str
    is_plumbing: bool
    action: Action | None
    tip: int
    withheld: Decimal
    accounts: OpenedAndClosed
    to_itself: str


def sentence(facts: Facts) -> str:
    """Return the summary, without the memo."""
    match facts.kind:
        case TransactionType.RECEIVED | TransactionType.SENT:
            text = _moved(facts)
        case TransactionType.BOUGHT | TransactionType.SOLD:
            price = readable_sol(facts.sol)
            text = f"{facts.kind} {readable_change(facts.changes[0])} for {price}{_where(facts)}{_how(facts)}"
        case TransactionType.SWAPPED:
            given, got = sorted(facts.changes, key=lambda change: change.amount)
            text = f"swapped {readable_change(given)} for {readable_change(got)}{_where(facts)}{_how(facts)}"
        case TransactionType.MULTI:
            text = _several(facts)
        case TransactionType.ACCOUNT:
            text = _account(facts)
        case TransactionType.CALLED:
            text = _called(facts)
        case _:
            text = f"mentioned by {facts.program}"
    if facts.tip and not text.startswith("tipped"):
        text += f", tip {exact_sol(facts.tip)}"
    return text


def _moved(facts: Facts) -> str:
    """Return ``received`` or ``sent`` something, to or from whom, and by which program."""
    received = facts.kind is TransactionType.RECEIVED
    if not facts.changes and not facts.sol:
        return f"tipped {exact_sol(facts.tip)}"
    what = readable_change(facts.changes[0]) if facts.changes else readable_sol(facts.sol)
    text = f"{facts.kind} {what}"
    if facts.withheld:
        text += f" (fee {readable(facts.withheld)} withheld)"
    action = facts.action
    if action is not None and is_order(action):
        text += f" {'from' if received else 'to'} {_order(action)}"
    elif action is not None and action.verb not in _TOLD_OTHERWISE and _is_about(action, facts):
        what = action.got if received else action.given
        text += f" ({what})" if what else ""
    elif facts.parties:
        text += f" {'from' if received else 'to'} {_who(facts)}"
        if action is not None:
            text += " (minted an NFT)" if action.verb is Verb.MINT else ""
    elif facts.minted_or_burned:
        text += f" ({'minted' if received else 'burned'})"
    return text if facts.is_plumbing else f"{text}, {facts.program}"


def _is_about(action: Action, facts: Facts) -> bool:
    """Whether what was moved is what the action was done with."""
    return bool(facts.changes) or action.verb not in LISTINGS


def _who(facts: Facts) -> str:
    parties = facts.parties
    if len(parties) == 1:
        return shown_address(parties[0].address)
    largest = parties[0]
    if any(party.amount != largest.amount for party in parties):
        side = "from" if facts.kind is TransactionType.RECEIVED else "to"
        return f"{len(parties)} wallets, most {side} {shown_address(largest.address)}"
    decimals = facts.movement.tokens[0].decimals if facts.changes else SOL_DECIMALS
    return f"{len(parties)} wallets ({readable(in_units(largest.amount, decimals))} each)"


def _where(facts: Facts) -> str:
    return "" if facts.is_plumbing else f" on {facts.program}"


def _how(facts: Facts) -> str:
    action = facts.action
    if action is None:
        return ""
    return f" ({action.got})" if action.got == action.given else f" ({action.given}, {action.got})"


def _several(facts: Facts) -> str:
    action = facts.action
    loan = action if action is not None and action.is_loan else None

    def part(amount: Decimal, called: str, other: str = "") -> str:
        what = other or ("" if loan is None else loan.got if amount > 0 else loan.given)
        return f"{signed(amount, called)} ({what})" if what else signed(amount, called)

    parts = [
        part(change.amount, unit(change), _made(change) if change.mint in facts.certificates else "")
        for change in facts.changes
    ]
    if facts.sol:
        is_fee = -facts.sol <= facts.metadata_fee + DUST and facts.sol < 0
        parts.append(part(in_units(facts.sol, SOL_DECIMALS), "SOL", "fee" if is_fee else ""))
    text = f"multi: {', '.join(parts)}{_where(facts)}"
    if action is not None and loan is None:
        text += f" ({action.given})"
    return text


def _made(change: TokenChange) -> str:
    return "minted" if change.amount > 0 else "burned"


def _account(facts: Facts) -> str:
    movement = facts.movement
    paid, back = sum(movement.rent.paid.values()), sum(movement.rent.back.values())
    others = facts.accounts
    if not (others.opened or movement.account_rent or others.closed):
        return _rent_alone(facts, movement.rent.net)
    if others.opened:
        whose = " for another" if others.is_of_others else ""
        return f"opened {_token_accounts(others.opened)}{whose}, rent {exact_sol(paid)}"
    change = movement.account_rent
    if change > 0:
        text = f"opened {_token_accounts(sum(rent > 0 for rent in movement.account_rents.values()))}"
        text += f", rent {exact_sol(paid)}" if paid else f", rent {exact_sol(change)}, paid by another"
        return text + _wrapped(movement.wrapped)
    if change < 0:
        text = f"closed {_token_accounts(sum(rent < 0 for rent in movement.account_rents.values()))}"
        text += f", rent {exact_sol(back)} back" if back else f", rent {exact_sol(-change)} went to another"
        return text + _wrapped(movement.wrapped)
    released = exact_sol(sum(move.lamports for move in others.closed))
    whose = " of another" if others.is_of_others else ""
    text = f"closed {_token_accounts(len(others.closed))}{whose}, rent {released}"
    to = {move.destination for move in others.closed}
    if back:
        return f"{text} back"
    return f"{text} to {shown_address(to.pop())}" if len(to) == 1 else text


def _wrapped(lamports: int) -> str:
    if not lamports:
        return ""
    return f", {'wrapped' if lamports > 0 else 'unwrapped'} {readable_sol(lamports)}"


def _rent_alone(facts: Facts, net: int) -> str:
    """Return what happened to somebody who did not sign and whose token accounts stayed as they were."""
    text = f"got rent {exact_sol(net)} back" if net > 0 else f"paid rent {exact_sol(-net)}"
    if net > 0 and facts.action is not None and is_order(facts.action):
        text += f" from {_order(facts.action)}"
    return text if facts.is_plumbing else f"{text}, {facts.program}"


def _order(action: Action) -> str:
    return {Verb.ORDER_FILLED: "filled ", Verb.ORDER_CANCELLED: "cancelled "}.get(action.verb, "") + "order"


def _token_accounts(number: int) -> str:
    return "token account" if number == 1 else f"{number} token accounts"


def _called(facts: Facts) -> str:
    if facts.to_itself and facts.is_plumbing:
        return f"moved {facts.to_itself} to itself"
    done = None if facts.action is None else _DONE.get(facts.action.verb)
    if done is not None:
        return f"{done}, {facts.program}{_rent(facts)}"
    return f"called {facts.program}{_rent(facts)}"


def _rent(facts: Facts) -> str:
    rent = facts.movement.rent
    parts = []
    if paid := sum(rent.paid.values()):
        parts.append(f", rent {exact_sol(paid)}")
    if back := sum(rent.back.values()):
        parts.append(f", rent {exact_sol(back)} back")
    return "".join(parts)


def failure_sentence(program: str, error: str, fee: Decimal) -> str:
    """Return the summary of a transaction that failed; ``fee``: what the wallet paid for it, in SOL."""
    text = f"FAILED {program} ({error})"
    return f"{text} fee {plain(fee)} SOL" if fee else text
