"""The verb of a transaction, such as ``stake`` or ``bridge``, where its instructions are known to do that."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from streamcore.solana.programs import BRIDGES, BUBBLEGUM, MPL_CORE, ORDERS, STAKE, TOKEN_2022
from streamcore.solana.raw_instructions import decoded
from streamcore.solana.transfer_fee import WITHDRAWS_WITHHELD
from streamcore.solana.verbs import NAMED_VERBS, NUMBERED_VERBS, OPERATE, OPERATES_LOANS, Verb
from streamcore.solana.wire import Instruction

_KNOWN_WHEN_CALLED = BRIDGES | {BUBBLEGUM, MPL_CORE}
"""Programs whose instructions tell what a transaction did even when another program calls them."""

_HAVE_VERBS = BRIDGES.union({STAKE, TOKEN_2022}, NAMED_VERBS, NUMBERED_VERBS, OPERATES_LOANS)
"""Programs some of whose instructions have a verb."""

_STAKE_VERBS = {
    "delegate": Verb.STAKE,
    "deactivate": Verb.UNSTAKE,
    "deactivateDelinquent": Verb.UNSTAKE,
    "withdraw": Verb.UNSTAKE,
}

_PARTICIPLES = {
    Verb.STAKE: ("staked", "staked"),
    Verb.UNSTAKE: ("unstaked", "unstaked"),
    Verb.DEPOSIT: ("deposited", "deposited"),
    Verb.WITHDRAW: ("withdrawn", "withdrawn"),
    Verb.BORROW: ("repaid", "borrowed"),
    Verb.REPAY: ("repaid", "withdrawn"),
    Verb.BRIDGE: ("bridged out", "bridged in"),
    Verb.ORDER_PLACED: ("order placed", "order placed"),
    Verb.ORDER_FILLED: ("order filled", "order filled"),
    Verb.ORDER_CANCELLED: ("order cancelled", "order cancelled"),
    Verb.MINT: ("minted", "minted"),
    Verb.BURN: ("burned", "burned"),
    Verb.LIST: ("listed", "listed"),
    Verb.DELIST: ("delisted", "delisted"),
    Verb.CLAIM: ("claimed", "claimed"),
}


class Action(msgspec.Struct, frozen=True):
    """What a transaction did.

    Attributes:
        verb: What it did, for the event.
        program_id: The program that did it.
        given: What happened to what the wallet gave, as a participle: ``deposited``. Empty where the program
            took nothing, so that what the wallet gave is for something else.
        got: What happened to what it got: ``withdrawn``; empty likewise.
        is_loan: Whether it changed collateral or debt, so that what was given and got is no purchase.
        is_signed: Whether a top-level instruction did it, not one that a program called.
    """

    verb: Verb
    program_id: str
    given: str
    got: str
    is_loan: bool = False
    is_signed: bool = True


def find_action(instructions: Sequence[Instruction]) -> Action | None:
    """Return what the instructions did, or ``None`` if there is no verb for it.

    Top-level instructions count before those that programs called, and of them the first with a verb; but a
    bridge counts before all, since what comes before it only prepares the transfer.
    """
    signed = [
        action
        for instruction in instructions
        if not instruction.is_inner and (action := _action(instruction)) is not None
    ]
    if signed:
        return next((action for action in signed if action.verb is Verb.BRIDGE), signed[0])
    called = [
        action
        for instruction in instructions
        if instruction.is_inner and instruction.program_id in _KNOWN_WHEN_CALLED
        if (action := _action(instruction)) is not None
    ]
    # A burn beside another action is how that is paid for.
    done = next((action for action in called if action.verb is not Verb.BURN), next(iter(called), None))
    return None if done is None else msgspec.structs.replace(done, is_signed=False)


def _action(instruction: Instruction) -> Action | None:
    program = instruction.program_id
    if program not in _HAVE_VERBS:
        return None
    if program == STAKE:
        verb = _STAKE_VERBS.get(instruction.type)
    elif program == TOKEN_2022:
        verb = Verb.CLAIM if instruction.type in WITHDRAWS_WITHHELD else None
    elif program in BRIDGES and program not in NUMBERED_VERBS:
        verb = Verb.BRIDGE
    elif program in NAMED_VERBS or program in NUMBERED_VERBS or program in OPERATES_LOANS:
        data = decoded(instruction.data)
        if program in OPERATES_LOANS:
            return _loan(program, data)
        verb = NAMED_VERBS.get(program, {}).get(data[:8])
        if verb is None and data:
            verb = NUMBERED_VERBS.get(program, {}).get(data[0])
    else:
        verb = None
    if verb is None:
        return None
    given, got = _PARTICIPLES[verb]
    return Action(verb, program, given, got, is_loan=verb in (Verb.BORROW, Verb.REPAY))


def _loan(program: str, data: bytes) -> Action | None:
    """Return what an ``operate`` of Jupiter Lend did, by the signs of the changes of collateral and debt."""
    if data[:8] != OPERATE or len(data) < 40:
        return None
    collateral = int.from_bytes(data[8:24], "little", signed=True)
    debt = int.from_bytes(data[24:40], "little", signed=True)
    given = " and ".join(["deposited"] * (collateral > 0) + ["repaid"] * (debt < 0))
    got = " and ".join(["withdrawn"] * (collateral < 0) + ["borrowed"] * (debt > 0))
    if debt:
        verb = Verb.BORROW if debt > 0 else Verb.REPAY
    elif collateral:
        verb = Verb.DEPOSIT if collateral > 0 else Verb.WITHDRAW
    else:
        return None
    return Action(verb, program, given, got, is_loan=True)


def is_order(action: Action | None) -> bool:
    """Whether an action is about an order: one holds what was given until it is filled or cancelled."""
    return action is not None and action.program_id in ORDERS
