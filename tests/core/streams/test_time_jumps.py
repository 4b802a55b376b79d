from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from manual_clock import ManualClock

from streamcore.streams.time_jumps import watch_for_time_jumps


class JumpingClock(ManualClock):
    """A clock whose wall time can leap, and whose sleeps can take too long."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead

    def hold_up(self, seconds: float) -> None:
        """Let time pass without waking anybody, as it does for a process that is stopped."""
        self._now += seconds


@pytest.fixture
def clock() -> JumpingClock:
    return JumpingClock()


@pytest.fixture
async def jumps(clock: JumpingClock) -> AsyncIterator[list[float]]:
    """The moments at which a jump was told."""
    told: list[float] = []
    watch = asyncio.create_task(watch_for_time_jumps(clock, lambda: told.append(clock.monotonic())))
    await clock.settle()
    yield told
    watch.cancel()


async def test_time_that_passes_as_usual_is_no_jump(clock: JumpingClock, jumps: list[float]) -> None:
    await clock.advance(3600)
    assert jumps == []


async def test_how_long_the_computer_was_on_before_is_no_jump(clock: JumpingClock) -> None:
    clock.hold_up(100_000)
    told: list[float] = []
    watch = asyncio.create_task(watch_for_time_jumps(clock, lambda: told.append(clock.monotonic())))
    await clock.advance(10)
    assert told == []
    watch.cancel()


@pytest.mark.parametrize("seconds", [3600.0, -3600.0])
async def test_a_wall_clock_that_leaps_is_one_jump(
    clock: JumpingClock, jumps: list[float], seconds: float
) -> None:
    await clock.advance(3)
    clock.ahead = seconds
    await clock.advance(10)
    assert jumps == [4.0]


async def test_a_wall_clock_that_is_adjusted_a_little_is_no_jump(
    clock: JumpingClock, jumps: list[float]
) -> None:
    for _ in range(10):
        clock.ahead += 1.0
        await clock.advance(2)
    assert jumps == []


async def test_a_process_that_was_stopped_notices_when_it_goes_on(
    clock: JumpingClock, jumps: list[float]
) -> None:
    await clock.advance(3)
    clock.hold_up(60)
    await clock.advance(10)
    assert jumps == [63.0]
