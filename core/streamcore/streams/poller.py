"""Polling that stands in for a stream while it is down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.tasks import Tasks, internal_error

_LOGGER = logging.getLogger(__name__)


class Poller:
    """Calls one fetch after another, `poll_interval` apart, from `start` until `stop`.

    A failed poll is reported and made again after the interval, or later if the provider asked for that; a
    refusal that waiting does not cure ends the polling until the next `start`.
    """

    def __init__(
        self,
        poll: Callable[[], Awaitable[None]],
        *,
        interval: float,
        clock: Clock,
        failed: Callable[[ProviderError], None],
        tasks: Tasks,
    ) -> None:
        """Make one that does not run.

        Args:
            poll: Does one round.
            interval: Seconds between the starts of two rounds.
            clock: Time.
            failed: Called with the error of each round that failed.
            tasks: Runs the rounds.
        """
        self._poll = poll
        self._interval = interval
        self._clock = clock
        self._failed = failed
        self._tasks = tasks
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether polls are made."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Poll at once and then in turn; does nothing while it runs."""
        if not self.running:
            self._task = self._tasks.start_loop("polling", self._run)

    def stop(self) -> None:
        """Stop; a poll under way is abandoned. Does nothing when it is not running."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        while True:
            started = self._clock.monotonic()
            wait = self._interval
            try:
                await self._poll()
            except ProviderError as error:
                self._failed(error)
                if error.parks:
                    return
                wait = max(wait, error.retry_after or 0.0)
            except Exception as error:
                # a fault of this program, not of the host: it is reported, and the next round is made
                _LOGGER.exception("a poll stopped on an internal error")
                self._failed(internal_error(error))
            # also after a round that took longer than the interval there is a pause
            left = wait - (self._clock.monotonic() - started)
            await self._clock.sleep(max(left, self._interval / 5))
