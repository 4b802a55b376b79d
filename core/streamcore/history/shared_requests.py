"""Requests that several may wait for: made once, and given up when nobody waits any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

from streamcore.errors import NotRunning, StreamcoreError
from streamcore.tasks import Task, Tasks, internal_error

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

ENDED = "the engine has ended, and with it this request"


class _Request(Generic[T]):
    """One request under way."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.waiting = 0
        self.task: Task | None = None


class SharedRequests(Generic[K, T]):
    """Makes each request once for all who wait for it at the same time."""

    def __init__(self, tasks: Tasks) -> None:
        """``tasks`` runs the requests; when it is closed, all who wait are told that the engine ended."""
        self._tasks = tasks
        self._requests: dict[K, _Request[T]] = {}

    async def get(self, key: K, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return what ``ask`` returns, or what it returns to somebody who asked for the same before.

        Cancelling the last one who waits cancels the request.

        Raises:
            NotRunning: The engine ended meanwhile.
            Exception: What ``ask`` raised.
        """
        request = self._requests.get(key)
        if request is None:
            request = self._requests[key] = _Request()
            request.task = self._tasks.start("history", self._make, key, request, ask)
            if request.task is None:
                del self._requests[key]
                raise NotRunning(ENDED)
        request.waiting += 1
        try:
            return await asyncio.shield(request.answer)
        except asyncio.CancelledError:
            if request.answer.cancelled() and not _is_cancelled():
                raise NotRunning(ENDED) from None
            raise
        finally:
            request.waiting -= 1
            if not request.waiting and not request.answer.done():
                self._forget(key, request)
                if request.task is not None:
                    request.task.cancel()

    async def _make(self, key: K, request: _Request[T], ask: Callable[[], Coroutine[Any, Any, T]]) -> None:
        try:
            answer = await ask()
        except StreamcoreError as error:
            _tell(request, error)
        except Exception as error:
            _tell(request, internal_error(error))
            raise  # whoever supervises the task logs it
        else:
            if not request.answer.done():
                request.answer.set_result(answer)
        finally:
            self._forget(key, request)
            request.answer.cancel()  # does nothing after an answer

    def _forget(self, key: K, request: _Request[T]) -> None:
        if self._requests.get(key) is request:
            del self._requests[key]


def _tell(request: _Request[Any], error: StreamcoreError) -> None:
    if request.waiting and not request.answer.done():
        request.answer.set_exception(error)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
