"""A Solana transaction as RPC servers write it, and tolerant access to its variable parts.

The same type decodes what a ``transactionNotification`` calls ``params.result.transaction`` and the result
of ``getTransaction``, with ``encoding`` ``jsonParsed`` or ``json``. Members nobody here needs are skipped.
What other encodings and later versions put in place of a known shape decodes too, as something without
content, so that one odd transaction cannot make a whole frame unreadable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from streamcore.solana.programs import MEMO_PROGRAMS
from streamcore.solana.raw_instructions import PARSED, decoded, parse

READABLE_VERSIONS = frozenset({None, "legacy", 0, 1})
"""Versions whose instructions have a known shape. Of any other only keys and balances are read."""


class _Wire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The base of every structure here: member names are in camel case, unknown members are ignored."""


class AccountKey(_Wire, frozen=True, kw_only=True):
    """One account of a ``jsonParsed`` message."""

    pubkey: str
    signer: bool = False


class TokenAmount(_Wire, frozen=True, kw_only=True):
    """An amount of a token in its smallest unit. The floating point forms beside it are not read."""

    amount: str
    decimals: int


class TokenBalance(_Wire, frozen=True, kw_only=True):
    """What a token account held before or after; very old transactions name neither owner nor program."""

    account_index: int
    mint: str
    ui_token_amount: TokenAmount
    owner: str | None = None
    program_id: str | None = None


class LoadedAddresses(_Wire, frozen=True, kw_only=True):
    """Keys from lookup tables, told apart only where the keys are plain strings."""

    writable: tuple[str, ...] = ()
    readonly: tuple[str, ...] = ()


class MessageHeader(_Wire, frozen=True, kw_only=True):
    """How many of the first keys have signed; ``jsonParsed`` says it at each key instead."""

    num_required_signatures: int = 1


class Message(_Wire, frozen=True, kw_only=True):
    """What was signed."""

    account_keys: tuple[AccountKey | str, ...]
    instructions: Any = None
    header: MessageHeader | None = None


class SignedMessage(_Wire, frozen=True, kw_only=True):
    """A message with its signatures, the first of which names the transaction."""

    message: Message
    signatures: tuple[str, ...] = ()


class TransactionMeta(_Wire, frozen=True, kw_only=True):
    """What the transaction did. Lamports and fee are integers of up to 64 bits."""

    err: Any = None
    fee: int = 0
    pre_balances: tuple[int, ...] | None = None
    post_balances: tuple[int, ...] | None = None
    pre_token_balances: tuple[TokenBalance, ...] | None = None
    post_token_balances: tuple[TokenBalance, ...] | None = None
    inner_instructions: Any = None
    loaded_addresses: LoadedAddresses | None = None
    log_messages: Any = None


class Instruction(msgspec.Struct, frozen=True):
    """One instruction, as far as it could be read.

    Attributes:
        program_id: Address of the program, empty when it is not told.
        type: What a parsed instruction does, such as ``transfer``; empty when it is not parsed.
        info: The members of a parsed instruction, from outside and unchecked.
        text: What a memo says; empty for everything else.
        data: The arguments of an instruction that is not parsed, in base58.
        position: Index of the top-level instruction that it is, or that called it.
        is_inner: Whether a program called it.
    """

    program_id: str
    type: str = ""
    info: Mapping[str, Any] = {}
    text: str = ""
    data: str = ""
    position: int = 0
    is_inner: bool = False


