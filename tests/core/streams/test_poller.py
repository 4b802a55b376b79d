from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from manual_clock import ManualClock

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.streams.poller import Poller
from streamcore.tasks import Tasks


class Bench:
    """A poller whose rounds do what ``script`` says, in turn, and then nothing special."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.polled_at: list[float] = []
        self.failures: list[ProviderError] = []
        self.script: list[Callable[[], Awaitable[None]]] = []
        self.tasks = Tasks("bench", self.clock, failed=self.failures.append)
        self.poller = Poller(
            self._poll, interval=5.0, clock=self.clock, failed=self.failures.append, tasks=self.tasks
        )

    async def _poll(self) -> None:
        self.polled_at.append(self.clock.monotonic())
        if self.script:
            await self.script.pop(0)()

    def then_fail(self, kind: ErrorKind, retry_after: float | None = None) -> None:
        async def fail() -> None:
            raise ProviderError(kind, "no", retry_after=retry_after)

        self.script.append(fail)

    def then_take(self, seconds: float) -> None:
        self.script.append(lambda: self.clock.sleep(seconds))


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.tasks.close()


async def test_it_polls_at_once_and_then_every_interval(bench: Bench) -> None:
    bench.poller.start()
    await bench.clock.advance(12)
    assert bench.polled_at == [0, 5, 10]


async def test_the_interval_is_from_start_to_start(bench: Bench) -> None:
    bench.then_take(2.0)
    bench.poller.start()
    await bench.clock.advance(6)
    assert bench.polled_at == [0, 5]


async def test_a_round_longer_than_the_interval_still_leaves_the_host_a_breath(bench: Bench) -> None:
    bench.then_take(60.0)
    bench.poller.start()
    await bench.clock.advance(62)
    assert bench.polled_at == [0, 61]


async def test_starting_twice_polls_once(bench: Bench) -> None:
    bench.poller.start()
    bench.poller.start()
    await bench.clock.advance(6)
    assert bench.polled_at == [0, 5]


async def test_it_runs_from_start_to_stop(bench: Bench) -> None:
    assert not bench.poller.running
    bench.poller.start()
    assert bench.poller.running
    await bench.clock.advance(1)
    bench.poller.stop()
    assert not bench.poller.running
    await bench.clock.advance(60)
    assert bench.polled_at == [0]


async def test_stopping_abandons_the_round_under_way(bench: Bench) -> None:
    finished = asyncio.Event()

    async def long() -> None:
        await bench.clock.sleep(3)
        finished.set()

    bench.script.append(long)
    bench.poller.start()
    await bench.clock.advance(1)
    bench.poller.stop()
    await bench.clock.advance(60)
    assert not finished.is_set()


async def test_stopping_what_does_not_run_is_no_error(bench: Bench) -> None:
    bench.poller.stop()
    bench.poller.start()
    bench.poller.stop()
    bench.poller.stop()


async def test_it_can_be_started_again_and_polls_at_once(bench: Bench) -> None:
    bench.poller.start()
    await bench.clock.advance(1)
    bench.poller.stop()
    bench.poller.start()
    await bench.clock.advance(1)
    assert bench.polled_at == [0, 1]


@pytest.mark.parametrize("kind", [ErrorKind.NETWORK, ErrorKind.SERVER, ErrorKind.PROTOCOL])
async def test_a_failed_poll_is_told_and_tried_again(bench: Bench, kind: ErrorKind) -> None:
    bench.then_fail(kind)
    bench.poller.start()
    await bench.clock.advance(6)
    assert ([error.kind for error in bench.failures], bench.polled_at) == ([kind], [0, 5])


async def test_it_waits_as_long_as_the_provider_asks_when_that_is_longer(bench: Bench) -> None:
    bench.then_fail(ErrorKind.RATE_LIMIT, retry_after=42.0)
    bench.then_fail(ErrorKind.RATE_LIMIT, retry_after=1.0)
    bench.poller.start()
    await bench.clock.advance(48)
    assert bench.polled_at == [0, 42, 47]


@pytest.mark.parametrize("kind", [ErrorKind.AUTH, ErrorKind.PLAN, ErrorKind.QUOTA])
async def test_a_refusal_no_waiting_cures_ends_the_polling(bench: Bench, kind: ErrorKind) -> None:
    bench.then_fail(kind)
    bench.poller.start()
    await bench.clock.advance(600)
    assert ([error.kind for error in bench.failures], bench.polled_at) == ([kind], [0])
    assert not bench.poller.running


async def test_after_such_a_refusal_it_can_be_started_again(bench: Bench) -> None:
    bench.then_fail(ErrorKind.AUTH)
    bench.poller.start()
    await bench.clock.advance(1)
    bench.poller.start()
    await bench.clock.advance(1)
    assert bench.polled_at == [0, 1]


async def test_a_mistake_of_our_own_is_logged_and_told_and_does_not_end_the_polling(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    async def crash() -> None:
        raise RuntimeError("a mistake of our own")

    bench.script.append(crash)
    bench.poller.start()
    await bench.clock.advance(6)
    assert bench.polled_at == [0, 5]
    assert "RuntimeError" in bench.failures[0].message
    assert "a mistake of our own" in caplog.text


async def test_whoever_hears_of_a_failure_may_stop_the_polling() -> None:
    clock = ManualClock()

    async def fail() -> None:
        raise ProviderError(ErrorKind.NETWORK, "no")

    tasks = Tasks("bench", clock, failed=lambda error: None)
    poller = Poller(fail, interval=5.0, clock=clock, failed=lambda error: poller.stop(), tasks=tasks)
    poller.start()
    await clock.advance(20)
    assert not poller.running
    assert clock.sleeping == 0
