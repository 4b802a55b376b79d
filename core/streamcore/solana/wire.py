"""A Solana transaction as RPC servers write it, and tolerant access to its variable parts.

The same type decodes what a ``transactionNotification`` calls ``params.result.transaction`` and the result
of ``getTransaction``, with ``encoding`` ``jsonParsed`` or ``json``. Members nobody here needs are skipped.
What other encodings and later versions put in place of a known shape decodes too, as something without
content, so that one odd transaction cannot make a whole frame unreadable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from streamcore.solana.programs import ASSOCIATED_TOKEN, MEMO_PROGRAMS, TOKEN_PROGRAMS
from streamcore.solana.raw_instructions import BATCH, PARSED, decoded, parse

ABSENT = msgspec.Raw(b"null")
"""A member that is not there. Those of this type are read when somebody asks for them, and only then."""

READABLE_VERSIONS = frozenset({None, "legacy", 0, 1})
"""Versions whose instructions have a known shape. Of any other only keys and balances are read."""


class _Wire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The base of every structure here: member names are in camel case, unknown members are ignored.

    Those of which a transaction has many are not tracked by the collector of cycles: they are in none.
    """


class AccountKey(_Wire, frozen=True, kw_only=True, gc=False):
    """One account of a ``jsonParsed`` message."""

    pubkey: str
    signer: bool = False


class TokenAmount(_Wire, frozen=True, kw_only=True, gc=False):
    """An amount of a token in its smallest unit. The floating point forms beside it are not read."""

    amount: str
    decimals: int


class TokenBalance(_Wire, frozen=True, kw_only=True, gc=False):
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
    """The part of a transaction that is signed: its accounts and instructions."""

    account_keys: tuple[AccountKey | str, ...]
    instructions: msgspec.Raw = ABSENT
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
    inner_instructions: msgspec.Raw = ABSENT
    loaded_addresses: LoadedAddresses | None = None
    log_messages: msgspec.Raw = ABSENT


