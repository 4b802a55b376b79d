"""The figures of a price: what each of them can be, and reading them as a message wrote them.

A figure is judged where it is read, once. What a codec reports of prices is `credible`, and need not be
judged again for each of the thousand messages that may come in a second.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import msgspec

from streamcore.providers.decoding import Undecodable, number

MAX_DIGITS = 500
MAX_MAGNITUDE = 30
"""Decimal exponents beyond ±30, or longer digit strings, are no price, percent or volume of anything real.

They must be refused: written out in plain notation, ``1e999999`` is a megabyte.
"""

USUAL_LENGTH = MAX_DIGITS + 100
"""Characters of a message in which no number can have too many digits: its keys alone take the rest."""

UNUSUAL = (msgspec.MsgspecError, UnicodeError, RecursionError, InvalidOperation)
"""What is raised for a message that is not of the usual shape, or holds what is no number."""

MOST_TRADES = 10**12

LEAST, MOST = Decimal(f"1e-{MAX_MAGNITUDE}"), Decimal(f"9.99e{MAX_MAGNITUDE}")
"""Between these a price is credible; so is a volume, which may be zero, too."""

ALL_OF_IT = Decimal(-100)
"""Percent that a price loses when it becomes nothing."""

NULL = msgspec.Raw(b"null")
"""What a field holds that a message leaves out."""

_ZERO = Decimal(0)
_MOST_ZEROS = 60
"""Digits of a zero: ``0e999999`` is a megabyte, too."""

exactly = msgspec.json.Decoder(Decimal).decode
"""Reads one number as it was written: the quickest way, for text that has been found usual."""

_anything = msgspec.json.Decoder(float_hook=Decimal).decode


def credible(name: str, value: Decimal | int) -> bool:
    """Return whether ``value`` can be the state of the field ``name`` of a price.

    A price is above zero, a volume not below, and nothing can fall by more than 100 percent.
    """
    if isinstance(value, int):
        return 0 <= value <= MOST_TRADES
    if not value.is_finite() or (len(str(value)) > MAX_DIGITS and len(value.as_tuple().digits) > MAX_DIGITS):
        return False
    if value and abs(value.adjusted()) > MAX_MAGNITUDE:
        return False
    if not value and abs(int(value.as_tuple().exponent)) > _MOST_ZEROS:
        return False
    match name:
        case "change_24h":
            return value >= ALL_OF_IT
        case "volume_24h":
            return value >= _ZERO
        case _:
            return value > _ZERO


def read(name: str, sent_as: str, told: msgspec.Raw, bad: list[str]) -> Decimal | None:
    """Read a figure as it was written, whatever that is.

    Args:
        name: The field of a price that it is.
        sent_as: What the message calls it.
        told: What was written.
        bad: Is added what is wrong with it.

    Returns:
        The figure; ``None`` if it is not told, or cannot be. A price of zero is none, either: exchanges say
        that where there has been no trade.
    """
    try:
        value = number(_anything(told))
    except (ValueError, RecursionError, InvalidOperation) as error:
        bad.append(f"{sent_as}: {error if isinstance(error, Undecodable) else 'malformed JSON'}")
        return None
    return None if not value and name == "price" else believed(name, sent_as, value, bad)


def believed(name: str, sent_as: str, value: Decimal | None, bad: list[str]) -> Decimal | None:
    """Return a figure that is credible, and ``None`` for any other; see `read`."""
    if value is None or credible(name, value):
        return value
    bad.append(f"{sent_as}: an impossible {name.removesuffix('_24h')}")
    return None


def read_trades(told: object, bad: list[str]) -> int | None:
    """Read a number of trades, as it was decoded; see `read`."""
    try:
        value = number(told)
    except Undecodable as error:
        bad.append(f"trades: {error}")
        return None
    if value is None:
        return None
    if not 0 <= value <= MOST_TRADES or value != int(value):
        bad.append("trades: an impossible number")
        return None
    return int(value)
