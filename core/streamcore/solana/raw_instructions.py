"""Decodes instructions of the System, Token, Associated Token and Stake Programs that a node has not parsed.

A node parses what it knows. One that is older than a program's newest instruction, or is asked for the
encoding ``json``, leaves bytes and accounts. Only what moves lamports or tokens, makes or closes accounts is
read here, and becomes what a node would have written. Sources: ``SystemInstruction`` in
solana-system-interface, ``TokenInstruction`` and ``TransferFeeInstruction`` in spl-token and spl-token-2022,
``AssociatedTokenAccountInstruction`` in spl-associated-token-account, ``StakeInstruction`` in
solana-stake-interface.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import base58

from streamcore.solana.programs import ASSOCIATED_TOKEN, STAKE, SYSTEM, TOKEN_PROGRAMS

PARSED = frozenset({SYSTEM, STAKE, ASSOCIATED_TOKEN, *TOKEN_PROGRAMS})
"""The programs whose instructions `parse` knows."""

MOST_DATA = 2_000
"""Characters of base58 data that are decoded at most; more than a transaction can hold."""

BATCH = "batch"
"""The type of a token program's instruction that holds others, in its member ``instructions``."""

_ADDRESS = 32

Parsed = tuple[str, dict[str, Any]]
"""The type of an instruction, such as ``transfer``, and its members."""


class _Reader:
    """The arguments of an instruction, one after another; ``IndexError`` when there are no more."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def is_empty(self) -> bool:
        return not self._data

    def number(self, size: int = 8) -> int:
        return int.from_bytes(self._take(size), "little")

    def address(self) -> str:
        return base58.b58encode(self._take(_ADDRESS)).decode()

    def part(self, size: int) -> _Reader:
        return _Reader(self._take(size))

    def skip_text(self) -> None:
        self._take(self.number())

    def _take(self, size: int) -> bytes:
        if size > len(self._data):
            raise IndexError(size)
        taken, self._data = self._data[:size], self._data[size:]
        return taken


def decoded(data: str) -> bytes:
    """Return the bytes of an instruction's data; empty if they are no base58 or too many."""
    if len(data) > MOST_DATA:
        return b""
    try:
        return base58.b58decode(data)
    except ValueError:
        return b""


def parse(program_id: str, data: str, accounts: Sequence[str]) -> Parsed | None:
    """Return an unparsed instruction as ``jsonParsed`` would have it; ``None`` if it is not known here."""
    if program_id in TOKEN_PROGRAMS:
        read: Callable[[_Reader, Sequence[str]], Parsed | None] = _token
    elif program_id == SYSTEM:
        read = _system
    elif program_id == STAKE:
        read = _stake
    elif program_id == ASSOCIATED_TOKEN:
        read = _associated_token
    else:
        return None
    try:
        return read(_Reader(decoded(data)), accounts)
    except IndexError:  # too few arguments or accounts: not what it seemed to be
        return None


def _system(data: _Reader, accounts: Sequence[str]) -> Parsed | None:
    match data.number(4):
        case 0:
            info = {"lamports": data.number(), "space": data.number(), "owner": data.address()}
            return "createAccount", {"source": accounts[0], "newAccount": accounts[1], **info}
        case 1:
            return "assign", {"account": accounts[0], "owner": data.address()}
        case 2:
            lamports = data.number()
            return "transfer", {"source": accounts[0], "destination": accounts[1], "lamports": lamports}
        case 3:
            data.address()
            data.skip_text()
            info = {"lamports": data.number(), "space": data.number(), "owner": data.address()}
            return "createAccountWithSeed", {"source": accounts[0], "newAccount": accounts[1], **info}
        case 4:
            return "advanceNonce", {"nonceAccount": accounts[0]}
        case 5:
            info = {"lamports": data.number()}
            return "withdrawFromNonce", {"nonceAccount": accounts[0], "destination": accounts[1], **info}
        case 8:
            return "allocate", {"account": accounts[0], "space": data.number()}
        case 9:
            data.address()
            data.skip_text()
            return "allocateWithSeed", {"account": accounts[0], "space": data.number()}
        case 11:
            lamports = data.number()
            return "transferWithSeed", {
                "source": accounts[0],
                "destination": accounts[2],
                "lamports": lamports,
            }
        case 13:
            info = {"lamports": data.number(), "space": data.number(), "owner": data.address()}
            source = {"source": accounts[1]} if len(accounts) > 1 else {}
            return "createAccountAllowPrefund", {"newAccount": accounts[0], **source, **info}
    return None


