"""What the codecs of one provider have to ask over HTTP: a few at a time, each until it is answered."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from itertools import count

from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.circuit_breaker import OF_THE_HOST, CircuitBreaker
from streamcore.providers.reports import Question, SignatureSeen, TokenAccountsRequest
from streamcore.streams.backlog import BEHIND, Backlog, Pending
from streamcore.tasks import Tasks, first_to_end

AT_ONCE = 4
"""Answers waited for at the same time; the provider's rate limit paces them anyway."""

MOST_WAITING = 1000
"""Questions that may wait; beyond them the oldest of the busiest topic is left to the next fetch."""

TOLD_AGAIN_AFTER = 60.0
"""Seconds between two reports of how many questions wait."""

FIRST_WAIT = 1.0
"""Seconds until a question is asked again; doubled each time."""

LONGEST_WAIT = 60.0
LONGEST_WAIT_WHILE_LIVE = 5.0
"""The same for the host's own trouble while its stream lives: what happens now is waited for. It is also the
longest rest of the breaker then."""

LONGEST_WAIT_OF_RATE_LIMIT = 5.0
"""The same after a denial that does not say for how long: such limits are counted by the second."""

JITTER = 0.25
"""The part of a wait that is left to chance, so that two programs with one key do not ask in step."""

MOST_TRIES = 8
"""Times a transaction or a price is asked for. After that the transaction is fetched like any other gap, and
the price comes with the next trade, or is asked for when the stream leaves out another trade."""


