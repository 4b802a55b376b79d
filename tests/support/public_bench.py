"""A bench whose manager chooses the providers itself, with keys or without."""

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
    """Set up such a bench.

    Args:
        keys: Whether there are API keys.
        stale_after: The setting ``stream.stale_after``, seconds.
        prices: The setting ``prices``.
        venues: Prepares the emulators before the manager starts.
    """
    # patience: it takes long until the manager gives up a source
    return bench(
        "all" if keys else "public", patience=60.0, prices=prices, prepare=venues, stale_after=stale_after
    )
