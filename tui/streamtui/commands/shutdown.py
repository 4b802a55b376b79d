"""Stopping a command on Ctrl+C, SIGTERM and SIGHUP: quietly, and within a set time."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

LEAVE_WITHIN = 1.8
"""Seconds from the signal to stop until the process ends, whatever still hangs."""


def _stop_signals() -> list[signal.Signals]:
    wanted = [signal.SIGINT, signal.SIGTERM]
    # nohup starts programs with SIGHUP ignored, and that must stay so
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        wanted.append(signal.SIGHUP)
    return wanted


@contextmanager
def as_keyboard_interrupt() -> Iterator[None]:
    """Make every stop signal raise `KeyboardInterrupt`, for the time before an event loop takes over."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in _stop_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def calling(stop: Callable[[], None], *, hang_up: Callable[[], None] | None = None) -> Iterator[None]:
    """Call ``stop`` on the running event loop for every stop signal.

    SIGHUP calls ``hang_up`` instead, if there is one: a service reads its files again then. Where the
    platform's loop cannot do that (Windows), Ctrl+C stays a `KeyboardInterrupt`.
    """
    loop = asyncio.get_running_loop()
    handled = []
    with suppress(NotImplementedError):
        for number in _stop_signals():
            loop.add_signal_handler(number, stop)
            handled.append(number)
        if hang_up is not None and hasattr(signal, "SIGHUP"):
            loop.add_signal_handler(signal.SIGHUP, hang_up)
            handled.append(signal.SIGHUP)
    try:
        yield
    finally:
        for number in handled:
            loop.remove_signal_handler(number)


class Deadline:
    """The last resort against what cannot be cancelled, such as a name lookup in a thread.

    Use it as a context around `asyncio.run`, and call `start` when stopping begins. If the context is not
    left within ``seconds`` from then on, the process ends.
    """

    def __init__(self, seconds: float = LEAVE_WITHIN) -> None:
        self._seconds = seconds
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Deadline:
        return self

    def __exit__(self, *error: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def start(self, status: int = 0) -> None:
        """Start the countdown, after which the process exits with ``status``; further calls do nothing."""
        if self._timer is None:
            self._timer = threading.Timer(self._seconds, os._exit, [status])
            self._timer.daemon = True
            self._timer.start()


async def until_stopped(work: Coroutine[Any, Any, T], stopping: Callable[[], None]) -> T | None:
    """Return the result of ``work``, or cancel it at the first stop signal and return ``None``.

    Args:
        work: What to do meanwhile.
        stopping: Called when a stop signal came, before the work is cancelled.
    """
    stopped = asyncio.Event()
    with calling(stopped.set):
        task = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(stopped.wait())
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not task.done():
            stopping()
            task.cancel()
            await asyncio.wait({task})
    return None if task.cancelled() else task.result()
