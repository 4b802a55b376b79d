"""Values as the protocols write them: numbers that survive a double, points in time, addresses."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Context, Decimal

import base58

_DOUBLE = Context(prec=15)
"""A double keeps every decimal number of up to 15 significant digits."""


def exact(value: Decimal) -> Decimal:
    """Return ``value`` rounded so that writing it as a double and reading it back gives the same number."""
    return _DOUBLE.plus(value)


def iso_seconds(unix: float) -> str:
    """Return a point in time as Birdeye writes it: UTC, whole seconds, no zone."""
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def rfc3339(unix: float) -> str:
    """Return a point in time as exchanges write it: RFC 3339, microseconds, UTC."""
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def is_address(text: object) -> bool:
    """Tell whether this is a Solana address."""
    if not isinstance(text, str) or not 32 <= len(text) <= 44:
        return False
    try:
        return len(base58.b58decode(text)) == 32
    except ValueError:
        return False
