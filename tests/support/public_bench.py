"""A manager at work with every choice left to itself, with keys or without."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from bench import Bench, bench

from streamsim import Emulators

UNLISTED = "9NyDcAEUByTTNosYMzuWQEuUSfgXCHTNhwQmSWEf5fXq"
"""A mint that no exchange lists."""


def public(
    *,
    keys: bool = False,
    stale_after: float = 3600,
    prices: str = "auto",
    venues: Callable[[Emulators], None] = lambda emulators: None,
) -> AbstractAsyncContextManager[Bench]:
    """Set up the emulators and such a manager.

    Args:
        keys: Whether there are any.
        stale_after: Seconds of silence that are too many.
        prices: Who serves the prices.
        venues: Prepares the emulators before anybody asks them.
    """
    # it takes a source some time to be given up
    return bench(
        "all" if keys else "public", patience=60.0, prices=prices, prepare=venues, stale_after=stale_after
    )
