"""The event loop on which the tests of the whole engine run."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from virtual_time import VirtualClock, new_runner


class SlowToEnd(ThreadPoolExecutor):
    """Threads that take a moment to end, as on a busy machine."""

    ended = False

    def shutdown(self, *arguments: Any, **options: Any) -> None:
        time.sleep(0.05)
        super().shutdown(*arguments, **options)
        self.ended = True


def test_the_end_waits_for_the_threads_as_long_as_they_take() -> None:
    """On Python 3.12 and later a virtual timeout was over first, and the run failed by a warning."""
    threads = SlowToEnd()

    async def use_one() -> None:
        asyncio.get_running_loop().set_default_executor(threads)
        await asyncio.to_thread(bool)

    with new_runner() as runner:
        runner.run(use_one())
    assert threads.ended


def test_time_stands_still_while_a_thread_is_at_work_and_jumps_otherwise() -> None:
    may_end = threading.Event()

    async def watch() -> tuple[float, float]:
        clock = VirtualClock()
        work = asyncio.get_running_loop().run_in_executor(None, may_end.wait)
        sleep = asyncio.ensure_future(clock.sleep(3600.0))
        threading.Timer(0.05, may_end.set).start()
        await work
        while_at_work = clock.monotonic()
        await sleep
        return while_at_work, clock.monotonic()

    with new_runner() as runner:
        assert runner.run(watch()) == (0.0, 3600.0)
