"""Text from outside as cells of a CSV file, which somebody may open in a spreadsheet."""

from __future__ import annotations

from decimal import Decimal

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet would compute."""


def no_formula(text: str) -> str:
    """Return ``text``, with a ``'`` before it if a spreadsheet would take it for a formula; numbers stay."""
    return f"'{text}" if text.startswith(_FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except ArithmeticError:
        return False
