"""When bid and ask of each symbol are asked for, where many may want them from one source."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from streamcore.clock import Clock
from streamcore.tasks import Task, Tasks, first_to_end

EVERY = 4.0
"""Seconds from one question about a symbol to the next."""

APART = 2.0
"""Seconds between any two questions: an exchange may allow hardly one request a second, of charts as well."""

GIVEN_UP_AFTER = 2 * EVERY
"""Seconds for which a wish waits for its turn: whoever still looks at the symbol has repeated it by then."""

MOST_WAITING = 1000
"""Symbols that may wait; of others nothing is asked."""


class QuoteTurns:
    """Asks for one symbol at a time, the one that was not asked for the longest.

    However often and by however many a symbol is wanted, it is asked for once every `EVERY` seconds.
    """

    def __init__(self, ask: Callable[[str], Awaitable[None]], tasks: Tasks, clock: Clock) -> None:
        """``ask`` asks for the symbol it is called with; it must not raise."""
        self._ask = ask
        self._tasks = tasks
        self._clock = clock
        self._wanted: dict[str, float] = {}
        """Each symbol that waits, and the monotonic seconds at which it was last wanted."""
        self._asked_at: dict[str, float] = {}
        """Monotonic seconds at which each was last asked for, the oldest first."""
        self._last = float("-inf")
        self._new = asyncio.Event()
        self._task: Task | None = None

    def want(self, symbol: str) -> None:
        """Have a symbol asked for when it is its turn; returns at once."""
        is_new = symbol not in self._wanted
        if is_new and len(self._wanted) >= MOST_WAITING:
            return
        self._wanted[symbol] = self._clock.monotonic()
        if is_new:
            self._new.set()
        if self._task is None or self._task.done():
            self._task = self._tasks.start("asking for bid and ask", self._run)

    async def _run(self) -> None:
        while self._wanted:
            self._new.clear()
            now = self._clock.monotonic()
            symbol = min(self._wanted, key=self._asked_at_or_never)
            if now - self._wanted[symbol] > GIVEN_UP_AFTER:
                del self._wanted[symbol]
                continue
            wait = max(self._asked_at_or_never(symbol) + EVERY, self._last + APART) - now
            if wait > 0:
                await first_to_end(self._clock.sleep(wait), self._new.wait())
                continue
            del self._wanted[symbol]
            self._last = now
            self._asked_at.pop(symbol, None)
            self._asked_at[symbol] = now
            if len(self._asked_at) > MOST_WAITING:
                del self._asked_at[next(iter(self._asked_at))]
            await self._ask(symbol)

    def _asked_at_or_never(self, symbol: str) -> float:
        return self._asked_at.get(symbol, float("-inf"))
