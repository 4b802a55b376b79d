from __future__ import annotations

import asyncio

import pytest
from manual_clock import ManualClock

from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.tasks import LONGEST_RESTART, Tasks, first_to_end


class Owner:
    """Starts work and hears of its failures."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.told: list[ProviderError] = []
        self.tasks = Tasks("owner", self.clock, failed=self.told.append)
        self.began_at: list[float] = []

    async def fail(self) -> None:
        self.began_at.append(self.clock.monotonic())
        raise RuntimeError("a mistake of our own")


@pytest.fixture
def owner() -> Owner:
    return Owner()


async def test_a_loop_that_raises_is_logged_told_and_started_again(
    owner: Owner, caplog: pytest.LogCaptureFixture
) -> None:
    owner.tasks.start_loop("sweep", owner.fail)
    await owner.clock.advance(1)
    assert owner.began_at == [0, 1]
    assert owner.told[0].kind is ErrorKind.PROTOCOL
    assert owner.told[0].message == "internal error (RuntimeError); the log has the details"
    assert "owner: sweep failed" in caplog.text
    assert "Traceback" in caplog.text
    await owner.tasks.close()


async def test_a_loop_that_keeps_failing_is_started_ever_later(owner: Owner) -> None:
    owner.tasks.start_loop("sweep", owner.fail)
    await owner.clock.advance(1 + 2 + 4 + 8 + 16 + 32 + LONGEST_RESTART + LONGEST_RESTART)
    assert owner.began_at == [0, 1, 3, 7, 15, 31, 63, 123, 183]
    await owner.tasks.close()


async def test_a_loop_that_ran_well_for_a_while_is_started_again_at_once(owner: Owner) -> None:
    async def long() -> None:
        owner.began_at.append(owner.clock.monotonic())
        await owner.clock.sleep(100)
        raise RuntimeError

    owner.tasks.start_loop("sweep", long)
    await owner.clock.advance(305)
    assert owner.began_at == [0, 101, 202, 303]
    await owner.tasks.close()


async def test_a_loop_that_returns_is_done(owner: Owner) -> None:
    async def end() -> None:
        owner.began_at.append(owner.clock.monotonic())

    owner.tasks.start_loop("polling", end)
    await owner.clock.advance(100)
    assert (owner.began_at, owner.told) == ([0], [])


async def test_what_is_done_once_is_told_when_it_fails_and_not_repeated(owner: Owner) -> None:
    task = owner.tasks.start("catching up", owner.fail)
    await owner.clock.advance(100)
    assert (owner.began_at, len(owner.told)) == ([0], 1)
    assert task is not None
    assert task.exception() is None


async def test_arguments_are_passed_on(owner: Owner) -> None:
    seen: list[tuple[str, int]] = []

    async def note(text: str, number: int) -> None:
        seen.append((text, number))

    owner.tasks.start("note", note, "a", 1)
    await owner.clock.settle()
    assert seen == [("a", 1)]


async def test_an_error_of_a_provider_that_nobody_caught_is_told_in_its_own_words(owner: Owner) -> None:
    async def refused() -> None:
        raise ProviderError(ErrorKind.SERVER, "no")

    owner.tasks.start("catching up", refused)
    await owner.clock.settle()
    assert [(error.kind, error.message) for error in owner.told] == [(ErrorKind.SERVER, "no")]


async def test_work_that_waits_for_something_cancelled_does_not_end_unheard(owner: Owner) -> None:
    async def wait_in_vain() -> None:
        owner.began_at.append(owner.clock.monotonic())
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        future.cancel()
        await future

    owner.tasks.start_loop("beat", wait_in_vain)
    await owner.clock.advance(1)
    assert owner.began_at == [0, 1]
    assert "CancelledError" in owner.told[0].message
    await owner.tasks.close()


async def test_a_failure_that_cannot_even_be_told_does_not_end_the_work(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def deaf(error: ProviderError) -> None:
        raise ValueError("nobody listens")

    clock = ManualClock()
    tasks = Tasks("owner", clock, failed=deaf)
    times: list[float] = []

    async def fail() -> None:
        times.append(clock.monotonic())
        raise RuntimeError

    tasks.start_loop("beat", fail)
    await clock.advance(3)
    assert times == [0, 1, 3]
    assert "nobody listens" in caplog.text
    await tasks.close()


async def test_closing_waits_until_all_has_ended(owner: Owner) -> None:
    ended: list[str] = []

    async def slow_to_end(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(3):
                await asyncio.sleep(0)
            ended.append(name)

    owner.tasks.start("a", slow_to_end, "a")
    cancelled = owner.tasks.start("b", slow_to_end, "b")
    await owner.clock.settle()
    assert cancelled is not None
    cancelled.cancel()
    await owner.tasks.close()
    assert sorted(ended) == ["a", "b"]
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert owner.told == []


async def test_a_loop_is_closed_while_it_waits_to_be_started_again(owner: Owner) -> None:
    owner.tasks.start_loop("sweep", owner.fail)
    await owner.clock.settle()
    await owner.tasks.close()
    await owner.clock.advance(100)
    assert owner.began_at == [0]


async def test_nothing_starts_after_closing(owner: Owner) -> None:
    await owner.tasks.close()
    assert owner.tasks.start("once", owner.fail) is None
    assert owner.tasks.start_loop("loop", owner.fail) is None
    await owner.clock.advance(5)
    assert owner.began_at == []


async def test_the_first_to_end_ends_the_others_and_they_are_waited_for(owner: Owner) -> None:
    ended: list[str] = []

    async def wait() -> None:
        try:
            await owner.clock.sleep(100)
        finally:
            await asyncio.sleep(0)
            ended.append("wait")

    task = asyncio.ensure_future(first_to_end(owner.clock.sleep(1), wait()))
    await owner.clock.advance(1)
    assert task.done()
    assert ended == ["wait"]


async def test_the_error_of_the_first_to_end_is_raised_even_when_another_ended_with_it(owner: Owner) -> None:
    with pytest.raises(RuntimeError, match="a mistake of our own"):
        await first_to_end(asyncio.sleep(0), owner.fail(), asyncio.Event().wait())
