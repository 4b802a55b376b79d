"""Cancels the start of something at every moment that there is, one after the other."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress


async def cancelled_at_every_step(make: Callable[[], AbstractAsyncContextManager[object]]) -> int:
    """Enter a new context again and again, each time cancelled one turn of the event loop later.

    What nobody closes is an error: Python warns of it, and warnings are errors here.

    Returns:
        How many turns the start takes when it is not cancelled.
    """
    started = asyncio.Event()

    async def enter() -> None:
        async with make():
            started.set()

    steps = 0
    while True:
        entering = asyncio.create_task(enter())
        for _ in range(steps):
            await asyncio.sleep(0)
        if started.is_set():
            await entering
            return steps
        entering.cancel()
        with suppress(asyncio.CancelledError):
            await entering
        del entering
        gc.collect()
        steps += 1
