"""Formats amounts, addresses and symbols for a summary line; the exact values are in the event's fields."""

from __future__ import annotations

from decimal import Context, Decimal
from functools import cache

from streamcore.assets.tokens import short_address
from streamcore.events import TokenChange
from streamcore.solana.balances import SOL_DECIMALS, in_units
from streamcore.text import printable

SIGNIFICANT_DIGITS = 4
"""Digits of an amount below one; larger ones keep four decimal places, from a thousand on two."""

IDENTIFIER_LENGTH = 64
"""Characters of an address that are kept; a real one has 44 at most."""

_ANY_AMOUNT = Context(prec=400)  # a u64 with 255 decimals is still rounded, not refused


@cache
def _unit_of(places: int) -> Decimal:
    return Decimal(1).scaleb(-places)


def readable(amount: Decimal) -> str:
    """Return an amount rounded for reading, with thousands apart and without trailing zeros."""
    size = abs(amount)
    if size >= 1000:
        places = 2
    elif size >= 1:
        places = 4
    else:
        places = SIGNIFICANT_DIGITS - 1 - size.adjusted()
    rounded = amount.quantize(_unit_of(places), context=_ANY_AMOUNT)
    whole, dot, fraction = format(rounded, ",f").partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}{dot}{fraction}" if fraction else whole


def plain(amount: Decimal) -> str:
    """Return an amount exactly, never in scientific notation."""
    return format(amount, "f")


def exact_sol(lamports: int) -> str:
    """Return lamports as SOL, exactly, with the unit."""
    return f"{plain(in_units(lamports, SOL_DECIMALS))} SOL"


def readable_sol(lamports: int) -> str:
    """Return the size of an amount of lamports as SOL, rounded, with the unit."""
    return f"{readable(in_units(abs(lamports), SOL_DECIMALS))} SOL"


def unit(change: TokenChange) -> str:
    """Return what to call a token: its symbol, else its shortened mint."""
    return change.symbol or short_address(change.mint)


def readable_change(change: TokenChange) -> str:
    """Return the size of a change, rounded, with its unit."""
    return f"{readable(change.amount.copy_abs())} {unit(change)}"


def signed(amount: Decimal, called: str) -> str:
    """Return an amount, rounded, with its sign and the unit ``called``."""
    return f"{'+' if amount > 0 else ''}{readable(amount)} {called}"


def shown_address(address: str) -> str:
    """Return an address shortened and safe to print."""
    return printable(short_address(address), IDENTIFIER_LENGTH)
