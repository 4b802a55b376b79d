from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from manual_clock import ManualClock

from streamcore.net.rate_limit import TokenBucket


async def granted_at(bucket: TokenBucket, clock: ManualClock, times: list[float]) -> None:
    await bucket.take()
    times.append(clock.monotonic())


async def run(bucket: TokenBucket, clock: ManualClock, requests: int, seconds: float) -> list[float]:
    """Return when each of so many requests, all asked for now, was granted."""
    times: list[float] = []
    tasks = [asyncio.create_task(granted_at(bucket, clock, times)) for _ in range(requests)]
    await clock.advance(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return times


async def test_after_a_rest_a_burst_is_granted_at_once_and_then_the_rate() -> None:
    clock = ManualClock()
    assert await run(TokenBucket(2.0, 3, clock), clock, 6, 10) == pytest.approx([0, 0, 0, 0.5, 1.0, 1.5])


async def test_a_rest_saves_up_no_more_than_the_burst() -> None:
    clock = ManualClock()
    bucket = TokenBucket(2.0, 3, clock)
    await clock.advance(3600)
    times = await run(bucket, clock, 5, 10)
    assert times == pytest.approx([3600, 3600, 3600, 3600.5, 3601])


async def test_in_no_window_is_more_granted_than_burst_and_rate_allow() -> None:
    clock = ManualClock()
    times = await run(TokenBucket(1 / 2.1, 1, clock), clock, 8, 60)
    assert len(times) == 8
    assert all(later - earlier >= 2.1 - 1e-4 for earlier, later in pairwise(times))


async def test_waiters_are_served_in_the_order_they_came() -> None:
    clock = ManualClock()
    bucket = TokenBucket(1.0, 1, clock)
    served: list[int] = []

    async def ask(number: int) -> None:
        await bucket.take()
        served.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(ask(number))
        await clock.advance(10)
    assert served == [0, 1, 2, 3, 4]


async def test_a_request_without_a_turn_does_not_hold_up_the_next_one_but_those_after_it() -> None:
    clock = ManualClock()
    bucket = TokenBucket(1.0, 1, clock)
    bucket.count()
    assert await run(bucket, clock, 3, 10) == pytest.approx([0, 2, 3])


async def test_a_pause_grants_nothing_for_as_long_as_it_lasts() -> None:
    clock = ManualClock()
    bucket = TokenBucket(10.0, 10, clock)
    bucket.pause(7.0)
    assert await run(bucket, clock, 2, 10) == pytest.approx([7.0, 7.1])


async def test_a_pause_holds_whoever_is_waiting_already() -> None:
    clock = ManualClock()
    bucket = TokenBucket(1.0, 1, clock)
    await bucket.take()
    times: list[float] = []
    waiting = [asyncio.create_task(granted_at(bucket, clock, times)) for _ in range(2)]
    await clock.advance(0.5)
    bucket.pause(30.0)
    await clock.advance(29.0)
    assert times == []
    await clock.advance(3.0)
    assert times == pytest.approx([30.5, 31.5])
    await asyncio.gather(*waiting)


async def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    clock = ManualClock()
    bucket = TokenBucket(1.0, 5, clock)
    bucket.pause(10.0)
    bucket.pause(1.0)
    assert await run(bucket, clock, 1, 20) == pytest.approx([10.0])


async def test_who_gives_up_waiting_takes_nobodys_turn() -> None:
    clock = ManualClock()
    bucket = TokenBucket(1.0, 1, clock)
    await bucket.take()
    impatient = asyncio.create_task(bucket.take())
    await clock.settle()
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    assert await run(bucket, clock, 1, 5) == pytest.approx([1.0])


async def test_a_clock_that_wakes_early_makes_nobody_too_early() -> None:
    class Hasty(ManualClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds * 0.9 if seconds > 0.01 else seconds)

    clock = Hasty()
    bucket = TokenBucket(1.0, 1, clock)
    assert await run(bucket, clock, 3, 10) == pytest.approx([0.0, 1.0, 2.0], abs=1e-3)
