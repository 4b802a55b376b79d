from __future__ import annotations

import asyncio

import pytest
from manual_clock import ManualClock

from streamcore import SystemClock
from streamcore.clock import wait_for


async def test_the_system_clock_goes_on_and_its_chance_is_from_zero_to_one() -> None:
    clock = SystemClock()
    before, at = clock.monotonic(), clock.time()
    await clock.sleep(0)
    assert clock.monotonic() >= before
    assert abs(clock.time() - at) < 3600
    assert all(0.0 <= clock.random() < 1.0 for _ in range(100))


async def test_what_is_waited_for_is_returned_when_it_comes_in_time() -> None:
    clock = ManualClock()
    waiting = asyncio.create_task(wait_for(clock, asyncio.sleep(0, "done"), 5))
    await clock.settle()
    assert await waiting == "done"
    assert clock.sleeping == 0


async def test_what_does_not_come_in_time_is_cancelled() -> None:
    clock = ManualClock()
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(wait_for(clock, never, 5))
    await clock.advance(5)
    with pytest.raises(TimeoutError):
        await waiting
    assert never.cancelled()


async def test_its_failure_is_the_failure_of_waiting() -> None:
    async def fails() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await wait_for(ManualClock(), fails(), 5)
