"""What is asked over HTTP beside the stream: first states, gaps after a reconnect, sweeps.

The answers leave by one door, marked as what they are; a failing API is left alone by a circuit breaker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeAlias

from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, Source
from streamcore.net.circuit_breaker import CircuitBreaker
from streamcore.providers.base import PartialFetch, Question, Report, Rest, SignatureSeen, TransactionReport
from streamcore.streams.checkpoints import Checkpoints

SECOND_LOOK = 15.0
"""Seconds after a gap was filled until it is looked at again: the index may lag behind the stream."""

LONGEST_RETRY = 60.0
"""Seconds after which a failed fetch is tried again, whatever the host asks for; then sweeps go on."""

LATE = 20.0
"""Seconds after which a transaction that the stream has not told will not come by the stream any more."""

QUESTIONS_AT_ONCE = 4
"""Answers waited for at the same time; the provider's rate limit paces them anyway."""

MOST_QUESTIONS = 1000
"""Questions that wait; what is hinted at beyond them is left to the next sweep."""

Deliver: TypeAlias = Callable[[Report, Source, float], bool]
"""Takes a report, how it came, and the monotonic time of asking; returns whether it was news."""


class Backfill:
    """Fetches for one provider, one fetch after the other."""

    def __init__(
        self,
        name: str,
        rest: Rest,
        checkpoints: Checkpoints,
        clock: Clock,
        *,
        deliver: Deliver,
        failed: Callable[[ProviderError], None],
        restored: Callable[[], None],
    ) -> None:
        """Make one that has nothing to do yet.

        Args:
            name: The provider's, for task names.
            rest: The provider's HTTP side.
            checkpoints: Says where a gap starts.
            clock: Time.
            deliver: Is given every report.
            failed: Hears of errors of fetches that nobody waits for.
            restored: Called when the last fetch that fills a gap has ended, one way or the other.
        """
        self._name = name
        self._rest = rest
        self._checkpoints = checkpoints
        self._clock = clock
        self._deliver = deliver
        self._failed = failed
        self._restored = restored
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()
        self._waiting: set[tuple[str, ...]] = set()
        """The topics of catching up that has not had its turn yet."""
        self._asking = asyncio.Semaphore(QUESTIONS_AT_ONCE)
        self._restoring = 0
        self.gaps_filled = 0
        """Fetches that have told all that was missed."""
        self.recovered = 0
        """Transactions found by fetches that fill gaps, or look for some."""
        self.breaker = CircuitBreaker(clock)

    @property
    def restoring(self) -> bool:
        """Whether something older than what the stream brings now may still be found."""
        return self._restoring > 0

    def catch_up(self, topics: Sequence[str]) -> None:
        """Fetch the first state of new topics, or what happened since their checkpoints; returns at once.

        A filled gap is looked at once more a little later. A present state that is waited for already will be
        the present one when its turn comes, so it is not asked for twice.
        """
        fills_gap = any(checkpoint.since is None for checkpoint in self._checkpoints.of(topics).values())
        if not fills_gap:
            if tuple(topics) in self._waiting:
                return
            self._waiting.add(tuple(topics))
        self._restoring += fills_gap
        self._start(self._catch_up(tuple(topics), fills_gap), "catching up")

    def ask(self, question: Question) -> None:
        """Have a codec's question answered; returns at once.

        A hint that leads nowhere leaves a gap, which is looked at again a little later.
        """
        if len(self._tasks) < MOST_QUESTIONS:
            self._start(self._answer(question), "asking")

    async def poll(self, topics: Sequence[str]) -> None:
        """Fetch in the place of a stream that is down.

        Raises:
            ProviderError: It failed, or the breaker is open.
        """
        await self._fetch(tuple(topics), Source.POLL)

    async def sweep(self, topics: Sequence[str]) -> int:
        """Look for what a stream that seems well never told; return how many transactions there were.

        Raises:
            ProviderError: It failed, or the breaker is open.
        """
        return await self._fetch(tuple(topics), Source.BACKFILL)

    async def moved(self, topics: Sequence[str]) -> bool:
        """Return whether the present state is news to a stream that has been silent.

        Raises:
            ProviderError: It failed, or the breaker is open.
        """
        news = 0

        def count(report: Report, source: Source, as_of: float) -> bool:
            nonlocal news
            is_news = self._deliver(report, source, as_of)
            news += is_news
            return is_news

        await self._fetch(tuple(topics), Source.BACKFILL, count)
        return news > 0

    async def close(self) -> None:
        """Abandon what is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None], what: str) -> None:
        task = asyncio.create_task(work, name=f"{self._name} {what}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _catch_up(self, topics: tuple[str, ...], fills_gap: bool) -> None:
        again = SECOND_LOOK if fills_gap else None
        try:
            await self._fetch(topics, Source.BACKFILL)
            self.gaps_filled += fills_gap
        except ProviderError as error:
            self._failed(self._gap(topics, error) if fills_gap else error)
            if not error.parks:
                again = min(error.retry_after or SECOND_LOOK, LONGEST_RETRY)
        finally:
            self._restoring -= fills_gap
            if fills_gap and not self._restoring:
                self._restored()
        if again is not None:
            await self._clock.sleep(again)
            try:
                await self._fetch(topics, Source.BACKFILL)
            except ProviderError as error:
                # from here on it is left to the next sweep, poll or reconnect
                self._failed(self._gap(topics, error) if fills_gap else error)

    def _gap(self, topics: tuple[str, ...], error: ProviderError) -> ProviderError:
        """Return the news that a gap is still open; the checkpoints stay, so a sweep tries again."""
        since = min((checkpoint.slot for checkpoint in self._checkpoints.of(topics).values()), default=0)
        text = f"{self._name}: transactions after slot {since} could not be recovered yet: {error.message}"
        return ProviderError(ErrorKind.GAP, text, retryable=True, retry_after=error.retry_after)

    async def _answer(self, question: Question) -> None:
        as_of = self._clock.monotonic()
        problem: ProviderError | None = None
        try:
            async with self._asking:
                self.breaker.check()
                async for report in self._rest.answer(question):
                    self._deliver(report, Source.STREAM, as_of)
                    if isinstance(report, PartialFetch):
                        problem = report.error
        except ProviderError as error:
            problem = error
            self._failed(error)
        if problem is not None and isinstance(question, SignatureSeen):
            await self._clock.sleep(SECOND_LOOK)
            await self._catch_up((question.topic,), fills_gap=False)

    async def _fetch(self, topics: tuple[str, ...], source: Source, deliver: Deliver | None = None) -> int:
        """Fetch once; return how many transactions were found that the stream should have told by now."""
        missed = 0
        unfinished: set[str] = set()
        # one after the other: the first may set the checkpoints that the next starts from
        async with self._turn:
            self._waiting.discard(topics)
            self.breaker.check()
            as_of = self._clock.monotonic()
            told = self._checkpoints.newest(topics)
            try:
                async for report in self._rest.fetch(topics, self._checkpoints.of(topics)):
                    self.breaker.succeeded()
                    if isinstance(report, PartialFetch):
                        unfinished.add(report.topic)
                    news = (deliver or self._deliver)(report, source, as_of)
                    if news and isinstance(report, TransactionReport):
                        self.recovered += source is Source.BACKFILL
                        missed += self._is_late(report)
                self.breaker.succeeded()
                self._checkpoints.verify({topic: told[topic] for topic in told if topic not in unfinished})
            except ProviderError as error:
                self.breaker.failed(error)
                raise
        return missed

    def _is_late(self, report: TransactionReport) -> bool:
        return report.block_time is not None and self._clock.time() - report.block_time > LATE
