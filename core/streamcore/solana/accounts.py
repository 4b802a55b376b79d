"""What a followed address is: a wallet, or a token account, a mint, a program that only looks like one.

Wallets, token accounts, mints and programs all have addresses of one form; only the account behind it tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import msgspec

from streamcore.assets.tokens import TokenTable, short_address
from streamcore.solana.programs import NAMES, STAKE, SYSTEM, TOKEN_PROGRAMS, VOTE
from streamcore.text import printable


class AccountKind(Enum):
    """What an account that is no wallet is."""

    MINT = "mint"
    TOKEN_ACCOUNT = "token account"  # noqa: S105 - a word
    PROGRAM = "program"
    STAKE = "stake account"
    VOTE = "vote account"
    NONCE = "nonce account"
    OTHER = "account of a program"


class AccountFacts(msgspec.Struct, frozen=True):
    """What is known of an account that is no wallet."""

    kind: AccountKind
    owner: str = ""
    """The wallet that a token account belongs to, or that controls a stake, vote or nonce account; else the
    program that the account belongs to. Empty where it is not known."""
    mint: str = ""
    """Of a token account, the mint of what it holds."""


def known_account(address: str, tokens: TokenTable) -> AccountFacts | None:
    """Return what an address is, if the tables here have it; ``None``: it may be a wallet."""
    if address in NAMES:
        return AccountFacts(AccountKind.PROGRAM)
    return None if tokens.by_mint(address) is None else AccountFacts(AccountKind.MINT)


def account_facts(account: Mapping[str, Any]) -> AccountFacts | None:
    """Return what an account is, from a node's ``jsonParsed`` answer; ``None``: a wallet, or unclear.

    Args:
        account: Its ``owner``, ``executable`` and ``data``, unchecked: members of a wrong shape are ignored.
    """
    owner = account.get("owner")
    if account.get("executable") is True:
        return AccountFacts(AccountKind.PROGRAM)
    data = account.get("data")
    parsed = data.get("parsed") if isinstance(data, Mapping) else None
    parsed = parsed if isinstance(parsed, Mapping) else {}
    members = parsed.get("info")
    info: Mapping[str, Any] = members if isinstance(members, Mapping) else {}
    if not isinstance(owner, str):
        return None
    if owner in TOKEN_PROGRAMS:
        if parsed.get("type") == "mint":
            return AccountFacts(AccountKind.MINT)
        if parsed.get("type") == "account":
            return AccountFacts(
                AccountKind.TOKEN_ACCOUNT, owner=_text(info.get("owner")), mint=_text(info.get("mint"))
            )
    if owner == SYSTEM:
        is_nonce = isinstance(data, Mapping) and data.get("program") == "nonce"
        return AccountFacts(AccountKind.NONCE, owner=_text(info.get("authority"))) if is_nonce else None
    if owner == STAKE:
        authorized = info.get("meta", {})
        authorized = authorized.get("authorized", {}) if isinstance(authorized, Mapping) else {}
        withdrawer = authorized.get("withdrawer") if isinstance(authorized, Mapping) else None
        return AccountFacts(AccountKind.STAKE, owner=_text(withdrawer))
    if owner == VOTE:
        return AccountFacts(AccountKind.VOTE, owner=_text(info.get("authorizedWithdrawer")))
    return AccountFacts(AccountKind.OTHER, owner=_text(owner))


def in_words(address: str, facts: AccountFacts, symbol_of: Callable[[str], str | None]) -> str:
    """Return a sentence that tells a person that a followed account is no wallet, and what it is.

    Args:
        address: Its address.
        facts: What is known of it.
        symbol_of: Returns the ticker of a mint, if it has one.
    """
    short = short_address(address)
    match facts.kind:
        case AccountKind.MINT:
            symbol = symbol_of(address)
            what = f"the mint of {symbol}" if symbol else "the mint of a token"
            more = f"its price has the symbol {symbol or address}"
        case AccountKind.TOKEN_ACCOUNT:
            symbol = symbol_of(facts.mint) or short_address(facts.mint)
            return (
                f"{short} is a token account, not a wallet: it belongs to {facts.owner} and holds {symbol} "
                f"({facts.mint})"
            )
        case AccountKind.PROGRAM:
            name = NAMES.get(address)
            what = f"the program {name}" if name else "a program"
            more = "what everybody does with it is more than can be followed"
        case AccountKind.OTHER:
            what = f"an account of {NAMES.get(facts.owner) or f'the program {facts.owner}'}"
            more = "it cannot send or hold anything by itself"
        case _:
            what = f"a {facts.kind.value}"
            more = f"it is controlled by {facts.owner}" if facts.owner else "a wallet controls it"
    return f"{short} is {what}, not a wallet; {more}"


def _text(value: object) -> str:
    return printable(value, limit=44) if isinstance(value, str) else ""