class Questions:
    """Asks questions, repeats each that fails, and never has the same one asked twice at a time."""

    def __init__(
        self,
        tasks: Tasks,
        clock: Clock,
        breaker: CircuitBreaker,
        *,
        answer: Callable[[Question], Awaitable[ProviderError | None]],
        is_needed: Callable[[Question], bool],
        gave_up: Callable[[Question], None],
        behind: Callable[[ProviderError], None],
        is_live: Callable[[], bool] = lambda: False,
    ) -> None:
        """Make one that has nothing to ask.

        Args:
            tasks: Runs its work.
            clock: Time and random numbers.
            breaker: Says when the host is left alone; nothing is asked then.
            answer: Asks once and delivers the answer; returns what went wrong.
            is_needed: Whether a question still has to be asked, called just before that is done.
            gave_up: Called with a question that is not asked again.
            behind: Called with an error for a person when more transactions happen than can be fetched.
            is_live: Whether the stream that the questions come from lives.
        """
        self._tasks = tasks
        self._clock = clock
        self._breaker = breaker
        self._answer = answer
        self._is_needed = is_needed
        self._gave_up = gave_up
        self._behind = behind
        self._is_live = is_live
        self._numbers = count()
        self._open: set[Question] = set()
        """All that have not been answered: those that wait, and those being asked."""
        self._ready = Backlog(clock)
        self._left_out = 0
        self._told_at = float("-inf")
        self._in_doubt_at = float("-inf")
        """Monotonic seconds at which the host was last in trouble."""
        self._later: list[Pending] = []
        """A heap: those that failed, by when they are asked again."""
        self._slow: list[Pending] = []
        """Those that may be asked again, and that were not answered in time before."""
        self._slow_under_way = 0
        """How many of these are being asked; at most one."""
        self._under_way = 0
        """How many of the others are."""
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def ask(self, question: Question) -> None:
        """Have a question answered; returns at once."""
        if question in self._open:
            return
        if len(self._open) >= MOST_WAITING:
            dropped = self._ready.drop_oldest()
            if dropped is None:
                return
            self._open.discard(dropped.question)
            self._left_out += 1
        self._open.add(question)
        self._ready.add(Pending(0.0, next(self._numbers), question, self._clock.monotonic()))
        self._wake.set()
        if self._task is None:
            self._task = self._tasks.start_loop("questions", self._run)

    def ask_now(self) -> None:
        """Ask again at once what has failed: the host is known to be well."""
        for pending in sorted(self._later):
            self._is_due(pending)
        self._later.clear()
        self._wake.set()

    @property
    def waiting(self) -> int:
        """Questions that have no answer yet."""
        return len(self._open)

    @property
    def waiting_transactions(self) -> int:
        """Transactions among them."""
        return sum(isinstance(question, SignatureSeen) for question in self._open)

    @property
    def lag(self) -> float:
        """Seconds that the oldest of those has waited that are not being asked at present."""
        now = self._clock.monotonic()
        return max(self._ready.lag, *(now - one.since for one in (*self._later, *self._slow)), 0.0)

    def _tell_lag(self, now: float) -> None:
        """Report, at most once a minute, that more transactions happen than can be fetched."""
        lag = self._ready.lag
        if self._breaker.in_doubt:
            self._in_doubt_at = now
        # what waits because the host was in trouble waits for that, and not for its limits
        if min(lag, now - self._in_doubt_at) < BEHIND or now - self._told_at < TOLD_AGAIN_AFTER:
            return
        self._told_at = now
        number = len(self._ready)
        waiting = "1 transaction waits" if number == 1 else f"{number} transactions wait"
        text = f"more happens than may be asked about: {waiting}, most of"
        text += f" {self._ready.busiest}, the oldest for {lag:.0f} s; the newest are told first"
        if self._left_out:
            text += f", and {self._left_out} of the oldest are left to the next check"
            self._left_out = 0
        self._behind(ProviderError(ErrorKind.RATE_LIMIT, text))

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            wait = self._start_due()
            if wait is None:
                await self._wake.wait()
            else:
                await first_to_end(self._wake.wait(), self._clock.sleep(wait))

    def _start_due(self) -> float | None:
        """Ask what may be asked now.

        Returns:
            Seconds until there may be more to ask; ``None``: when an answer or a question comes.
        """
        now = self._clock.monotonic()
        while self._later and self._later[0].due <= now:
            self._is_due(heapq.heappop(self._later))
        self._tell_lag(now)
        if (self._ready or self._slow or self._later) and self._is_live():
            self._breaker.hurry(LONGEST_WAIT_WHILE_LIVE)
        if (self._ready or self._slow) and (rest := self._breaker.rest):
            return rest
        # a host that has just failed is asked one question at a time: if it is still down, only one fails
        most = 1 if self._breaker.in_doubt else AT_ONCE
        while self._ready and self._under_way < most:
            self._start(self._ready.take())
        while self._slow and not self._slow_under_way:
            newest = max(self._slow, key=lambda pending: pending.number)
            self._slow.remove(newest)
            self._start(newest)
        return self._later[0].due - now if self._later else None

    def _is_due(self, pending: Pending) -> None:
        if pending.slow:
            self._slow.append(pending)
        else:
            self._ready.add(pending)

    def _start(self, pending: Pending) -> None:
        if not self._is_needed(pending.question):
            self._open.discard(pending.question)
            return
        if pending.slow:
            self._slow_under_way += 1
        else:
            self._under_way += 1
        self._tasks.start("question", self._ask_once, pending)

    async def _ask_once(self, pending: Pending) -> None:
        question, slow = pending.question, pending.slow
        problem: ProviderError | None = None
        try:
            problem = await self._answer(question)
        finally:
            if slow:
                self._slow_under_way -= 1
            else:
                self._under_way -= 1
            self._wake.set()
            if problem is None:
                self._open.discard(question)
        if problem is None:
            return
        pending.tries += 1
        pending.slow = problem.unanswered
        # nothing but the answer can tell the token accounts, so they are asked for until they are known
        has_other_ways = not isinstance(question, TokenAccountsRequest)
        if problem.parks or (has_other_ways and pending.tries >= MOST_TRIES):
            self._open.discard(question)
            self._gave_up(question)
        else:
            pending.due = self._clock.monotonic() + self._wait(problem, pending.tries)
            heapq.heappush(self._later, pending)

    def _wait(self, problem: ProviderError, tries: int) -> float:
        chance = JITTER * self._clock.random()
        if problem.retry_after is not None:
            return problem.retry_after + chance
        longest = LONGEST_WAIT
        if problem.kind is ErrorKind.RATE_LIMIT:
            longest = LONGEST_WAIT_OF_RATE_LIMIT
        elif problem.kind in OF_THE_HOST and self._is_live():
            longest = LONGEST_WAIT_WHILE_LIVE
        return min(FIRST_WAIT * 2.0 ** (tries - 1), longest) * (1.0 - JITTER + 2.0 * chance)
