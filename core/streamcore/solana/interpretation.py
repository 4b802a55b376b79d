"""A Solana transaction told as what it meant for one wallet: a type, numbers, and a line to read.

Decode one to `SolanaTransaction`, then `interpret` it once for each watched wallet it touches. Nothing here
asks where it came from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from streamcore.assets.tokens import short_address
from streamcore.events import TokenChange, TransactionType
from streamcore.solana.balances import (
    SOL_DECIMALS,
    Balances,
    Defect,
    Movement,
    TokenMovement,
    in_units,
    read_balances,
)
from streamcore.solana.programs import MEMO_PROGRAMS, NAMES, PLUMBING, TRANSFER_PROGRAMS
from streamcore.solana.wire import SolanaTransaction
from streamcore.text import printable

__all__ = ["Meaning", "SolanaTransaction", "interpret", "touches", "wallets_touched"]

NEGLIGIBLE_LAMPORTS = 10
"""A SOL movement below this is rounding of programs, not a payment."""

SIGNIFICANT_DIGITS = 4
"""Of an amount below one, in the line; larger ones keep four places, from a thousand on two."""

_SYMBOL_LENGTH = 24
_MEMO_LENGTH = 60
_ERROR_LENGTH = 100
_IDENTIFIER_LENGTH = 64

_ZERO = Decimal(0)
_ANY_AMOUNT = Context(prec=400)  # a u64 with 255 decimals is still rounded, not refused

SymbolOf = Callable[[str], str | None]
"""Returns the ticker of a mint, or ``None`` if it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a transaction meant for one wallet.

    Attributes:
        type: In one word.
        summary: In one line, safe to print, without markup.
        sol_change: SOL received (positive) or sent, without fee and rent.
        fee: SOL the wallet paid as fee; zero when somebody else did.
        token_changes: What it gained or lost of tokens other than wrapped SOL.
        counterparty: Address of the other side, where there is one.
        program: Name of the program it was about, or its address where it has no known name.
        error: Why it failed; ``None`` unless it did.
    """

    type: TransactionType
    summary: str
    sol_change: Decimal = _ZERO
    fee: Decimal = _ZERO
    token_changes: tuple[TokenChange, ...] = ()
    counterparty: str | None = None
    program: str | None = None
    error: str | None = None


def interpret(transaction: SolanaTransaction, wallet: str, symbol_of: SymbolOf) -> Meaning:
    """Return what a transaction meant for ``wallet``.

    A transaction whose ledger does not add up, or whose encoding cannot be read, is ``mentioned`` with a
    summary that begins ``unparsed:``; its numbers are zero because none can be trusted. Never raises,
    unless ``symbol_of`` does.
    """
    program_id = _main_program(transaction)
    program = None if program_id is None else printable(NAMES.get(program_id, program_id), _IDENTIFIER_LENGTH)
    shown_program = _shown_program(program_id)
    error = None if transaction.meta is None else _error_text(transaction.meta.err)

    balances = read_balances(transaction)
    if isinstance(balances, Defect):
        failed = f"; it failed ({error})" if error else ""
        summary = f"unparsed: {balances.reason}{failed}"
        return Meaning(type=TransactionType.MENTIONED, summary=summary, program=program, error=error)

    movement = balances.measure(wallet)
    fee = in_units(movement.fee, SOL_DECIMALS)
    if error is not None:
        summary = f"FAILED {shown_program} ({error})"
        if movement.fee:
            summary += f" fee {_plain(fee)} SOL"
        return Meaning(type=TransactionType.FAILED, summary=summary, fee=fee, program=program, error=error)

    changes = tuple(_token_change(token, symbol_of) for token in movement.tokens)
    kind = _classify(movement, signed=wallet in transaction.signers())
    counterparty = _counterparty(balances, wallet, movement, kind)
    where = f" on {shown_program}" if program_id is not None and program_id not in PLUMBING else ""
    summary = _summary(kind, movement, changes, counterparty, shown_program, where)
    if any(balance.owner is None for balance in transaction.token_balances()):
        # Very old transactions: tokens may have moved that nothing tells to be the wallet's.
        summary += ", token owners not recorded"
    summary += _memo(balances)
    return Meaning(
        type=kind,
        summary=summary,
        sol_change=in_units(movement.core, SOL_DECIMALS),
        fee=fee,
        token_changes=changes,
        counterparty=None if counterparty is None else printable(counterparty, _IDENTIFIER_LENGTH),
        program=program,
        error=None,
    )


def touches(transaction: SolanaTransaction, wallet: str) -> bool:
    """Whether ``wallet`` is an account of the transaction or owns one of its token accounts."""
    return bool(wallets_touched(transaction, (wallet,)))


def wallets_touched(transaction: SolanaTransaction, candidates: Container[str]) -> list[str]:
    """Return those of ``candidates`` the transaction touches, each once, in the order of the accounts."""
    found = dict.fromkeys(key for key in transaction.addresses() if key in candidates)
    for balance in transaction.token_balances():
        if balance.owner is not None and balance.owner in candidates:
            found[balance.owner] = None
    return list(found)


def _classify(movement: Movement, *, signed: bool) -> TransactionType:
    sol = movement.core if abs(movement.core) >= NEGLIGIBLE_LAMPORTS else 0
    amounts = [token.amount for token in movement.tokens]
    if sol:
        amounts.append(sol)
    if len(amounts) == 1:
        return TransactionType.RECEIVED if amounts[0] > 0 else TransactionType.SENT
    if len(amounts) == 2 and amounts[0] * amounts[1] < 0:
        if not sol:
            return TransactionType.SWAPPED
        return TransactionType.BOUGHT if sol < 0 else TransactionType.SOLD
    if amounts:
        return TransactionType.MULTI
    if movement.rent or movement.rent_other:
        return TransactionType.ACCOUNT
    return TransactionType.CALLED if signed else TransactionType.MENTIONED


def _counterparty(balances: Balances, wallet: str, movement: Movement, kind: TransactionType) -> str | None:
    if kind not in (TransactionType.RECEIVED, TransactionType.SENT):
        return None  # the other side of a swap is a pool, which tells a person nothing
    if movement.tokens:
        return balances.token_counterparty(wallet, movement.tokens[0])
    return balances.sol_counterparty(wallet, movement.core)


def _summary(
    kind: TransactionType,
    movement: Movement,
    changes: tuple[TokenChange, ...],
    counterparty: str | None,
    program: str,
    where: str,
) -> str:
    sol = in_units(movement.core, SOL_DECIMALS)
    match kind:
        case TransactionType.RECEIVED | TransactionType.SENT:
            moved = _amount(changes[0]) if changes else f"{_readable(sol.copy_abs())} SOL"
            received = kind is TransactionType.RECEIVED
            if counterparty is not None:
                return f"{kind} {moved} {'from' if received else 'to'} {_shown_address(counterparty)}"
            if changes:
                return f"{kind} {moved} ({'minted' if received else 'burned'})"
            return f"{kind} {moved}"
        case TransactionType.BOUGHT | TransactionType.SOLD:
            return f"{kind} {_amount(changes[0])} for {_readable(sol.copy_abs())} SOL{where}"
        case TransactionType.SWAPPED:
            given, gained = sorted(changes, key=lambda change: change.amount)
            return f"swapped {_amount(given)} for {_amount(gained)}{where}"
        case TransactionType.MULTI:
            parts = [_signed(change.amount, _unit(change)) for change in changes]
            if abs(movement.core) >= NEGLIGIBLE_LAMPORTS:
                parts.append(_signed(sol, "SOL"))
            return f"multi: {', '.join(parts)}{where}"
        case TransactionType.ACCOUNT:
            return _account_summary(movement)
        case TransactionType.CALLED:
            return f"called {program}"
        case _:
            return f"mentioned by {program}"


def _account_summary(movement: Movement) -> str:
    if movement.rent_other:
        return f"opened token account for another, rent {_rent(movement.rent_other)}"
    if movement.rent > 0:
        paid = "" if movement.rent_paid else ", paid by another"
        return f"opened token account, rent {_rent(movement.rent)}{paid}"
    back = "back" if movement.rent_back else "went to another"
    return f"closed token account, rent {_rent(-movement.rent)} {back}"


def _rent(lamports: int) -> str:
    return f"{_plain(in_units(lamports, SOL_DECIMALS))} SOL"


def _token_change(token: TokenMovement, symbol_of: SymbolOf) -> TokenChange:
    symbol = symbol_of(token.mint)
    return TokenChange(
        mint=printable(token.mint, _IDENTIFIER_LENGTH),
        symbol=printable(symbol, _SYMBOL_LENGTH) if symbol else None,
        amount=in_units(token.amount, token.decimals),
    )


def _amount(change: TokenChange) -> str:
    return f"{_readable(change.amount.copy_abs())} {_unit(change)}"


def _unit(change: TokenChange) -> str:
    return change.symbol or short_address(change.mint)


def _signed(amount: Decimal, unit: str) -> str:
    return f"{'+' if amount > 0 else ''}{_readable(amount)} {unit}"


def _readable(amount: Decimal) -> str:
    """Return an amount as a line has room for it; the exact one is in the event's fields."""
    size = abs(amount)
    if size >= 1000:
        places = 2
    elif size >= 1:
        places = 4
    else:
        places = SIGNIFICANT_DIGITS - 1 - size.adjusted()
    rounded = amount
    if -int(amount.as_tuple().exponent) > places:
        rounded = amount.quantize(Decimal(1).scaleb(-places), context=_ANY_AMOUNT)
    whole, dot, fraction = format(rounded, ",f").partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}{dot}{fraction}" if fraction else whole


