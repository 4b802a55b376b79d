"""The compute units of a Birdeye key: what is left of its month, spread over the time until they return.

A key whose plan has no stream pays for every price. Asked as often as other sources are, a free one would be
used up within hours, and then there would be nothing until the next month. Source: docs.birdeye.so,
"Pricing", "Compute unit cost", ``/utils/v1/credits``; the costs are those of 2026-11.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

from streamcore.clock import Clock

FREE_UNITS = 30_000.0
"""Units a month of the free plan; what is assumed until Birdeye tells how many are left."""
MONTH = 30 * 86_400.0
"""Seconds for which that is assumed to have to last."""

PRICE = 3
"""Units of one price."""
VOLUME = 15
"""Units of one price with its volume."""


def batch_cost(count: int, each: int) -> int:
    """Return the units of one request about ``count`` tokens, of which one alone takes ``each``."""
    return math.ceil(math.pow(count, 0.8) * each)


class UnitPlan:
    """When the next request of one key may be made. Tell it what is spent, and what Birdeye says is left."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left = FREE_UNITS
        self._until = clock.time() + MONTH
        self._due_at = float("-inf")
        self._told = False

    @property
    def is_due(self) -> bool:
        """Whether a request may be made that could as well wait."""
        return self._clock.monotonic() >= self._due_at

    def told(self, left: float, until: float) -> None:
        """Take note of what Birdeye says: units left, and the Unix time at which they return."""
        self._left, self._until, self._told = max(left, 0.0), until, True

    def spent(self, units: int) -> None:
        """Take note of a request, and of how long the plan has to be left alone for it."""
        self._left = max(self._left - units, 0.0)
        now = self._clock.monotonic()
        self._due_at = max(self._due_at, now) + self._share(units)

    def forget(self) -> None:
        """Let the next request be made at once: a person asked for it."""
        self._due_at = float("-inf")

    def words(self, units: int) -> str:
        """Return what is kept to, for a person to read. ``units``: what one request takes."""
        end = datetime.fromtimestamp(self._until, UTC)
        about = "" if self._told else "about "
        left = f"{about}{self._left:,.0f} units left until {end.day} {end:%b}"
        return f"1 request in {_span(self._share(units))}, {left}"

    def _share(self, units: int) -> float:
        """Return the seconds of the month that so many units have to last."""
        seconds = max(self._until - self._clock.time(), 0.0)
        return seconds * min(units / max(self._left, 1.0), 1.0)


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
