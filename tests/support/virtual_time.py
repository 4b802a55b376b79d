"""An event loop with real sockets on virtual time: waiting takes no real time.

Whenever there is nothing to do but wait for a timer, the time jumps to that timer; while the kernel still has
to deliver something that was sent from one socket of the process to another, it stands still. Every
``asyncio.sleep``, every timeout of a library and the `VirtualClock` use this time, and fire in the same order
as in real time.
"""

from __future__ import annotations

import asyncio
import functools
import random
import selectors
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

from in_flight import InFlight, is_told
from manual_clock import START

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

SHORTEST = 1e-6
"""Seconds."""

LOOK_EVERY = 2.0
"""Virtual seconds after which the loop waits in real time for the sockets, where the kernel tells nothing."""

LOOK = 0.001
"""Seconds of real time between two questions to the kernel, or of the wait where it tells nothing."""


class _JumpingSelector(selectors.DefaultSelector):
    """A selector that does not wait for a timeout, but adds it to the virtual time.

    While the kernel still has to deliver something to a socket that is waited for, no virtual time passes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0
        self.threads = 0
        """Calls running in threads; time stands still until they have ended."""
        self.delivers_at_once = False
        """Whether everything that was sent arrives before the loop's next turn."""
        self._looked_at = 0.0
        self._in_flight = InFlight() if is_told() else None

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        key = super().register(fileobj, events, data)
        self.watch(key.fd)
        return key

    def watch(self, descriptor: int) -> None:
        if self._in_flight is not None:
            self._in_flight.watch(descriptor)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if events or (timeout == 0 and not self.delivers_at_once):
            return events
        if timeout is None or (self.threads and timeout):
            return super().select(None)
        events = self._what_is_in_flight() if self._in_flight is not None else self._look(timeout)
        if not events:
            self.passed += timeout
        return events

    def _what_is_in_flight(self) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait until something arrives, or nothing is on its way."""
        assert self._in_flight is not None
        keys = self.get_map()
        waited_for = {key.fd: key for key in keys.values()}
        while self._in_flight.anything(waited_for):
            if events := super().select(LOOK):
                return events
        return super().select(0)  # what has arrived between the first look and the last answer

    def _look(self, timeout: float) -> list[tuple[selectors.SelectorKey, int]]:
        if self.passed + timeout < self._looked_at + LOOK_EVERY:
            return []
        self._looked_at = self.passed + timeout
        return super().select(LOOK)

    def close(self) -> None:
        if self._in_flight is not None:
            self._in_flight.close()
        super().close()


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time; it starts at zero."""

    def __init__(self) -> None:
        self._selector_of_time = _JumpingSelector()
        super().__init__(self._selector_of_time)

    def time(self) -> float:
        return self._selector_of_time.passed

    async def sock_accept(self, sock: socket.socket) -> tuple[socket.socket, Any]:
        connection, address = await super().sock_accept(sock)
        # it need not be waited for: data may have come already
        self._selector_of_time.watch(connection.fileno())
        return connection, address

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._selector_of_time.threads += 1
        future.add_done_callback(self._thread_ended)
        return future

    def _thread_ended(self, _: asyncio.Future[Any]) -> None:
        self._selector_of_time.threads -= 1

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncio's
        # the timeout would be virtual, so it could pass before a running thread has ended
        await super().shutdown_default_executor()


class PromptLoop(VirtualTimeLoop):
    """One on which everything that was sent arrives before the loop's next turn; it costs more."""

    def __init__(self) -> None:
        super().__init__()
        self._selector_of_time.delivers_at_once = True


class VirtualClock:
    """A `streamcore.clock.Clock` on the running `VirtualTimeLoop`."""

    def __init__(self, seed: int | None = None) -> None:
        """``seed`` makes `random` vary; without one it is always 0.5, so that jitter adds nothing."""
        self._rng = None if seed is None else random.Random(seed)
        self._ahead = 0.0

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def time(self) -> float:
        return START + self.monotonic() + self._ahead

    def random(self) -> float:
        return 0.5 if self._rng is None else self._rng.random()

    async def sleep(self, seconds: float) -> None:
        # a sleep so short that adding it changes nothing would stop the time for ever
        await asyncio.sleep(max(SHORTEST, seconds) if seconds > 0 else 0)

    def jump(self, seconds: float) -> None:
        """Let the wall clock leap ahead of the monotonic one, as it does while a laptop sleeps."""
        self._ahead += seconds


def new_runner(loop: type[VirtualTimeLoop] = VirtualTimeLoop) -> asyncio.Runner:
    """Return a runner on virtual time; use it as a context."""
    return asyncio.Runner(loop_factory=loop)


def on_virtual_time(
    test: Callable[..., Awaitable[None]], *, loop: type[VirtualTimeLoop] = VirtualTimeLoop
) -> Callable[..., None]:
    """Turn an asynchronous test into one that runs on virtual time."""

    @functools.wraps(test)
    def run(*arguments: Any, **named: Any) -> None:
        async def work() -> None:
            await test(*arguments, **named)

        with new_runner(loop) as runner:
            runner.run(work())

    return run
