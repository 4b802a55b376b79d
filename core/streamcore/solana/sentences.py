"""What a transaction meant for a wallet, as one line to read."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

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
from streamcore.solana.flows import Transfer
from streamcore.solana.parties import Party
from streamcore.solana.verbs import Verb

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
"""How to say that a wallet caused something that moved nothing of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything a line is made of.

    Attributes:
        kind: The type of the event.
        movement: What was moved.
        sol: Lamports gained or lost as a leg of their own: without tips and crumbs.
        changes: The tokens, as events show them.
        parties: The other side, the largest first, as far as it tells a person something.
        from_nobody: Whether tokens came from or went to nobody: they were minted or burned.
        program: What to call the program, shortened if it has no name.
        is_plumbing: Whether the program goes without saying.
        action: What was done, if there is a word for it.
        tip: Lamports that went to block builders and the like.
        withheld: Of a single token: what its fee kept back, in whole tokens.
        opened: How many accounts for others the wallet paid for.
        closed: What became of accounts of others that the wallet closed.
        kept: What the wallet moved from itself to itself; empty if nothing.
    """

    kind: TransactionType
    movement: Movement
    sol: int
    changes: tuple[TokenChange, ...]
    parties: list[Party]
    from_nobody: bool
    program: str
    is_plumbing: bool
    action: Action | None
    tip: int
    withheld: Decimal
    opened: int
    closed: tuple[Transfer, ...]
    kept: str


def sentence(scene: Scene) -> str:
    """Return the line, without the memo."""
    match scene.kind:
        case TransactionType.RECEIVED | TransactionType.SENT:
            text = _moved(scene)
        case TransactionType.BOUGHT | TransactionType.SOLD:
            price = readable_sol(scene.sol)
            text = f"{scene.kind} {readable_change(scene.changes[0])} for {price}{_where(scene)}{_how(scene)}"
        case TransactionType.SWAPPED:
            given, got = sorted(scene.changes, key=lambda change: change.amount)
            text = f"swapped {readable_change(given)} for {readable_change(got)}{_where(scene)}{_how(scene)}"
        case TransactionType.MULTI:
            text = _several(scene)
        case TransactionType.ACCOUNT:
            text = _account(scene)
        case TransactionType.CALLED:
            text = _called(scene)
        case _:
            text = f"mentioned by {scene.program}"
    if scene.tip and not text.startswith("tipped"):
        text += f", tip {exact_sol(scene.tip)}"
    return text


def _moved(scene: Scene) -> str:
    """Return ``received`` or ``sent`` something, to or from whom, and by which program."""
    received = scene.kind is TransactionType.RECEIVED
    if not scene.changes and not scene.sol:
        return f"tipped {exact_sol(scene.tip)}"
    what = readable_change(scene.changes[0]) if scene.changes else readable_sol(scene.sol)
    text = f"{scene.kind} {what}"
    if scene.withheld:
        text += f" (fee {readable(scene.withheld)} withheld)"
    action = scene.action
    if action is not None and is_order(action):
        state = {Verb.ORDER_FILLED: "filled ", Verb.ORDER_CANCELLED: "cancelled "}.get(action.verb, "")
        text += f" {'from' if received else 'to'} {state}order"
    elif action is not None and action.verb not in (Verb.MINT, Verb.BURN):
        text += f" ({action.got if received else action.given})"
    elif scene.parties:
        text += f" {'from' if received else 'to'} {_who(scene)}"
        if action is not None:
            text += " (minted an NFT)" if action.verb is Verb.MINT else ""
    elif scene.from_nobody:
        text += f" ({'minted' if received else 'burned'})"
    return text if scene.is_plumbing else f"{text}, {scene.program}"


def _who(scene: Scene) -> str:
    parties = scene.parties
    if len(parties) == 1:
        return shown_address(parties[0].address)
    largest = parties[0]
    if any(party.amount != largest.amount for party in parties):
        side = "from" if scene.kind is TransactionType.RECEIVED else "to"
        return f"{len(parties)} wallets, most {side} {shown_address(largest.address)}"
    decimals = scene.movement.tokens[0].decimals if scene.changes else SOL_DECIMALS
    return f"{len(parties)} wallets ({readable(in_units(largest.amount, decimals))} each)"


def _where(scene: Scene) -> str:
    return "" if scene.is_plumbing else f" on {scene.program}"


def _how(scene: Scene) -> str:
    action = scene.action
    if action is None:
        return ""
    return f" ({action.got})" if action.got == action.given else f" ({action.given}, {action.got})"


def _several(scene: Scene) -> str:
    action = scene.action
    loan = action if action is not None and action.is_loan else None

    def part(amount: Decimal, called: str) -> str:
        text = signed(amount, called)
        if loan is not None:
            text += f" ({loan.got if amount > 0 else loan.given})"
        return text

    parts = [part(change.amount, unit(change)) for change in scene.changes]
    if scene.sol:
        parts.append(part(in_units(scene.sol, SOL_DECIMALS), "SOL"))
    text = f"multi: {', '.join(parts)}{_where(scene)}"
    if action is not None and loan is None:
        text += f" ({action.given})"
    return text


def _account(scene: Scene) -> str:
    movement = scene.movement
    paid, back = sum(movement.rent.paid.values()), sum(movement.rent.back.values())
    if scene.opened:
        return f"opened {_token_accounts(scene.opened)} for another, rent {exact_sol(paid)}"
    change = movement.account_rent
    if change > 0:
        text = f"opened {_token_accounts(sum(rent > 0 for rent in movement.account_rents.values()))}"
        return (
            f"{text}, rent {exact_sol(paid)}"
            if paid
            else f"{text}, rent {exact_sol(change)}, paid by another"
        )
    if change < 0:
        text = f"closed {_token_accounts(sum(rent < 0 for rent in movement.account_rents.values()))}"
        return (
            f"{text}, rent {exact_sol(back)} back"
            if back
            else f"{text}, rent {exact_sol(-change)} went to another"
        )
    released = exact_sol(sum(move.lamports for move in scene.closed))
    text = f"closed {_token_accounts(len(scene.closed))} of another, rent {released}"
    to = {move.destination for move in scene.closed}
    if back:
        return f"{text} back"
    return f"{text} to {shown_address(to.pop())}" if len(to) == 1 else text


def _token_accounts(number: int) -> str:
    return "token account" if number == 1 else f"{number} token accounts"


def _called(scene: Scene) -> str:
    if scene.kept and scene.is_plumbing:
        return f"moved {scene.kept} to itself"
    done = None if scene.action is None else _DONE.get(scene.action.verb)
    if done is not None:
        return f"{done}, {scene.program}{_rent(scene)}"
    return f"called {scene.program}{_rent(scene)}"


def _rent(scene: Scene) -> str:
    rent = scene.movement.rent
    parts = []
    if paid := sum(rent.paid.values()):
        parts.append(f", rent {exact_sol(paid)}")
    if back := sum(rent.back.values()):
        parts.append(f", rent {exact_sol(back)} back")
    return "".join(parts)


def failure_sentence(program: str, error: str, fee: Decimal) -> str:
    """Return the line of a transaction that failed; ``fee`` is what the wallet paid for it, in SOL."""
    text = f"FAILED {program} ({error})"
    return f"{text} fee {plain(fee)} SOL" if fee else text
