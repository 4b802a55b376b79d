"""A group of background tasks: failures are logged, and all are cancelled together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

LOGGER = logging.getLogger("streamsim")
LOGGER.addHandler(logging.NullHandler())
# Below INFO the WebSocket library writes request lines, and those hold keys.
LOGGER.setLevel(logging.INFO)


class Tasks:
    """A set of running tasks that can be cancelled as one."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run ``work`` until it ends or `cancel` is called."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            LOGGER.error("a task of the simulator failed", exc_info=failure)

    async def cancel(self) -> None:
        """Cancel every task and return when all have ended."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
