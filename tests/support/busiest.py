"""How a test sees that a rate was kept."""

from __future__ import annotations


def busiest(times: list[float], window: float) -> int:
    """Return the most of these moments that any window of so many seconds holds."""
    return max((sum(start <= at < start + window for at in times) for start in times), default=0)
