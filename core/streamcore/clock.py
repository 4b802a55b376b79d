"""Time and chance, as one object that a test can replace.

Everything that waits, measures or jitters takes a `Clock`; nothing else in this package may call
``time``, ``random`` or ``asyncio.sleep``. A test passes its own clock and runs an hour of outage in a
millisecond.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Clock(Protocol):
    """What the engine may know of time and chance."""

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps; only differences mean something."""
        ...

    def time(self) -> float:
        """Unix seconds on the wall clock; may jump."""
        ...

    def random(self) -> float:
        """A number from 0.0 (included) to 1.0 (excluded)."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds."""
        ...


class SystemClock:
    """Time and chance of this computer; everything but a test runs on it."""

    def monotonic(self) -> float:
        """Seconds of ``time.monotonic``."""
        return time.monotonic()

    def time(self) -> float:
        """Unix seconds."""
        return time.time()

    def random(self) -> float:
        """A number from 0.0 (included) to 1.0 (excluded)."""
        return random.random()  # noqa: S311 - jitter, not secrecy

    async def sleep(self, seconds: float) -> None:
        """Sleep on the running event loop."""
        await asyncio.sleep(seconds)


async def wait_for(clock: Clock, awaitable: Awaitable[T], seconds: float) -> T:
    """Return the result of ``awaitable``, or give up after ``seconds`` of ``clock``.

    Raises:
        TimeoutError: The time ran out; the awaitable has been cancelled.
    """
    work = asyncio.ensure_future(awaitable)
    alarm = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({work, alarm}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise TimeoutError
        return work.result()
    finally:
        alarm.cancel()
        work.cancel()
        await asyncio.wait({work, alarm})
        if not work.cancelled():
            work.exception()  # retrieved, so that asyncio does not warn when this function was cancelled
