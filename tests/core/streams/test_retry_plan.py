from __future__ import annotations

import asyncio

import pytest
from manual_clock import ManualClock

from streamcore.config.model import BackoffSettings, Settings, StreamSettings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.streams.retry_plan import RetryPlan

LOST = ProviderError(ErrorKind.NETWORK, "lost")


class Bench:
    def __init__(self, *, auto_reconnect: bool = True, max_attempts: int = 100) -> None:
        self.clock = ManualClock()
        settings = Settings(
            stream=StreamSettings(auto_reconnect=auto_reconnect),
            backoff=BackoffSettings(max_attempts=max_attempts),
        )
        self.plan = RetryPlan(settings, self.clock)
        self.wanted = True
        self.waiting: asyncio.Task[None] | None = None

    async def wait(self) -> None:
        self.waiting = asyncio.create_task(self.plan.wait(lambda: self.wanted))
        await self.clock.settle()

    @property
    def waits(self) -> bool:
        assert self.waiting is not None
        return not self.waiting.done()


async def test_delays_grow_and_the_plan_says_when() -> None:
    bench = Bench()
    for delay in (1, 2, 4):
        assert bench.plan.plan(LOST) == "lost"
        assert bench.plan.retry_at == bench.clock.time() + delay
        await bench.wait()
        await bench.clock.advance(delay - 0.1)
        assert bench.waits
        await bench.clock.advance(0.1)
        assert not bench.waits
        assert bench.plan.retry_at is None


async def test_it_waits_as_long_as_the_provider_asks() -> None:
    bench = Bench()
    bench.plan.plan(ProviderError(ErrorKind.RATE_LIMIT, "slow down", retry_after=30.0))
    assert bench.plan.retry_at == bench.clock.time() + 30


@pytest.mark.parametrize(
    ("bench", "error"),
    [
        (Bench(auto_reconnect=False), LOST),
        (Bench(), ProviderError(ErrorKind.AUTH, "refused")),
        (Bench(max_attempts=0), LOST),
    ],
    ids=["nobody wants retries", "no waiting cures it", "all retries are used up"],
)
async def test_what_is_parked_waits_until_somebody_asks(bench: Bench, error: ProviderError) -> None:
    bench.plan.plan(error)
    assert (bench.plan.parked, bench.plan.retry_at) == (True, None)
    await bench.wait()
    await bench.clock.advance(10_000)
    assert bench.waits
    bench.plan.retry_now()
    await bench.clock.settle()
    assert not bench.waits
    assert not bench.plan.parked


async def test_when_it_has_stopped_trying_it_says_so() -> None:
    bench = Bench(max_attempts=1)
    assert bench.plan.plan(LOST) == "lost"
    assert bench.plan.plan(LOST) == "lost; stopped trying after 1 retries"
    bench.plan.forget_failures()
    assert bench.plan.plan(LOST) == "lost"
    assert not bench.plan.parked


async def test_what_waits_can_be_parked_meanwhile() -> None:
    bench = Bench()
    bench.plan.plan(LOST)
    await bench.wait()
    bench.plan.park()
    await bench.clock.advance(100)
    assert bench.waits
    bench.plan.retry_now()
    await bench.clock.settle()
    assert not bench.waits


async def test_asking_while_no_attempt_is_planned_does_nothing() -> None:
    bench = Bench()
    bench.plan.retry_now()
    bench.plan.plan(LOST)
    assert bench.plan.retry_at == bench.clock.time() + 1


async def test_it_stops_waiting_when_nothing_is_wanted_any_more() -> None:
    bench = Bench()
    bench.plan.plan(ProviderError(ErrorKind.AUTH, "refused"))
    await bench.wait()
    bench.wanted = False
    bench.plan.reconsider()
    await bench.clock.settle()
    assert not bench.waits
    assert not bench.plan.parked
