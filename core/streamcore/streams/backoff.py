"""How long to wait before the next attempt: exponential delays with jitter."""

from __future__ import annotations

from streamcore.clock import Clock
from streamcore.config.model import BackoffSettings

HEALTHY_AFTER = 60.0
"""Seconds a connection must live before its past failures are forgotten.

A server that accepts and closes at once would otherwise be called again without any delay.
"""


class Backoff:
    """Counts retries and says how long to wait before each.

    The delay before retry ``n`` (0, 1, 2, …) is ``min(max_delay, initial_delay * 2**n)`` times a random
    factor between ``1 - jitter`` and ``1 + jitter``.
    """

    def __init__(self, settings: BackoffSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._attempt = 0

    @property
    def attempt(self) -> int:
        """How many retries have been granted since the last `reset`."""
        return self._attempt

    @property
    def exhausted(self) -> bool:
        """Whether ``max_attempts`` retries have been granted; a `reset` starts over."""
        return self._attempt >= self._settings.max_attempts

    def next_delay(self) -> float:
        """Grant one retry and return the seconds to wait before it."""
        settings = self._settings
        # 2**64 times any delay is beyond every cap; the bound keeps a long outage from growing a huge integer
        delay = min(settings.max_delay, settings.initial_delay * 2.0 ** min(self._attempt, 64))
        self._attempt += 1
        return delay * (1.0 + settings.jitter * (2.0 * self._clock.random() - 1.0))

    def reset(self) -> None:
        """Forget the past: the next delay is the first one again."""
        self._attempt = 0
