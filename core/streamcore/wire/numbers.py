"""Exact numbers as the wire writes them: a decimal as one integer where it fits, else as a text.

The integer holds the digits and, in its lowest five bits, the number of decimal places:
``171.26`` is ``17126 * 32 + 2``. It fits when it takes at most 64 bits with its sign. The text is plain
notation, never with an exponent. Trailing zeros are kept either way.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal

from streamcore.errors import MalformedMessage
from streamcore.text import printable

MAX_PLACES = 31
_PLACES_BITS = 5
_MOST = 2 ** (63 - _PLACES_BITS)

MAX_TEXT = 640
"""Characters of a number in plain notation; no amount on a chain has more than 255 decimals."""

_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_multiply = Context(prec=28).multiply  # a packed integer has 18 digits at most, so nothing is ever rounded
_UNITS = tuple(Decimal((0, (1,), -places)) for places in range(MAX_PLACES + 1))


def pack(value: Decimal) -> int | str:
    """Return a finite number as it is written in MessagePack and protobuf: an integer, or a text."""
    text = str(value)
    if "E" in text:
        text = format(value, "f")
    whole, _, places = text.partition(".")
    digits = int(whole + places)
    fits = len(places) <= MAX_PLACES and -_MOST <= digits < _MOST
    if not fits or (not digits and text[0] == "-"):  # an integer has no negative zero
        return text
    return (digits << _PLACES_BITS) + len(places)


def plain(value: Decimal) -> str:
    """Return a finite number in plain notation, as JSON and every amount is written."""
    text = str(value)
    return format(value, "f") if "E" in text else text


def unpack(packed: int | str) -> Decimal:
    """Return the number that `pack` or `plain` wrote.

    Raises:
        MalformedMessage: It is a text, and no number in plain notation.
    """
    if isinstance(packed, int):
        return _multiply(packed >> _PLACES_BITS, _UNITS[packed & MAX_PLACES])
    if len(packed) > MAX_TEXT or not _PLAIN.fullmatch(packed):
        raise MalformedMessage(f"{printable(packed, 40)!r} is no number in plain notation")
    return Decimal(packed)


def plain_of(packed: int | str) -> str:
    """Return a packed number in plain notation; a text stays as it is."""
    return packed if isinstance(packed, str) else plain(unpack(packed))