class Instruction(msgspec.Struct, frozen=True, gc=False):
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

        ``jsonParsed`` keys already include those of lookup tables; plain keys do not, they follow in
        ``meta.loadedAddresses``, the writable ones first. Some servers do otherwise, so that it is
        the number of balances that tells.
        """
        if not isinstance(self.transaction, SignedMessage):
            return []
        keys = self.transaction.message.account_keys
        try:
            addresses = [key.pubkey for key in keys]  # type: ignore[union-attr]
        except AttributeError:
            addresses = [key if isinstance(key, str) else key.pubkey for key in keys]
        loaded = None if self.meta is None else self.meta.loaded_addresses
        balances = None if self.meta is None else self.meta.pre_balances
        if loaded is not None and len(addresses) != len(balances or ()):
            addresses += loaded.writable
            addresses += loaded.readonly
        return addresses

    def signers(self) -> frozenset[str]:
        """Return the addresses that signed."""
        if not isinstance(self.transaction, SignedMessage):
            return frozenset()
        message = self.transaction.message
        try:
            signed = [key.pubkey for key in message.account_keys if key.signer]  # type: ignore[union-attr]
            # the first one pays and signs, also if a server does not say so
            return frozenset(signed or [key.pubkey for key in message.account_keys[:1]])  # type: ignore[union-attr]
        except AttributeError:
            pass  # plain keys, the first of which have signed
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

    def instructions(self, keys: Sequence[str] | None = None) -> list[Instruction]:
        """Return every instruction in the order of execution: each top-level one, then those it called.

        Empty when the version is one whose instructions have no known shape. ``keys``: `addresses`, where
        they are known already.
        """
        if not isinstance(self.transaction, SignedMessage) or self.version not in READABLE_VERSIONS:
            return []
        keys = self.addresses() if keys is None else keys
        called: dict[int, list[_Called]] = {}
        for group in () if self.meta is None else _groups(self.meta.inner_instructions):
            called.setdefault(group.index, []).extend(group.instructions)
        found: list[Instruction] = []
        for position, one in enumerate(_called(self.transaction.message.instructions)):
            found.append(_instruction(one, keys, position, is_inner=False))
            for inner in called.pop(position, ()):
                found.append(_instruction(inner, keys, position, is_inner=True))
        for position, rest in called.items():  # of instructions that are not there, or not numbered
            found += [_instruction(inner, keys, position, is_inner=True) for inner in rest]
        if BATCH in [one.type for one in found]:
            return [member for one in found for member in _members(one)]
        return found

    def logs(self) -> list[str]:
        """Return the lines programs logged, as far as the server kept them."""
        lines = None if self.meta is None else _anything(self.meta.log_messages)
        return [line for line in lines if isinstance(line, str)] if isinstance(lines, list) else []


class _Parsed(msgspec.Struct, frozen=True, gc=False):
    type: str = ""
    info: dict[str, Any] = {}


class _Called(_Wire, frozen=True, kw_only=True, gc=False):
    """An instruction as it is written; what is not usual about one is left out."""

    program_id: str | None = None
    program_id_index: int | None = None
    """Encoding "json" refers to the keys."""
    parsed: _Parsed | str | None = None
    data: str | None = None
    accounts: msgspec.Raw = ABSENT


class _Group(_Wire, frozen=True, kw_only=True):
    """The instructions that one top-level instruction called."""

    index: int = -1
    instructions: list[_Called] = []


class _UsualMessage(Message, frozen=True, kw_only=True):
    instructions: list[_Called] = []  # type: ignore[assignment]


class _UsualSignedMessage(SignedMessage, frozen=True, kw_only=True):
    message: _UsualMessage


class _UsualMeta(TransactionMeta, frozen=True, kw_only=True):
    inner_instructions: list[_Group] | None = None  # type: ignore[assignment]


class UsualTransaction(SolanaTransaction, frozen=True, kw_only=True):
    """A `SolanaTransaction` in which nothing is odd, so that it is read in one go, instructions included.

    Try this first: what does not fit is no `UsualTransaction`, and may still be a `SolanaTransaction`.
    """

    transaction: _UsualSignedMessage
    meta: _UsualMeta | None = None


_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError, InvalidOperation)

# untyped numbers become decimals: a binary float would change the digits that were sent
_decode_called = msgspec.json.Decoder(list[_Called] | None, float_hook=Decimal).decode
_decode_groups = msgspec.json.Decoder(list[_Group] | None, float_hook=Decimal).decode
_decode_anything = msgspec.json.Decoder(float_hook=Decimal).decode


def _called(raw: msgspec.Raw | list[_Called]) -> list[_Called]:
    if isinstance(raw, list):
        return raw
    try:
        return _decode_called(raw) or []
    except _UNREADABLE:
        return _leniently(_anything(raw))


def _groups(raw: msgspec.Raw | list[_Group] | None) -> list[_Group]:
    if raw is None or isinstance(raw, list):
        return raw or []
    try:
        return _decode_groups(raw) or []
    except _UNREADABLE:
        groups = _anything(raw)
    return [
        _Group(index=_typed(group.get("index"), int, -1), instructions=_leniently(group.get("instructions")))
        for group in (groups if isinstance(groups, list) else [])
        if isinstance(group, dict)
    ]


def _anything(raw: msgspec.Raw) -> Any:
    """Return what is written there, ``None`` if it cannot be read."""
    try:
        return _decode_anything(raw)
    except _UNREADABLE:
        return None


def _leniently(instructions: Any) -> list[_Called]:
    """Return the instructions of a list in which some are odd; an odd member is as good as none."""
    found = []
    for raw in instructions if isinstance(instructions, list) else []:
        if isinstance(raw, dict):
            parsed, program_id = raw.get("parsed"), raw.get("programId")
            if isinstance(parsed, dict):
                parsed = _Parsed(_typed(parsed.get("type"), str, ""), _typed(parsed.get("info"), dict, {}))
            elif parsed is not None and not isinstance(parsed, str):
                parsed = _Parsed()
            accounts = msgspec.Raw(msgspec.json.encode(raw.get("accounts")))
            found.append(
                _Called(
                    program_id=program_id if isinstance(program_id, str | None) else "",
                    program_id_index=_typed(raw.get("programIdIndex"), int, None),
                    parsed=parsed,
                    data=_typed(raw.get("data"), str, None),
                    accounts=accounts,
                )
            )
    return found


def _typed(value: Any, kind: type, default: Any) -> Any:
    return value if isinstance(value, kind) else default


def _instruction(one: _Called, keys: Sequence[str], position: int, *, is_inner: bool) -> Instruction:
    program_id, index, parsed = one.program_id, one.program_id_index, one.parsed
    if program_id is None:
        program_id = keys[index] if index is not None and 0 <= index < len(keys) else ""
    if parsed is not None:
        if isinstance(parsed, str):
            return Instruction(program_id, "", {}, parsed, one.data or "", position, is_inner)
        return Instruction(program_id, parsed.type, parsed.info, "", one.data or "", position, is_inner)
    data = one.data or ""
    if not data and program_id != ASSOCIATED_TOKEN:
        return Instruction(program_id, "", {}, "", "", position, is_inner)
    kind: str = ""
    info: Mapping[str, Any] = {}
    text = ""
    if program_id in MEMO_PROGRAMS:
        text = decoded(data).decode(errors="replace")
    elif program_id in PARSED:
        known = parse(program_id, data, _accounts(_anything(one.accounts), keys))
        kind, info = (kind, info) if known is None else known
    return Instruction(program_id, kind, info, text, data, position, is_inner)


def _members(one: Instruction) -> list[Instruction]:
    """Return the instructions of a batch, or the instruction itself if it is none that can be read."""
    if one.type != BATCH or one.program_id not in TOKEN_PROGRAMS:
        return [one]
    written = one.info.get("instructions")
    members = [
        msgspec.structs.replace(one, type=kind, info=_typed(member.get("info"), dict, {}))
        for member in (written if isinstance(written, list) else ())
        if isinstance(member, dict)
        if isinstance(kind := member.get("type"), str) and kind != BATCH
    ]
    return members or [one]


def _accounts(accounts: Any, keys: Sequence[str]) -> list[str]:
    """Return the addresses of an unparsed instruction's accounts; encoding "json" refers to the keys."""
    if not isinstance(accounts, list):
        return []
    return [
        keys[account] if isinstance(account, int) and 0 <= account < len(keys) else str(account)
        for account in accounts
    ]
