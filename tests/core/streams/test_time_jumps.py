from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from manual_clock import ManualClock

from streamcore.streams.time_jumps import JUMP, LOOK_EVERY, watch_for_time_jumps


class JumpingClock(ManualClock):
    """A clock whose wall time can be set, and whose next sleep can take too long."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0.0
        self.held_up = 0.0

    def time(self) -> float:
        return super().time() + self.ahead

    async def sleep(self, seconds: float) -> None:
        held_up, self.held_up = self.held_up, 0.0
        await super().sleep(seconds + held_up)


class Watch:
    def __init__(self) -> None:
        self.clock = JumpingClock()
        self.jumped_at: list[float] = []
        self.task = asyncio.create_task(
            watch_for_time_jumps(self.clock, lambda: self.jumped_at.append(self.clock.monotonic()))
        )


@pytest.fixture
async def watch() -> AsyncIterator[Watch]:
    watch = Watch()
    await watch.clock.settle()
    yield watch
    watch.task.cancel()
    await asyncio.wait({watch.task})


async def test_while_time_passes_as_it_should_nothing_is_told(watch: Watch) -> None:
    await watch.clock.advance(600)
    assert watch.jumped_at == []


@pytest.mark.parametrize("seconds", [3600.0, JUMP + 0.1, -JUMP - 0.1, -3600.0])
async def test_a_jump_of_the_wall_clock_is_noticed_once(watch: Watch, seconds: float) -> None:
    await watch.clock.advance(3 * LOOK_EVERY)
    watch.clock.ahead = seconds
    await watch.clock.advance(600)
    assert watch.jumped_at == [4 * LOOK_EVERY]


async def test_a_clock_that_is_put_right_by_a_little_has_not_jumped(watch: Watch) -> None:
    for _ in range(10):
        watch.clock.ahead += JUMP - 0.1
        await watch.clock.advance(LOOK_EVERY)
    assert watch.jumped_at == []


async def test_a_process_that_was_stopped_is_noticed(watch: Watch) -> None:
    watch.clock.held_up = JUMP + 0.1
    await watch.clock.advance(100)
    assert len(watch.jumped_at) == 1
