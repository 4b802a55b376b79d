"""Interprets a Solana transaction for one wallet: its type, the amounts, and a summary line.

Decode one to `SolanaTransaction`, then `interpret` it once for each watched wallet it touches. It does not
matter which provider it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from decimal import Decimal

import msgspec

from streamcore.events import TokenChange, TransactionType
from streamcore.solana.actions import Action, find_action
from streamcore.solana.amounts import IDENTIFIER_LENGTH, readable_change, readable_sol, shown_address
from streamcore.solana.balances import (
    SOL_DECIMALS,
    Balances,
    Defect,
    Movement,
    TokenMovement,
    in_units,
    read_balances,
)
from streamcore.solana.failures import read_failure
from streamcore.solana.flows import address, token_amount
from streamcore.solana.main_program import main_program
from streamcore.solana.mints import is_minted, metadata_fee
from streamcore.solana.opened_and_closed import OpenedAndClosed, opened_and_closed
from streamcore.solana.parties import DUST, Party, sol_parties, token_parties
from streamcore.solana.programs import (
    EXCHANGES,
    MEMO_PROGRAMS,
    NAMES,
    PLUMBING,
    SYSTEM,
    TOKEN_2022,
    TOKEN_PROGRAMS,
)
from streamcore.solana.sentences import Facts, failure_sentence, sentence
from streamcore.solana.transfer_fee import WITHDRAWS_WITHHELD, withheld_fee
from streamcore.solana.verbs import CONCERNS_OTHERS, LISTINGS, Verb
from streamcore.solana.wire import SolanaTransaction
from streamcore.text import printable

__all__ = ["Meaning", "SolanaTransaction", "interpret", "wallets_touched"]

NEGLIGIBLE_LAMPORTS = 10
"""A change of SOL below this is a rounding difference of programs, not a payment."""

SMALL_LAMPORTS = 1_000_000
"""Beside one token given and one got, SOL up to this is a tip or a remainder, not a part of the trade."""

_TRADES = (TransactionType.BOUGHT, TransactionType.SOLD, TransactionType.SWAPPED)

_SYMBOL_LENGTH = 24
_MEMO_LENGTH = 250

_ZERO = Decimal(0)

SymbolOf = Callable[[str], str | None]
"""Returns the ticker of a mint, or ``None`` if it is not known."""


class Meaning(msgspec.Struct, frozen=True, kw_only=True):
    """What a transaction meant for one wallet.

    Attributes:
        type: What it was, in one word.
        summary: What it meant, in one line, safe to print, without markup.
        sol_change: SOL received (positive) or sent, without fee and rent. Like the other amounts of SOL it is
            ``None`` where the transaction could not be read.
        fee: SOL the wallet paid as fee; zero when somebody else did.
        token_changes: What it gained or lost of tokens other than wrapped SOL.
        counterparty: Address of the other side, where there is exactly one.
        program: Name of the program it was about, or its address where it has no known name.
        error: Why it failed; ``None`` unless it did.
        rent: SOL paid for new accounts (negative) or got back from closed ones.
        tip: SOL paid to block builders and the like, as a positive number; part of ``sol_change``.
        action: What was done, where there is a verb for it.
        counterparties: The addresses of the other side where there are several, the largest first.
    """

    type: TransactionType
    summary: str
    sol_change: Decimal | None = _ZERO
    fee: Decimal | None = _ZERO
    token_changes: tuple[TokenChange, ...] = ()
    counterparty: str | None = None
    program: str | None = None
    error: str | None = None
    rent: Decimal | None = _ZERO
    tip: Decimal | None = _ZERO
    action: str | None = None
    counterparties: tuple[str, ...] = ()


def unreadable(reason: str) -> Meaning:
    """Return the meaning of a transaction of which only the signature could be read. ``reason``: why."""
    return Meaning(
        type=TransactionType.MENTIONED,
        summary=f"unparsed: {reason}",
        sol_change=None,
        fee=None,
        rent=None,
        tip=None,
    )


def interpret(transaction: SolanaTransaction, wallet: str, symbol_of: SymbolOf) -> Meaning:
    """Return what a transaction meant for ``wallet``.

    A transaction whose balances do not add up, or whose encoding cannot be read, is ``mentioned`` with a
    summary that begins ``unparsed:``; its numbers are ``None`` because none can be trusted. Never raises,
    unless ``symbol_of`` does.
    """
    balances = read_balances(transaction)
    instructions = transaction.instructions() if isinstance(balances, Defect) else balances.instructions
    failure, signed = None, dict[int, str]()
    if transaction.meta is not None and transaction.meta.err is not None:
        signed = {i.position: i.program_id for i in instructions if not i.is_inner}
        failure = read_failure(transaction, signed)
    if isinstance(balances, Defect):
        failed = f"; it failed ({failure.text})" if failure else ""
        return msgspec.structs.replace(
            unreadable(f"{balances.reason}{failed}"),
            program=_named(main_program(instructions, moved_tokens=False, moved_sol=False)),
            error=failure.text if failure else None,
        )
    movement = balances.measure(wallet)
    fee = in_units(movement.fee, SOL_DECIMALS)
    program_id = main_program(
        instructions, moved_tokens=bool(movement.tokens), moved_sol=abs(movement.core) >= NEGLIGIBLE_LAMPORTS
    )
    if failure is not None:
        program_id = (signed.get(failure.position) if failure.position is not None else None) or program_id
        return Meaning(
            type=TransactionType.FAILED,
            summary=failure_sentence(_shown(program_id), failure.text, fee),
            fee=fee,
            program=_named(program_id),
            error=failure.text,
        )
    return _succeeded(balances, wallet, movement, program_id, symbol_of)


def _succeeded(
    balances: Balances, wallet: str, movement: Movement, program_id: str | None, symbol_of: SymbolOf
) -> Meaning:
    has_signed = wallet in balances.signers
    action = _action(balances, movement, has_signed=has_signed)
    sol, tip = _sol_and_tip(movement, at_exchange=program_id in EXCHANGES)
    kind = _classify(movement, sol, tip, action, has_signed=has_signed)
    if kind is TransactionType.BOUGHT and is_minted(balances, wallet, movement, sol):
        kind = TransactionType.RECEIVED
    certificates = _certificates(balances, wallet, movement)
    if certificates and kind in _TRADES and program_id in EXCHANGES:
        kind = TransactionType.MULTI
    if kind in _TRADES and action is not None and action.verb in LISTINGS:
        action = None  # it was a step of the trade: who takes a bid lists the NFT and sells it at once
    accounts = OpenedAndClosed()
    if kind in (TransactionType.CALLED, TransactionType.ACCOUNT):
        accounts = opened_and_closed(balances, wallet, movement)
    if kind is TransactionType.CALLED and (accounts.opened or movement.account_rent or accounts.closed):
        kind = TransactionType.ACCOUNT
    # The action is shown with the program that did it, even where another program was the first one.
    doing = action.program_id if action is not None and action.is_signed else program_id
    parties = _parties(balances, wallet, movement, kind, sol)
    minted_or_burned = bool(movement.tokens) and not parties and not _withdraws_withheld(balances)
    if program_id in EXCHANGES or (action is not None and action.verb is Verb.ORDER_FILLED):
        # The other side is a pool, which means nothing to a person, unless it signed.
        parties = [party for party in parties if party.address in balances.signers]
    changes = tuple(_token_change(token, symbol_of) for token in movement.tokens)
    withheld = _ZERO
    if kind in (TransactionType.SENT, TransactionType.RECEIVED) and len(movement.tokens) == 1:
        token = movement.tokens[0]
        withheld = in_units(withheld_fee(balances, wallet, token), token.decimals)
    fee = 0
    if kind is TransactionType.MULTI and action is not None and action.is_loan:
        fee = metadata_fee(balances, wallet, movement)
    facts = Facts(
        kind=kind,
        movement=movement,
        sol=sol,
        changes=changes,
        parties=parties,
        minted_or_burned=minted_or_burned,
        certificates=certificates,
        metadata_fee=fee,
        program=_shown(doing),
        is_plumbing=doing is None or doing in PLUMBING,
        action=action,
        tip=tip,
        withheld=withheld,
        accounts=accounts,
        to_itself=_moved_to_itself(balances, wallet, symbol_of) if kind is TransactionType.CALLED else "",
    )
    summary = sentence(facts)
    if any(account.owner_before is None and account.owner_after is None for account in balances.accounts):
        # Very old transactions do not tell owners: the wallet's tokens may have moved unseen.
        summary += ", token owners not recorded"
    summary += _memo(balances)
    addresses = tuple(printable(party.address, IDENTIFIER_LENGTH) for party in parties)
    return Meaning(
        type=kind,
        summary=summary,
        sol_change=in_units(movement.core, SOL_DECIMALS),
        fee=in_units(movement.fee, SOL_DECIMALS),
        token_changes=changes,
        counterparty=addresses[0] if len(addresses) == 1 else None,
        program=_named(program_id),
        rent=in_units(movement.rent.net, SOL_DECIMALS),
        tip=in_units(tip, SOL_DECIMALS),
        action=_verb(action, kind, minted_or_burned=minted_or_burned),
        counterparties=addresses if len(addresses) > 1 else (),
    )


def wallets_touched(transaction: SolanaTransaction, candidates: Container[str]) -> list[str]:
    """Return those of ``candidates`` the transaction touches, each once, in the order of the accounts.

    It touches a wallet that is one of its accounts, or owns a token account among them.
    """
    found = dict.fromkeys(key for key in transaction.addresses() if key in candidates)
    for balance in transaction.token_balances():
        if balance.owner is not None and balance.owner in candidates:
            found[balance.owner] = None
    return list(found)


def _action(balances: Balances, movement: Movement, *, has_signed: bool) -> Action | None:
    if has_signed:
        return find_action(balances.instructions)
    if not _was_touched(movement):
        return None
    # For a wallet that did not sign, what programs called one another for need not be what happened to it.
    action = find_action([instruction for instruction in balances.instructions if not instruction.is_inner])
    return action if action is not None and action.verb in CONCERNS_OTHERS else None


def _was_touched(movement: Movement) -> bool:
    return bool(movement.tokens or movement.core or movement.account_rent or movement.rent.back)


def _sol_and_tip(movement: Movement, *, at_exchange: bool) -> tuple[int, int]:
    """Return the SOL that is a side of the trade by itself, and the SOL that is a tip, both in lamports."""
    sol, tip = movement.core + movement.tip, movement.tip
    amounts = [token.amount for token in movement.tokens]
    if len(amounts) == 2 and amounts[0] * amounts[1] < 0 and abs(sol) <= SMALL_LAMPORTS:
        return 0, tip + (-sol if sol <= -NEGLIGIBLE_LAMPORTS else 0)
    is_price = at_exchange and sol > 0 and len(amounts) == 1 and amounts[0] < 0
    if abs(sol) < (DUST if (amounts or tip) and not is_price else NEGLIGIBLE_LAMPORTS):
        return 0, tip
    return sol, tip


def _classify(
    movement: Movement, sol: int, tip: int, action: Action | None, *, has_signed: bool
) -> TransactionType:
    amounts = [token.amount for token in movement.tokens]
    if sol:
        amounts.append(sol)
    if len(amounts) == 1:
        return TransactionType.RECEIVED if amounts[0] > 0 else TransactionType.SENT
    if len(amounts) == 2 and amounts[0] * amounts[1] < 0:
        if action is not None and (action.is_loan or action.verb is Verb.BRIDGE):
            return TransactionType.MULTI
        if not sol:
            return TransactionType.SWAPPED
        return TransactionType.BOUGHT if sol < 0 else TransactionType.SOLD
    if amounts:
        return TransactionType.MULTI
    if tip:
        return TransactionType.SENT
    if movement.account_rent or (movement.rent.net and not has_signed):
        return TransactionType.ACCOUNT
    return TransactionType.CALLED if has_signed else TransactionType.MENTIONED


def _certificates(balances: Balances, wallet: str, movement: Movement) -> frozenset[str]:
    """Return the mints of tokens there is one of and that were minted or burned.

    At a pool or a lender they stand for a position; elsewhere they are NFTs.
    """
    ones = (token for token in movement.tokens if token.decimals == 0 and abs(token.amount) == 1)
    return frozenset(token.mint for token in ones if not token_parties(balances, wallet, token))


def _withdraws_withheld(balances: Balances) -> bool:
    made = [one.program_id for one in balances.instructions if one.type in WITHDRAWS_WITHHELD]
    return TOKEN_2022 in made


def _moved_to_itself(balances: Balances, wallet: str, symbol_of: SymbolOf) -> str:
    """Return what the wallet moved between its own accounts, as text; empty if nothing."""
    own = {balances.keys[account.index]: account for account in balances.accounts_of(wallet)}
    sol = sum(
        move.lamports
        for move in balances.flows.transfers
        if move.source == wallet and not move.instruction.is_inner and move.instruction.program_id == SYSTEM
        if move.destination == wallet or move.destination in own
    )
    if sol:
        return readable_sol(sol)
    for instruction in balances.instructions:
        account = own.get(address(instruction, "source") or "")
        transfer = instruction.program_id in TOKEN_PROGRAMS and "transfer" in instruction.type.lower()
        if transfer and account is not None and address(instruction, "destination") in own:
            amount = TokenMovement(account.mint, token_amount(instruction), account.decimals)
            return readable_change(_token_change(amount, symbol_of)) if amount.amount else ""
    return ""


def _parties(
    balances: Balances,
    wallet: str,
    movement: Movement,
    kind: TransactionType,
    sol: int,
) -> list[Party]:
    if kind not in (TransactionType.RECEIVED, TransactionType.SENT):
        return []
    if movement.tokens:
        return token_parties(balances, wallet, movement.tokens[0])
    return sol_parties(balances, wallet, movement) if sol else []


def _verb(action: Action | None, kind: TransactionType, *, minted_or_burned: bool) -> str | None:
    if action is not None:
        return str(action.verb)
    if minted_or_burned and kind is TransactionType.RECEIVED:
        return str(Verb.MINT)
    if minted_or_burned and kind is TransactionType.SENT:
        return str(Verb.BURN)
    return None


def _token_change(token: TokenMovement, symbol_of: SymbolOf) -> TokenChange:
    symbol = symbol_of(token.mint)
    return TokenChange(
        mint=printable(token.mint, IDENTIFIER_LENGTH),
        symbol=printable(symbol, _SYMBOL_LENGTH) if symbol else None,
        amount=in_units(token.amount, token.decimals),
    )


def _named(program_id: str | None) -> str | None:
    return None if program_id is None else printable(NAMES.get(program_id, program_id), IDENTIFIER_LENGTH)


def _shown(program_id: str | None) -> str:
    if program_id is None:
        return "an unknown program"
    return NAMES.get(program_id) or shown_address(program_id)


def _memo(balances: Balances) -> str:
    texts = [one.text for one in balances.instructions if one.text and one.program_id in MEMO_PROGRAMS]
    memo = next((text for text in map(str.strip, texts) if text), "")
    return f", memo “{printable(memo, _MEMO_LENGTH)}”" if memo else ""
