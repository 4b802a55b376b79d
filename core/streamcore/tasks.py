"""Supervised background work: a failure is logged and reported, and a loop that failed is started again.

asyncio keeps the exception of a task that nobody awaits to itself, so all background tasks start here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias, TypeVarTuple

from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind

FIRST_RESTART = 1.0
"""Seconds until a loop that failed is started again; doubled each time it fails."""

LONGEST_RESTART = 60.0

WELL_AFTER = 60.0
"""Seconds a loop must run until its next restart is as quick as the first."""

Arguments = TypeVarTuple("Arguments")
Task: TypeAlias = asyncio.Task[None]
Work: TypeAlias = Callable[[], Coroutine[Any, Any, None]]

_LOGGER = logging.getLogger(__name__)


class Tasks:
    """The background work of one owner. The owner must `close` it.

    Work that ends with an exception is logged with its traceback, and ``failed`` is called with an error for
    people, which has none.
    """

    def __init__(self, owner: str, clock: Clock, *, failed: Callable[[ProviderError], None]) -> None:
        """Make one that does nothing yet.

        Args:
            owner: Whose work it is, for the log and the names of the tasks.
            clock: Counts the time until a restart.
            failed: Called with the error of work that failed, for a person to read.
        """
        self._owner = owner
        self._clock = clock
        self._failed = failed
        self._tasks: set[Task] = set()
        self._closed = False

    def start(
        self,
        name: str,
        work: Callable[[*Arguments], Coroutine[Any, Any, None]],
        *arguments: *Arguments,
    ) -> Task | None:
        """Do something once, in the background.

        Returns:
            The task, which never raises; ``None`` after `close`, when nothing is started any more.
        """
        return self._start(name, lambda: work(*arguments), restart=False)

    def start_loop(self, name: str, work: Work) -> Task | None:
        """Do something that must go on: after a failure it is called again, ever later.

        Returns:
            The task, which ends when ``work`` returns; ``None`` after `close`.
        """
        return self._start(name, work, restart=True)

    async def close(self) -> None:
        """Cancel everything and return when all of it has ended; nothing can be started any more."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        # also those that were cancelled before and are still ending
        while self._tasks:
            await asyncio.wait(self._tasks.copy())

    def _start(self, name: str, work: Work, *, restart: bool) -> Task | None:
        if self._closed:
            return None
        task = asyncio.create_task(
            self._supervise(name, work, restart=restart), name=f"{self._owner}: {name}"
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _supervise(self, name: str, work: Work, *, restart: bool) -> None:
        wait = FIRST_RESTART
        while True:
            began_at = self._clock.monotonic()
            failure: BaseException
            try:
                return await work()
            except asyncio.CancelledError as error:
                if _is_being_cancelled():
                    raise
                failure = error  # not this task was cancelled, but something it waited for
            except Exception as error:
                failure = error
            self._report(name, failure)
            if not restart:
                return None
            if self._clock.monotonic() - began_at >= WELL_AFTER:
                wait = FIRST_RESTART
            await self._clock.sleep(wait)
            wait = min(2 * wait, LONGEST_RESTART)

    def _report(self, name: str, failure: BaseException) -> None:
        error = failure if isinstance(failure, ProviderError) else internal_error(failure)
        _LOGGER.error("%s: %s failed", self._owner, name, exc_info=failure)
        try:
            self._failed(error)
        except Exception:
            # a failure to report must not end the work as well; the log still has both
            _LOGGER.exception("%s: the failure of %s could not be reported", self._owner, name)


def internal_error(failure: BaseException) -> ProviderError:
    """Return what a person is told of a fault of this program; the caller must log its traceback."""
    text = f"internal error ({type(failure).__name__}); the log has the details"
    return ProviderError(ErrorKind.PROTOCOL, text)


async def first_to_end(*work: Coroutine[Any, Any, Any]) -> None:
    """Run all until one ends, then cancel the others and wait for their end.

    Raises:
        Exception: What the one that ended raised; if several ended at once, the first in order.
    """
    tasks = [asyncio.ensure_future(coroutine) for coroutine in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task in done:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in tasks:
            if not task.cancelled() and (failure := task.exception()) is not None:
                _LOGGER.debug("one of several ended by %r", failure)


def _is_being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
