"""Numbers that survive the wire: what a double can carry there and back without a change."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Context, Decimal

_DOUBLE = Context(prec=15)
"""Fifteen digits are what a double keeps for certain."""


def exact(value: Decimal) -> Decimal:
    """Return ``value`` rounded so that writing it as a double and reading it back gives the same number."""
    return _DOUBLE.plus(value)


def iso_seconds(unix: float) -> str:
    """Return a point in time as Birdeye writes it: UTC, whole seconds, no zone."""
    return datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%S")