class SolanaTransaction(_Wire, frozen=True, kw_only=True):
    """A transaction and what it did.

    ``slot``, ``block_time`` (Unix seconds) and ``transaction_index`` are there in an answer over HTTP; a
    notification has some of them beside the transaction and never the block time.
    """

    transaction: SignedMessage | list[Any] | str | None = None
    """A list or a string when the server was asked for an encoding that is not JSON."""
    meta: TransactionMeta | None = None
    version: int | str | None = None
    slot: int | None = None
    block_time: int | None = None
    transaction_index: int | None = None

    @property
    def signature(self) -> str | None:
        """The first signature, which names the transaction; ``None`` if the encoding hides it."""
        if isinstance(self.transaction, SignedMessage) and self.transaction.signatures:
            return self.transaction.signatures[0]
        return None

    def addresses(self) -> list[str]:
        """Return the address of every account, in the order balances and indexes refer to.

        ``jsonParsed`` keys already include those of lookup tables; with plain keys they follow in
        ``meta.loadedAddresses``, the writable ones first.
        """
        if not isinstance(self.transaction, SignedMessage):
            return []
        keys = self.transaction.message.account_keys
        addresses = [key if isinstance(key, str) else key.pubkey for key in keys]
        plain = all(isinstance(key, str) for key in keys)
        if plain and self.meta is not None and self.meta.loaded_addresses is not None:
            addresses += self.meta.loaded_addresses.writable
            addresses += self.meta.loaded_addresses.readonly
        return addresses

    def signers(self) -> frozenset[str]:
        """Return the addresses that signed."""
        if not isinstance(self.transaction, SignedMessage):
            return frozenset()
        message = self.transaction.message
        signing = 1 if message.header is None else message.header.num_required_signatures
        return frozenset(
            key if isinstance(key, str) else key.pubkey
            for index, key in enumerate(message.account_keys)
            if (index < signing if isinstance(key, str) else key.signer)
        )

    def token_balances(self) -> tuple[TokenBalance, ...]:
        """Return every token balance, those before and then those after."""
        if self.meta is None:
            return ()
        return (*(self.meta.pre_token_balances or ()), *(self.meta.post_token_balances or ()))

    def instructions(self) -> list[Instruction]:
        """Return every instruction in the order of execution: each top-level one, then those it called.

        Empty when the version is one whose instructions have no known shape.
        """
        if not isinstance(self.transaction, SignedMessage) or self.version not in READABLE_VERSIONS:
            return []
        keys = self.addresses()
        called: dict[int, list[Any]] = {}
        groups = None if self.meta is None else self.meta.inner_instructions
        for group in groups if isinstance(groups, list) else []:
            if isinstance(group, dict) and isinstance(group.get("instructions"), list):
                index = group.get("index")
                called.setdefault(index if isinstance(index, int) else -1, []).extend(group["instructions"])
        signed = self.transaction.message.instructions
        instructions: list[Instruction] = []
        for position, raw in enumerate(signed if isinstance(signed, list) else []):
            instructions += _read([raw], keys, position, is_inner=False)
            instructions += _read(called.pop(position, []), keys, position, is_inner=True)
        for position, rest in called.items():  # of instructions that are not there, or not numbered
            instructions += _read(rest, keys, position, is_inner=True)
        return instructions

    def logs(self) -> list[str]:
        """Return the lines programs logged, as far as the server kept them."""
        lines = None if self.meta is None else self.meta.log_messages
        return [line for line in lines if isinstance(line, str)] if isinstance(lines, list) else []


def _read(
    instructions: list[Any], keys: list[str], position: int, *, is_inner: bool
) -> Iterator[Instruction]:
    for raw in instructions:
        if not isinstance(raw, dict):
            continue
        program_id = raw.get("programId")
        index = raw.get("programIdIndex")  # encoding "json" refers to the keys
        if program_id is None and isinstance(index, int) and 0 <= index < len(keys):
            program_id = keys[index]
        if not isinstance(program_id, str):
            program_id = ""
        parsed, data = raw.get("parsed"), raw.get("data")
        data = data if isinstance(data, str) else ""
        kind = parsed.get("type") if isinstance(parsed, dict) else None
        info = parsed.get("info") if isinstance(parsed, dict) else None
        text = parsed if isinstance(parsed, str) else ""
        if parsed is None and data:
            if program_id in MEMO_PROGRAMS:
                text = decoded(data).decode(errors="replace")
            elif program_id in PARSED:
                known = parse(program_id, data, _accounts(raw.get("accounts"), keys))
                kind, info = (kind, info) if known is None else known
        yield Instruction(
            program_id,
            kind if isinstance(kind, str) else "",
            info if isinstance(info, dict) else {},
            text,
            data,
            position,
            is_inner,
        )


def _accounts(accounts: Any, keys: list[str]) -> list[str]:
    """Return the addresses of an unparsed instruction's accounts; encoding "json" refers to the keys."""
    if not isinstance(accounts, list):
        return []
    return [
        keys[account] if isinstance(account, int) and 0 <= account < len(keys) else str(account)
        for account in accounts
    ]
