"""When the next attempt to connect is made: after a growing delay, or only when a person asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf

from streamcore.clock import Clock
from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.streams.backoff import Backoff
from streamcore.tasks import first_to_end


class RetryPlan:
    """The plan of one connection. Between two attempts call `plan`, then `wait`."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        """Make one without a plan; ``settings`` say how delays grow and whether there are retries."""
        self._auto_reconnect = settings.stream.auto_reconnect
        self._clock = clock
        self._backoff = Backoff(settings.backoff, clock)
        self._due: float | None = None
        """Monotonic seconds of the next attempt, infinity when there will be none; ``None``: no plan."""
        self._changed = asyncio.Event()

    @property
    def attempt(self) -> int:
        """Retries since failures were last forgotten."""
        return self._backoff.attempt

    @property
    def parked(self) -> bool:
        """Whether no attempt will be made until somebody asks for one."""
        return self._due == inf

    @property
    def retry_at(self) -> float | None:
        """Unix seconds of the next attempt; ``None`` when none is waited for."""
        if self._due is None or self.parked:
            return None
        return self._clock.time() + self._due - self._clock.monotonic()

    def plan(self, failure: ProviderError) -> str:
        """Decide whether and when to try again after a failure: the one place that tells retry from fatal.

        Returns:
            The reason to show, a sentence.
        """
        if not failure.retryable or not self._auto_reconnect:
            self.park()
        elif self._backoff.exhausted:
            self.park()
            return f"{failure.message}; stopped trying after {self._backoff.attempt} retries"
        else:
            delay = max(self._backoff.next_delay(), failure.retry_after or 0.0)
            self._due = self._clock.monotonic() + delay
        return failure.message

    def park(self) -> None:
        """Make no attempt until `retry_now`."""
        self._due = inf
        self._changed.set()

    def retry_now(self) -> None:
        """Make the planned attempt at once, also a parked one; does nothing when none is planned."""
        if self._due is not None:
            self._due = -inf
            self._changed.set()

    def forget_failures(self) -> None:
        """Let the next delay be the first one again."""
        self._backoff.reset()

    def cancel(self) -> None:
        """Drop the plan: no attempt is waited for any more."""
        self._due = None

    def reconsider(self) -> None:
        """Have `wait` ask again whether an attempt is wanted."""
        self._changed.set()

    async def wait(self, wanted: Callable[[], bool]) -> None:
        """Return when the planned attempt is due, or ``wanted`` says that none is needed any more."""
        try:
            while wanted() and self._due is not None:
                self._changed.clear()
                left = self._due - self._clock.monotonic()
                if left <= 0:
                    return
                if self.parked:
                    await self._changed.wait()
                else:
                    await first_to_end(self._clock.sleep(left), self._changed.wait())
        finally:
            self.cancel()