def _plain(amount: Decimal) -> str:
    return format(amount, "f")


def _shown_program(program_id: str | None) -> str:
    if program_id is None:
        return "an unknown program"
    return NAMES.get(program_id) or _shown_address(program_id)


def _shown_address(address: str) -> str:
    return printable(short_address(address), _IDENTIFIER_LENGTH)


def _main_program(transaction: SolanaTransaction) -> str | None:
    called = [instruction.program_id for instruction in transaction.outer_instructions()]
    programs = [program for program in called if program]
    for group in (
        (program for program in programs if program not in PLUMBING),
        (program for program in programs if program in TRANSFER_PROGRAMS),
        programs,
    ):
        if (first := next(iter(group), None)) is not None:
            return first
    return None


def _memo(balances: Balances) -> str:
    for instruction in (*balances.outer, *balances.inner):
        if instruction.program_id in MEMO_PROGRAMS and instruction.text.strip():
            return f", memo “{printable(instruction.text.strip(), _MEMO_LENGTH)}”"
    return ""


def _error_text(err: Any) -> str | None:
    """Return a ``TransactionError`` in words, or ``None`` if there is none.

    The forms: a name; ``{"InstructionError": [index, name or {"Custom": number}]}``; another name with one
    detail, such as ``{"InsufficientFundsForRent": {"account_index": 3}}``.
    """
    if err is None:
        return None
    match err:
        case str():
            text = err
        case {"InstructionError": [int(index), {"Custom": int(number)}]}:
            text = f"instruction {index}: custom error {number}, 0x{number:x}"
        case {"InstructionError": [int(index), str(name)]}:
            text = f"instruction {index}: {name}"
        case dict() if len(err) == 1:
            ((name, detail),) = err.items()
            if isinstance(detail, dict) and len(detail) == 1:
                ((member, detail),) = detail.items()
                name = f"{name}: {member}"
            text = f"{name} {detail if isinstance(detail, str) else _json(detail)}"
        case _:
            text = _json(err)
    return printable(text, _ERROR_LENGTH)


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "nested too deeply to show"