def _token(data: _Reader, accounts: Sequence[str]) -> Parsed | None:
    kind = data.number(1)
    match kind:
        case 1 | 16 | 18:
            name = {1: "initializeAccount", 16: "initializeAccount2", 18: "initializeAccount3"}[kind]
            owner = accounts[2] if kind == 1 else data.address()
            return name, {"account": accounts[0], "mint": accounts[1], "owner": owner}
        case 3:
            info = {"source": accounts[0], "destination": accounts[1], "authority": accounts[2]}
            return "transfer", {**info, "amount": str(data.number())}
        case 7 | 14:
            info = {"mint": accounts[0], "account": accounts[1], "amount": str(data.number())}
            return "mintTo", info
        case 8 | 15:
            info = {"account": accounts[0], "mint": accounts[1], "amount": str(data.number())}
            return "burn", info
        case 9:
            info = {"account": accounts[0], "destination": accounts[1], "owner": accounts[2]}
            return "closeAccount", info
        case 12:
            return "transferChecked", _checked(data, accounts)
        case 17:
            return "syncNative", {"account": accounts[0]}
        case 26:
            return _transfer_fee(data, accounts)
        case 45:
            info = {"source": accounts[0], "destination": accounts[1], "authority": accounts[2]}
            return "unwrapLamports", info | ({"amount": str(data.number())} if data.number(1) else {})
        case 255:
            return BATCH, {"instructions": _batch(data, accounts)}
    return None


def _batch(data: _Reader, accounts: Sequence[str]) -> list[dict[str, Any]]:
    """Return the members of a batch that are known, each with as many of the accounts as it says it has."""
    members = []
    while not data.is_empty:
        try:
            count = data.number(1)
            part = data.part(data.number(1))
        except IndexError:  # it ends too early
            break
        read = _member(part, accounts[:count])
        accounts = accounts[count:]
        if read is not None and read[0] != BATCH:
            members.append({"type": read[0], "info": read[1]})
    return members


def _member(data: _Reader, accounts: Sequence[str]) -> Parsed | None:
    try:
        return _token(data, accounts)
    except IndexError:
        return None


def _transfer_fee(data: _Reader, accounts: Sequence[str]) -> Parsed | None:
    match data.number(1):
        case 1:
            info = _checked(data, accounts)
            return "transferCheckedWithFee", {**info, "feeAmount": {"amount": str(data.number())}}
        case 2:
            return "withdrawWithheldTokensFromMint", {"mint": accounts[0], "feeRecipient": accounts[1]}
        case 3:
            return "withdrawWithheldTokensFromAccounts", {"mint": accounts[0], "feeRecipient": accounts[1]}
    return None


def _checked(data: _Reader, accounts: Sequence[str]) -> dict[str, Any]:
    amount, decimals = data.number(), data.number(1)
    return {
        "source": accounts[0],
        "mint": accounts[1],
        "destination": accounts[2],
        "authority": accounts[3],
        "tokenAmount": {"amount": str(amount), "decimals": decimals},
    }


def _associated_token(data: _Reader, accounts: Sequence[str]) -> Parsed | None:
    # The first of its instructions had no data, and still needs none.
    kind = 0 if data.is_empty else data.number(1)
    if kind > 1:
        return None
    info = {"source": accounts[0], "account": accounts[1], "wallet": accounts[2], "mint": accounts[3]}
    return "createIdempotent" if kind else "create", info


def _stake(data: _Reader, accounts: Sequence[str]) -> Parsed | None:
    match data.number(4):
        case 2:
            return "delegate", {"stakeAccount": accounts[0]}
        case 3:
            info = {"lamports": data.number()}
            return "split", {"stakeAccount": accounts[0], "newSplitAccount": accounts[1], **info}
        case 4:
            info = {"lamports": data.number()}
            return "withdraw", {"stakeAccount": accounts[0], "destination": accounts[1], **info}
        case 5:
            return "deactivate", {"stakeAccount": accounts[0]}
        case 7:
            return "merge", {"destination": accounts[0], "source": accounts[1]}
    return None
