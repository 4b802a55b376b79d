"""Which of its programs a transaction was about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from streamcore.solana.programs import (
    ASSOCIATED_TOKEN,
    MEMO_PROGRAMS,
    NAMES,
    PLUMBING,
    SYSTEM,
    TOKEN_PROGRAMS,
)
from streamcore.solana.wire import Instruction

_MOVES_SOL = frozenset({"transfer", "transferWithSeed", "createAccount", "createAccountWithSeed"})
_PREPARES = frozenset({"advanceNonce", "syncNative", "approve", "approveChecked", "revoke"})
"""Instructions that only prepare another one."""


def main_program(instructions: Sequence[Instruction], *, moved_tokens: bool, moved_sol: bool) -> str | None:
    """Return the address of the program a transaction was about; ``None`` if no instruction has one.

    That is the program of the first top-level instruction that has a name here, else of the first that called
    others; `PLUMBING` is passed over. Without either, it is the program that moved the tokens or the SOL,
    else the first one left.

    Args:
        instructions: Every instruction, in the order of execution.
        moved_tokens: Whether the wallet has more or fewer tokens than before.
        moved_sol: Whether it has more or less SOL.
    """
    outer: list[Instruction] = []
    calling: set[int] = set()
    for instruction in instructions:
        if instruction.is_inner:
            calling.add(instruction.position)
        elif instruction.program_id:
            outer.append(instruction)
    doing = [instruction for instruction in outer if instruction.program_id not in PLUMBING]
    for chosen in (
        (instruction for instruction in doing if instruction.program_id in NAMES),
        (instruction for instruction in doing if instruction.position in calling),
    ):
        if (first := next(chosen, None)) is not None:
            return first.program_id
    acting = [instruction for instruction in outer if instruction.type not in _PREPARES]
    tokens = [i.program_id for i in acting if i.program_id in TOKEN_PROGRAMS]
    system = [i.program_id for i in acting if i.program_id == SYSTEM]
    if moved_tokens and tokens:
        return _last_transfer(acting, tokens)
    if moved_sol and system:
        return SYSTEM
    if doing:
        return doing[0].program_id
    if any(i.type in _MOVES_SOL for i in acting if i.program_id == SYSTEM):
        return SYSTEM
    for programs in (
        tokens,
        system,
        [i.program_id for i in acting if i.program_id == ASSOCIATED_TOKEN],
        [i.program_id for i in acting if i.program_id in MEMO_PROGRAMS],
        [i.program_id for i in outer],
    ):
        if programs:
            return programs[0]
    return None


def _last_transfer(acting: Iterable[Instruction], tokens: list[str]) -> str:
    """Return the token program of the last transfer, since what comes before opens and closes accounts."""
    transfers = [
        i.program_id for i in acting if i.program_id in TOKEN_PROGRAMS and "transfer" in i.type.lower()
    ]
    return transfers[-1] if transfers else tokens[0]
