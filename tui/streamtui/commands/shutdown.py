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

from streamtui.terminal import end_within

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
    """Make the first stop signal raise `KeyboardInterrupt`, for the time before an event loop takes over.

    From then on no other is heard, and the process ends within `LEAVE_WITHIN` seconds: who presses Ctrl+C
    again and again must not interrupt its end, and writing to a terminal that stands still must not keep it.
    """
    interrupted = False

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        hear_no_more()
        end_within(LEAVE_WITHIN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in _stop_signals()}
    try:
        yield
    finally:
        if not interrupted:
            for number, handler in before.items():
                if signal.getsignal(number) is interrupt:
                    signal.signal(number, handler)


def hear_no_more() -> None:
    """Hear no stop signal any more: the process is about to end, and has a deadline for it."""
    with suppress(RuntimeError):  # there is no loop that could have taken over
        loop = asyncio.get_running_loop()
        for number in _stop_signals():
            loop.remove_signal_handler(number)
    for number in _stop_signals():
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def calling(stop: Callable[[], None], *, hang_up: Callable[[], None] | None = None) -> Iterator[None]:
    """Call ``stop`` on the running event loop for every stop signal.

    SIGHUP calls ``hang_up`` instead, if there is one: a service reads its files again then. Where the
    platform's loop cannot do that (Windows), Ctrl+C stays a `KeyboardInterrupt`. Afterwards the signals are
    heard as before, or not at all if one came: then the process is about to end.
    """
    loop = asyncio.get_running_loop()
    stopping = False

    def stop_once() -> None:
        nonlocal stopping
        stopping = True
        stop()

    before: dict[signal.Signals, Any] = {}
    with suppress(NotImplementedError):
        for number in _stop_signals():
            before[number] = signal.getsignal(number)
            loop.add_signal_handler(number, stop_once)
        if hang_up is not None and hasattr(signal, "SIGHUP"):
            before.setdefault(signal.SIGHUP, signal.getsignal(signal.SIGHUP))
            loop.add_signal_handler(signal.SIGHUP, hang_up)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN if stopping else handler)


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
