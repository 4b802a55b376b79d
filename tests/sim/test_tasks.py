"""Background tasks: none fails unheard, all end together."""

from __future__ import annotations

import asyncio

import pytest

from streamsim.tasks import Tasks


async def test_a_task_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise RuntimeError("on purpose")

    tasks = Tasks()
    tasks.spawn(fail())
    for _ in range(3):
        await asyncio.sleep(0)
    (record,) = caplog.records
    assert record.exc_info is not None
    assert "on purpose" in str(record.exc_info[1])
    await tasks.cancel()


async def test_all_tasks_end_together() -> None:
    ended = []

    async def wait(number: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(number)

    tasks = Tasks()
    for number in range(3):
        tasks.spawn(wait(number))
    await asyncio.sleep(0)
    await tasks.cancel()
    assert sorted(ended) == [0, 1, 2]
