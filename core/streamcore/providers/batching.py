"""How many topics go into one message or request."""

from __future__ import annotations

from collections.abc import Sequence


def batches(topics: Sequence[str], size: int) -> list[tuple[str, ...]]:
    """Cut topics into runs of at most ``size``, in order."""
    return [tuple(topics[start : start + size]) for start in range(0, len(topics), size)]
