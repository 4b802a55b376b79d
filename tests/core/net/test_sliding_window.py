"""A rate limit by window: never more than so many requests in any span of time, whatever the host tells."""

from __future__ import annotations

import asyncio

from busiest import busiest
from manual_clock import ManualClock

from streamcore.net.rate_limit import WINDOW_MARGIN, SlidingWindow


class Bench:
    def __init__(self, limit: int, window: float) -> None:
        self.clock = ManualClock()
        self.window = SlidingWindow(limit, window, self.clock)
        self.times: list[float] = []

    async def take(self, count: int, within: float = 10_000.0) -> None:
        async def one() -> None:
            await self.window.take()
            self.times.append(self.clock.monotonic())

        tasks = [asyncio.ensure_future(one()) for _ in range(count)]
        await self.clock.advance(within)
        if within:
            await asyncio.gather(*tasks)


async def test_what_fits_into_a_window_passes_at_once_and_the_rest_when_there_is_room() -> None:
    bench = Bench(2, 10.0)
    await bench.take(5)
    room = 10.0 * WINDOW_MARGIN
    assert [round(at, 6) for at in bench.times] == [0.0, 0.0, room, room, 2 * room]


async def test_no_window_ever_holds_more_than_the_limit() -> None:
    bench = Bench(5, 10.0)
    for _ in range(6):
        await bench.take(7, within=23.0)
    assert len(bench.times) == 42
    assert busiest(bench.times, 10.0) == 5


async def test_after_a_pause_nothing_passes_before_its_end() -> None:
    bench = Bench(5, 10.0)
    bench.window.pause(30.0)
    bench.window.pause(3.0)
    await bench.take(1)
    assert bench.times == [30.0]


async def test_a_pause_holds_back_whoever_waits_already() -> None:
    bench = Bench(1, 10.0)
    await bench.take(2, within=0.0)
    bench.window.pause(60.0)
    await bench.clock.advance(59.0)
    assert len(bench.times) == 1
    await bench.clock.advance(2.0)
    assert len(bench.times) == 2


async def test_a_higher_limit_lets_whoever_waits_pass_at_once() -> None:
    bench = Bench(1, 10.0)
    await bench.take(3, within=0.0)
    assert len(bench.times) == 1
    bench.window.set_limit(3)
    await bench.clock.settle()
    assert bench.times == [0.0, 0.0, 0.0]


async def test_a_lower_limit_counts_what_was_granted_before() -> None:
    bench = Bench(4, 10.0)
    await bench.take(4, within=1.0)
    bench.window.set_limit(2)
    await bench.take(2)
    assert bench.times[4] >= 10.0
    assert bench.window.limit == 2
