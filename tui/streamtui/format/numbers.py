"""Numbers as text for narrow columns: prices, percents, volumes, amounts, rates.

Prices and amounts are `Decimal`, as the engine delivers them, and are never converted to float. What is not
known is shown as `UNKNOWN`, never as zero.

No number makes these functions fail, and none comes out too long for its column: a number that is cut off
reads as another number. Beyond a certain size it is written with an exponent, beyond `ABSURD` as unknown.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import TypeGuard

UNKNOWN = "–"
"""Shown for a value that is not known."""

UP, DOWN = "▲", "▼"

ABSURD = 100
"""A number with this many digits before the point, or zeros after it, is taken for a mistake."""
_LARGEST_PRICE = Decimal("1e12")
"""A price from here on is written with an exponent: with all its digits it would not fit its column."""
_LARGEST_PERCENT = Decimal(100_000)
"""A change from here on is written with a letter, as by `compact`."""
_LARGEST_LETTER = Decimal("9.9995e15")
"""From here on `compact` writes an exponent: four digits of trillions would not fit."""
_SIGNIFICANT = 4
"""Digits kept of a price below one."""
MOST_DECIMALS = 10
"""A price that would lose all but two digits with this many decimals is written with an exponent."""
_STEPS = ((Decimal("1e12"), "T"), (Decimal("1e9"), "B"), (Decimal("1e6"), "M"), (Decimal("1e3"), "K"))


def is_plausible(value: Decimal | None) -> TypeGuard[Decimal]:
    """Return whether a number is known, finite and of a size that a price or an amount can have."""
    return value is not None and value.is_finite() and (not value or abs(value.adjusted()) < ABSURD)


def price(value: Decimal | None) -> str:
    """Return a price in USD with as many decimals as its size deserves.

    From 100 on two decimals, from 1 on four, below 1 four significant digits. Trailing zeros stay, so that
    the number of digits does not change while the price moves.
    """
    if not is_plausible(value):
        return UNKNOWN
    size = abs(value)
    if size >= _LARGEST_PRICE:
        return f"{value:.{_SIGNIFICANT - 1}e}"
    if size >= 100 or size == 0:
        return f"{_rounded(value, 2):,f}"
    if size >= 1:
        return f"{_rounded(value, 4):,f}"
    decimals = _SIGNIFICANT - 1 - size.adjusted()
    if decimals > MOST_DECIMALS + 2:
        return f"{value:.{_SIGNIFICANT - 1}e}"
    return f"{_rounded(value, min(max(decimals, 4), MOST_DECIMALS)):f}"


def aligned(text: str, whole: int, fraction: int) -> str:
    """Return ``text`` padded so that its decimal point comes after ``whole`` cells.

    Args:
        text: A number as made by `price`; one without a point is taken as a whole number.
        whole: Cells before the point.
        fraction: Cells after the point.
    """
    before, point, after = text.partition(".")
    return f"{before:>{whole}}{point or ' '}{after}".ljust(whole + 1 + fraction)


def percent(value: Decimal | None) -> str:
    """Return a change in percent with an arrow and a sign: ``▲ +1.23 %``; no change has neither."""
    if not is_plausible(value):
        return UNKNOWN
    rounded = value if abs(value) >= 2 * _LARGEST_PERCENT else _rounded(value, 2 if abs(value) < 1000 else 0)
    if rounded == 0:
        return "0.00 %"
    arrow = UP if rounded > 0 else DOWN
    text = (
        f"{rounded:+,f}"
        if abs(rounded) < _LARGEST_PERCENT
        else f"{'+' if rounded > 0 else '-'}{compact(abs(rounded))}"
    )
    return f"{arrow} {text} %"


def basis_points(value: Decimal | None) -> str:
    """Return hundredths of a percent: ``1.3 bp``."""
    if not is_plausible(value):
        return UNKNOWN
    return f"{_rounded(value, 1 if value < 100 else 0):,f} bp" if value < 100_000 else f"{value:.0e} bp"


def compact(value: Decimal | None) -> str:
    """Return three significant digits and a letter: ``1.20M``, ``950``; beyond trillions ``5e+25``."""
    if not is_plausible(value):
        return UNKNOWN
    sign, size = ("-" if value < 0 else ""), abs(value)
    if size >= _LARGEST_LETTER:
        return f"{sign}{size:.0e}"
    for step, letter in _STEPS:
        # what would be rounded up to 1000 belongs to the next letter
        if size >= step * Decimal("0.9995"):
            scaled = size / step
            decimals = 2 if scaled < Decimal("9.995") else 1 if scaled < Decimal("99.95") else 0
            return f"{sign}{_rounded(scaled, decimals):,f}{letter}"
    return f"{sign}{_rounded(size, 0 if size >= 100 or size == size.to_integral_value() else 2):f}"


def amount(value: Decimal | None, *, signed: bool = False) -> str:
    """Return every digit of an amount in plain notation, thousands grouped, no trailing zeros."""
    if not is_plausible(value):
        return UNKNOWN
    if not value:
        return "0"
    text = f"{value:+,f}" if signed and value else f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def rate(per_second: float | None) -> str:
    """Return messages a second: ``12/s``, ``0.4/s``."""
    if per_second is None:
        return UNKNOWN
    return f"{per_second:.0f}/s" if per_second >= 0.95 or per_second == 0 else f"{per_second:.1f}/s"


def latency(milliseconds: float | None) -> str:
    """Return a round trip: ``41 ms``, ``<1 ms``; before the first pong it is unknown."""
    if milliseconds is None:
        return UNKNOWN
    return f"{milliseconds:.0f} ms" if milliseconds >= 1 else "<1 ms"  # nothing takes no time


def size(count: int) -> str:
    """Return a number of bytes: ``830 B``, ``241 KiB``."""
    if count < 1024:
        return f"{count} B"
    amount_ = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        amount_ /= 1024
        if amount_ < 1024 or unit == "GiB":
            return f"{amount_:.1f} {unit}" if amount_ < 100 else f"{amount_:,.0f} {unit}"
    raise AssertionError("the last unit takes every size")


def common_prefix(a: str, b: str) -> int:
    """Return how many characters two texts share at their beginning."""
    shared = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        shared += 1
    return shared


def _rounded(value: Decimal, decimals: int) -> Decimal:
    """Round a number of fewer than 28 digits before its point; `Decimal` cannot round a larger one."""
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN)
