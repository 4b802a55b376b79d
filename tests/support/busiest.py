"""Checking that a rate limit was kept."""

from __future__ import annotations


def busiest(times: list[float], window: float) -> int:
    """Return the largest number of these times within any window of ``window`` seconds."""
    return max((sum(start <= at < start + window for at in times) for start in times), default=0)
