"""Where lamports went in a transaction, as far as its instructions tell.

Replays every parsed instruction that moves lamports, in the order of execution, over the balances before.
The difference between its result and the balances afterwards was moved without an instruction: a program may
take lamports from its own accounts and give them to any. Source of the instructions' members: the
``jsonParsed`` encoding of agave's ``transaction-status`` crate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from streamcore.assets.tokens import WRAPPED_SOL
from streamcore.solana.programs import ASSOCIATED_TOKEN, STAKE, SYSTEM, TOKEN_PROGRAMS, VOTE
from streamcore.solana.wire import Instruction

ALLOWS_PREFUND = "createAccountAllowPrefund"
"""Makes an account that may have lamports already, which ``createAccount`` refuses to."""

CREATES = frozenset({"createAccount", "createAccountWithSeed", ALLOWS_PREFUND})
TRANSFERS = frozenset({"transfer", "transferWithSeed"})
_TOKEN_TRANSFERS = frozenset({"transfer", "transferChecked", "transferCheckedWithFee"})
INITIALISES = frozenset({"initializeAccount", "initializeAccount2", "initializeAccount3"})

_MAX_U64 = 2**64 - 1

_SYSTEM_MOVES = {
    **dict.fromkeys(TRANSFERS, ("source", "destination")),
    **dict.fromkeys(CREATES, ("source", "newAccount")),
    "withdrawFromNonce": ("nonceAccount", "destination"),
}
_STAKE_MOVES = {
    "withdraw": ("stakeAccount", "destination"),
    "split": ("stakeAccount", "newSplitAccount"),
    "moveLamports": ("source", "destination"),
    "moveStake": ("source", "destination"),
}
_VOTE_MOVES = {"withdraw": ("voteAccount", "destination")}
_MOVES: dict[str, dict[str, tuple[str, str]]] = {
    SYSTEM: _SYSTEM_MOVES,
    STAKE: _STAKE_MOVES,
    VOTE: _VOTE_MOVES,
}
"""By program and instruction, the members that name where lamports come from and go to."""


class Transfer(msgspec.Struct, frozen=True, gc=False):
    """Lamports that one instruction moved.

    Attributes:
        source: The account they left.
        destination: The account they reached.
        lamports: How many.
        instruction: That instruction.
    """

    source: str
    destination: str
    lamports: int
    instruction: Instruction


class Flows(msgspec.Struct, frozen=True):
    """The movements of lamports in one transaction.

    Attributes:
        transfers: Those that instructions tell, in order.
        unexplained: By account, the lamports it gained (positive) or lost without an instruction.
        making: The instructions of the programs that make accounts.
    """

    transfers: tuple[Transfer, ...]
    unexplained: dict[str, int]
    making: tuple[Instruction, ...] = ()

    def took_from(self, account: str) -> bool:
        """Whether an instruction took lamports from ``account``."""
        return any(transfer.source == account and transfer.lamports for transfer in self.transfers)


def replay(
    instructions: Sequence[Instruction],
    before: Mapping[str, int],
    after: Mapping[str, int],
    payer: str,
    fee: int,
    native: Iterable[str],
) -> Flows:
    """Return the flows of one transaction.

    Args:
        instructions: In the order of execution.
        before: Lamports of each account before.
        after: Lamports of each account afterwards.
        payer: The account that paid the fee.
        fee: Lamports.
        native: Token accounts known to hold wrapped SOL, whose tokens are lamports.
    """
    held = dict(before)
    held[payer] -= fee
    wrapped = set(native)
    transfers: list[Transfer] = []
    making: list[Instruction] = []
    for instruction in instructions:
        if instruction.program_id in TOKEN_PROGRAMS:
            move = _token_move(instruction, wrapped, held)
        elif instruction.program_id in _MOVES:
            if instruction.program_id == SYSTEM:
                making.append(instruction)
            move = _move(instruction, held)
        else:
            if instruction.program_id == ASSOCIATED_TOKEN:
                making.append(instruction)
            continue
        if move is None or move.source not in held or move.destination not in held:
            continue
        held[move.source] -= move.lamports
        held[move.destination] += move.lamports
        transfers.append(move)
    unexplained = {key: lamports - held[key] for key, lamports in after.items() if lamports != held[key]}
    return Flows(tuple(transfers), unexplained, tuple(making))


def _token_move(instruction: Instruction, wrapped: set[str], held: Mapping[str, int]) -> Transfer | None:
    """Return the lamports that a token program moved; an account made for them is added to ``wrapped``."""
    kind, info = instruction.type, instruction.info
    if kind in _TOKEN_TRANSFERS:
        near, far = info.get("source"), info.get("destination")
        if not isinstance(near, str) or not isinstance(far, str):
            return None
        if near in wrapped or far in wrapped or info.get("mint") == WRAPPED_SOL:
            return Transfer(near, far, token_amount(instruction), instruction)
    elif kind == "unwrapLamports":
        amount = token_amount(instruction)  # zero: all of it, which the balances tell
        return _transfer(
            instruction, address(instruction, "source"), address(instruction, "destination"), amount
        )
    elif kind in INITIALISES:
        account = address(instruction, "account")
        if account is not None and info.get("mint") == WRAPPED_SOL:
            wrapped.add(account)
    elif kind == "closeAccount":
        account = address(instruction, "account")
        return _transfer(
            instruction, account, address(instruction, "destination"), held.get(account or "", 0)
        )
    return None


def _move(instruction: Instruction, held: Mapping[str, int]) -> Transfer | None:
    program, kind = instruction.program_id, instruction.type
    if program == STAKE and kind == "merge":
        source = address(instruction, "source")
        return _transfer(instruction, source, address(instruction, "destination"), held.get(source or "", 0))
    ends = _MOVES[program].get(kind)
    if ends is None:
        return None
    source, destination = address(instruction, ends[0]), address(instruction, ends[1])
    return _transfer(instruction, source, destination, number(instruction, "lamports"))


def _transfer(
    instruction: Instruction, source: str | None, destination: str | None, lamports: int
) -> Transfer | None:
    if source is None or destination is None:
        return None
    return Transfer(source, destination, lamports, instruction)


def address(instruction: Instruction, member: str) -> str | None:
    """Return the address in a member of a parsed instruction, or ``None``."""
    value = instruction.info.get(member)
    return value if isinstance(value, str) else None


def number(instruction: Instruction, member: str) -> int:
    """Return the amount in a member of a parsed instruction; zero where there is none that fits 64 bits."""
    return _amount(instruction.info.get(member))


def token_amount(instruction: Instruction) -> int:
    """Return how much of a token a parsed transfer moves, in its smallest unit; zero if it has no amount."""
    checked = instruction.info.get("tokenAmount")
    return _amount(checked.get("amount") if isinstance(checked, dict) else instruction.info.get("amount"))


def _amount(value: object) -> int:
    if isinstance(value, str) and len(value) <= 20 and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_U64:
        return value
    return 0
