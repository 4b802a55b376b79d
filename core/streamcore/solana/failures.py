"""Why a transaction failed, as a phrase.

Each program numbers its own errors, so a number means nothing without the program that raised it. That is the
innermost one that the logs call failed; without logs, the program of the top-level instruction. A number that
is not known here may have its name in the logs: programs made with the Anchor framework write it there.
Sources of the numbers, by program, below; the forms of ``err``: ``TransactionError`` in solana-sdk; the line
that Anchor logs: ``AnchorError::log`` in ``lang/src/error.rs`` of solana-foundation/anchor.
"""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec

from streamcore.solana.programs import (
    JUPITER,
    JUPITER_V4,
    METEORA_DAMM,
    METEORA_DAMM_V2,
    METEORA_DBC,
    METEORA_DLMM,
    OKX_DEX,
    ORCA,
    ORCA_V1,
    ORCA_V2,
    PUMP_FUN,
    PUMP_SWAP,
    RAYDIUM_AMM,
    RAYDIUM_CLMM,
    RAYDIUM_CPMM,
    SYSTEM,
    TOKEN,
    TOKEN_2022,
)
from streamcore.solana.wire import SolanaTransaction
from streamcore.text import printable

_ERROR_LENGTH = 120
_FAILED = re.compile(
    r"Program ([1-9A-HJ-NP-Za-km-z]{32,44}) failed: (?:custom program error: (0x[0-9a-f]+)$)?"
)

_NAMED = re.compile(
    r"Program log: AnchorError .*Error Code: (\w{1,64})\. Error Number: (\d{1,10})\.", re.ASCII
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_SLIPPAGE = "slippage"
_NO_SOL = "not enough SOL"
_NO_TOKENS = "not enough tokens"

_TOKEN_SWAP = {16: _SLIPPAGE}
_TOKEN_ERRORS = {0: "not enough SOL for rent", 1: _NO_TOKENS, 17: "the token account is frozen"}

MEANINGS: dict[str, dict[int, str]] = {
    SYSTEM: {0: "the account is in use already", 1: _NO_SOL},  # SystemError in solana-system-interface
    TOKEN: _TOKEN_ERRORS,  # token/program/src/error.rs of solana-program-library
    TOKEN_2022: _TOKEN_ERRORS,
    JUPITER: {6001: _SLIPPAGE},  # IDL in jup-ag/instruction-parser and jup-ag/jupiter-cpi
    JUPITER_V4: {6001: _SLIPPAGE},  # what it logs beside that number
    RAYDIUM_AMM: {30: _SLIPPAGE, 40: _NO_TOKENS},  # program/src/error.rs of raydium-io/raydium-amm
    # The IDL of the deployed program in raydium-io/raydium-idl; the numbers in the source have moved.
    RAYDIUM_CLMM: {6021: _SLIPPAGE, 6022: _SLIPPAGE, 6023: _SLIPPAGE},
    RAYDIUM_CPMM: {6005: _SLIPPAGE},  # programs/cp-swap/src/error.rs of raydium-io/raydium-cp-swap
    # programs/whirlpool/src/errors.rs of orca-so/whirlpools
    ORCA: {6017: _SLIPPAGE, 6018: _SLIPPAGE, 6036: _SLIPPAGE, 6037: _SLIPPAGE, 6069: _SLIPPAGE},
    ORCA_V1: _TOKEN_SWAP,  # token-swap/program/src/error.rs of solana-program-library, which both are
    ORCA_V2: _TOKEN_SWAP,
    # idl/pump.json and idl/pump_amm.json of pump-fun/pump-public-docs
    PUMP_FUN: {
        6002: _SLIPPAGE,
        6003: _SLIPPAGE,
        6042: _SLIPPAGE,
        6021: "not enough tokens left to buy",
        6023: _NO_TOKENS,
        6040: "not enough SOL for rent",
        6041: "not enough SOL for fees",
    },
    PUMP_SWAP: {6004: _SLIPPAGE, 6040: _SLIPPAGE},
    METEORA_DLMM: {6003: _SLIPPAGE, 6004: _SLIPPAGE},  # idls/dlmm.json of MeteoraAg/dlmm-sdk
    METEORA_DAMM_V2: {6002: _SLIPPAGE},  # programs/cp-amm/src/error.rs of MeteoraAg/damm-v2
    # the IDLs in MeteoraAg/dynamic-bonding-curve-sdk
    METEORA_DAMM: {6004: _SLIPPAGE},
    METEORA_DBC: {6002: _SLIPPAGE},
    OKX_DEX: {6001: _SLIPPAGE},  # "Min return not reached" in okxlabs/DEX-Router-Solana-V1
}
"""By program, the meanings of its custom errors, as far as they are known here."""


class Failure(msgspec.Struct, frozen=True):
    """Why a transaction failed.

    Attributes:
        text: Why, as a phrase, safe to print.
        position: Index of the top-level instruction that failed, if one did.
    """

    text: str
    position: int | None = None


def read_failure(transaction: SolanaTransaction, programs: dict[int, str]) -> Failure | None:
    """Return why ``transaction`` failed, or ``None`` if it did not.

    Args:
        transaction: The transaction.
        programs: By position, the program of each top-level instruction.
    """
    err = None if transaction.meta is None else transaction.meta.err
    if err is None:
        return None
    position: int | None = None
    match err:
        case str():
            text = err
        case {"InstructionError": [int(index), {"Custom": int(number)}]}:
            position = index
            text = f"instruction {index}: custom error {number}, 0x{number:x}"
            if meaning := _meaning(transaction, programs.get(index, ""), number):
                text = f"{meaning}, {text}"
        case {"InstructionError": [int(index), detail]}:
            position = index
            text = f"instruction {index}: {_phrase(detail)}"
        case dict() if len(err) == 1:
            ((name, detail),) = err.items()
            if isinstance(detail, dict) and len(detail) == 1:
                ((member, detail),) = detail.items()
                name = f"{name}: {member}"
            text = _phrase({name: detail})
        case _:
            text = _json(err)
    return Failure(printable(text, _ERROR_LENGTH), position)


def _phrase(detail: Any) -> str:
    """Return an error that is a name, or an object of one name with more about it, as text."""
    if isinstance(detail, str):
        return detail
    if isinstance(detail, dict) and len(detail) == 1:
        ((name, more),) = detail.items()
        return f"{name} {more if isinstance(more, str) else _json(more)}"
    return _json(detail)


def _meaning(transaction: SolanaTransaction, program: str, number: int) -> str | None:
    lines = transaction.logs()
    for line in lines:
        failed = _FAILED.match(line)
        if failed is not None:  # the first one is the innermost
            raised = int(failed[2], 16) if failed[2] else None
            program = failed[1] if raised == number else program
            break
    return MEANINGS.get(program, {}).get(number) or _logged(lines, number)


def _logged(lines: list[str], number: int) -> str | None:
    """Return the name of an error in words, if a program has logged one beside this number."""
    for line in lines:
        named = _NAMED.match(line)
        if named is not None and int(named[2]) == number:
            words = [word.lower() for word in _WORDS.findall(named[1])]
            return _SLIPPAGE if "slippage" in words and words[0] != "invalid" else " ".join(words)
    return None


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)  # an exact number is no float
    except RecursionError:
        return "nested too deeply to show"
