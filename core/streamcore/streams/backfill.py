"""Fetches over HTTP beside the stream: first states, gaps, polls, sweeps, and answers to codecs' questions.

Every report goes to one callback together with the way it came; a circuit breaker pauses the requests to an
API that keeps failing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, Source
from streamcore.net.circuit_breaker import OF_THE_HOST, CircuitBreaker
from streamcore.providers.base import Rest
from streamcore.providers.reports import (
    Checkpoint,
    PartialFetch,
    PriceReport,
    Question,
    Report,
    SignatureSeen,
    TransactionReport,
)
from streamcore.streams.checkpoints import Checkpoints
from streamcore.streams.fetching import Deliver, Fetched, Fetcher
from streamcore.streams.questions import FIRST_WAIT, LONGEST_WAIT_WHILE_LIVE, Questions
from streamcore.tasks import Tasks, first_to_end

SECOND_LOOK = 15.0
"""Seconds after a gap was filled until it is fetched again: the node's index may lag behind its stream."""

LONGEST_RETRY = 60.0
"""Seconds after which a failed fetch is tried again at the latest, whatever the host asks for."""


@dataclass(eq=False, slots=True)
class _CatchingUp:
    """The state of one `Backfill.catch_up` that is under way."""

    has_gap: bool = False
    """Transactions may have been missed, so they are looked for twice."""
    again: asyncio.Event = field(default_factory=asyncio.Event)
    """Set: it was asked for again, so it starts over."""
    due: set[str] = field(default_factory=set)
    """Topics that have still to be fetched."""


class Backfill:
    """Fetches for one provider, one fetch after the other."""

    def __init__(
        self,
        name: str,
        rest: Rest,
        checkpoints: Checkpoints,
        clock: Clock,
        tasks: Tasks,
        *,
        deliver: Deliver,
        failed: Callable[[ProviderError], None],
        answered: Callable[[], None],
        is_wanted: Callable[[str], bool],
        retries: bool = True,
        is_live: Callable[[], bool] = lambda: False,
    ) -> None:
        """Make one that has nothing to do yet.

        Args:
            name: The provider's.
            rest: The provider's HTTP side.
            checkpoints: Says where a gap starts.
            clock: Time.
            tasks: Runs what nobody waits for.
            deliver: Is given every report.
            failed: Called with the errors of fetches that nobody waits for.
            answered: Called when the host has answered without an error.
            is_wanted: Whether a topic is still wanted.
            retries: Whether a failed fetch is tried again; ``False`` where everything is polled anyway.
            is_live: Whether the stream lives: then a failed fetch is tried again within seconds, because
                nothing stands in for it.
        """
        self._name = name
        self._rest = rest
        rest.is_wanted = is_wanted
        self._checkpoints = checkpoints
        self._clock = clock
        self._tasks = tasks
        self._deliver_report = deliver
        self._failed = failed
        self._answered = answered
        self._is_wanted = is_wanted
        self._retries = retries
        self._is_live = is_live
        self._turn = asyncio.Lock()
        self._catching_up: dict[tuple[str, ...], _CatchingUp] = {}
        self._retrying: set[_CatchingUp] = set()
        """Those of `_catching_up` whose fetch has failed and waits to be tried again."""
        self._unanswered: set[Question] = set()
        """Questions that wait, and for which a request was given up after waiting for its answer."""
        self.gaps_filled = 0
        """Gaps that were filled completely."""
        self.recovered = 0
        """Transactions found by fetches that fill gaps, or look for some."""
        self.breaker = CircuitBreaker(clock)
        self._fetcher = Fetcher(
            name, rest, checkpoints, clock, self.breaker, failed=failed, succeeded=self._has_answered
        )
        self._questions = Questions(
            tasks,
            clock,
            self.breaker,
            answer=self._answer,
            is_needed=self._is_needed,
            gave_up=self._leave_as_gap,
            is_live=is_live,
            behind=lambda error: failed(ProviderError(error.kind, f"{name}: {error.message}")),
        )

    @property
    def behind(self) -> int:
        """Topics whose missed transactions, or first state, have not been fetched yet."""
        return len(set().union(*(work.due for work in self._catching_up.values())))

    @property
    def waiting(self) -> int:
        """Transactions that a codec knows only by their signature, and that have not been fetched yet."""
        return self._questions.waiting_transactions

    @property
    def lag(self) -> float:
        """Seconds that the oldest of these has waited that only the provider's limits hold back."""
        return self._questions.lag

    @property
    def unfetched(self) -> str | None:
        """What is known to be missing because the host fails, as text for a person; ``None``: nothing."""
        cause = self.breaker.cause
        if cause is None:
            return None
        if waiting := self.waiting:
            noun = "transaction" if waiting == 1 else "transactions"
            return f"{waiting} {noun} known but not fetched: {cause.message}"
        if behind := self.behind:
            noun = "wallet" if behind == 1 else "wallets"
            return f"what {behind} {noun} may have missed is not fetched yet: {cause.message}"
        return None

    def catch_up(self, topics: Sequence[str]) -> None:
        """Fetch the first state of new topics, or what happened since their checkpoints; returns at once.

        What fails is tried again until it succeeds, or left to the next poll. A filled gap is looked at once
        more a little later.
        """
        key = tuple(topics)
        self._rest.wanted_anew(key)
        known = self._catching_up.get(key)
        work = self._catching_up[key] = known or _CatchingUp()
        work.has_gap = any(checkpoint.since is None for checkpoint in self._checkpoints.of(key).values())
        work.again.set()
        work.due.update(key)
        if known is None:
            self._tasks.start("catching up", self._catch_up, key, work)

    def ask(self, question: Question) -> None:
        """Have a codec's question answered; returns at once."""
        self._questions.ask(question)

    def reset(self) -> None:
        """End every pause: the host has shown that it is well, or a person asked to try again."""
        self.breaker.reset()
        self._ask_now()

    def _ask_now(self) -> None:
        self._questions.ask_now()
        for work in self._retrying:
            work.again.set()

    async def poll(self, topics: Sequence[str]) -> None:
        """Fetch in the place of a stream that is down.

        Raises:
            ProviderError: It failed, or the breaker is open.
        """
        await self._fetch(tuple(topics), Source.POLL)

    async def sweep(self, topics: Sequence[str]) -> list[TransactionReport]:
        """Fetch what a stream that seems well has left out; return what that was.

        Raises:
            ProviderError: It failed, or the breaker is open.
        """
        return (await self._fetch(tuple(topics), Source.BACKFILL)).transactions

    async def fetch_unfollowed(self, unfollowed: Mapping[str, Sequence[str]]) -> None:
        """Fetch what happened at addresses the stream does not tell of; runs beside other fetches.

        Raises:
            ProviderError: It failed, or the breaker is open.
        """
        self.breaker.check()
        as_of = self._clock.monotonic()
        try:
            async for report in self._rest.fetch_unfollowed(unfollowed, self._checkpoints.of(unfollowed)):
                self._deliver(report, Source.BACKFILL, as_of)
        except ProviderError as error:
            self.breaker.failed(error)
            raise
        self._has_answered()

    async def has_news(self, topics: Sequence[str]) -> bool:
        """Fetch the present state beside a silent stream; return whether any of it was news.

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

    async def _catch_up(self, key: tuple[str, ...], work: _CatchingUp) -> None:
        try:
            await self._until_caught_up(key, work)
        finally:
            self._retrying.discard(work)
            del self._catching_up[key]

    async def _until_caught_up(self, key: tuple[str, ...], work: _CatchingUp) -> None:
        """Fetch until it has succeeded and nobody asked for it once more.

        A gap counts as filled only after a second fetch from the same checkpoint: a live transaction that
        came meanwhile must not hide what the node's index did not have the first time.
        """
        first_look: dict[str, Checkpoint] | None = None
        failures = 0
        while wanted := tuple(topic for topic in key if self._is_wanted(topic)):
            async with self._turn:
                if work.again.is_set():
                    first_look, failures = None, 0
                    work.again.clear()
                    work.due.update(wanted)
                work.due.intersection_update(wanted)
                # after a failure it goes on where it stopped: the first topics are not fetched each time
                left = tuple(topic for topic in wanted if topic in work.due) if failures else ()
                topics = left or wanted
                reported = self._checkpoints.newest(wanted)
                try:
                    fetched = await self._fetcher.fetch(topics, Source.BACKFILL, self._deliver, work.due)
                except ProviderError as error:
                    self._failed(self._gap(topics, error) if work.has_gap else error)
                    if error.parks or not self._retries:
                        return
                    failures += 1
                    wait = self._wait(error, failures)
                    self._retrying.add(work)
                else:
                    failures = 0
                    if work.has_gap and first_look is None:
                        self.gaps_filled += 1
                        first_look, wait = reported, SECOND_LOOK
                    else:
                        complete = first_look or reported
                        self._verify(
                            {topic: complete[topic] for topic in topics if topic in complete}, fetched
                        )
                        if not work.again.is_set():
                            return
                        wait = 0.0
            await first_to_end(self._clock.sleep(wait), work.again.wait())
            self._retrying.discard(work)

    def _wait(self, error: ProviderError, failures: int) -> float:
        """Return the seconds until a catching up that has failed so often in a row is tried again."""
        if error.kind in OF_THE_HOST and self._is_live():
            self.breaker.hurry(LONGEST_WAIT_WHILE_LIVE)
            if rest := self.breaker.rest:
                return rest
            if error.retry_after is None:
                return min(FIRST_WAIT * 2.0 ** (failures - 1), LONGEST_WAIT_WHILE_LIVE)
        return min(error.retry_after or SECOND_LOOK * failures, LONGEST_RETRY)

    def _gap(self, topics: tuple[str, ...], error: ProviderError) -> ProviderError:
        """Return the news that a gap is still open; the checkpoints stay, so it is tried again."""
        since = min((checkpoint.slot for checkpoint in self._checkpoints.of(topics).values()), default=0)
        text = f"{self._name}: transactions after slot {since} could not be recovered yet: {error.message}"
        return ProviderError(ErrorKind.GAP, text, retryable=True, retry_after=error.retry_after)

    def _is_needed(self, question: Question) -> bool:
        if not self._is_wanted(question.topic):
            return False
        return not (
            isinstance(question, SignatureSeen)
            and self._checkpoints.is_reported(question.topic, question.signature)
        )

    async def _answer(self, question: Question) -> ProviderError | None:
        """Answer a codec's question once; return what went wrong."""
        as_of = self._clock.monotonic()
        problem: ProviderError | None = None
        try:
            self.breaker.check()
            async for report in self._rest.answer(question):
                # a transaction was announced by the stream; a price is no more than an answer to a request
                source = Source.BACKFILL if isinstance(report, PriceReport) else Source.STREAM
                self._deliver(report, source, as_of)
                if isinstance(report, PartialFetch):
                    problem = report.error
        except ProviderError as error:
            again = error.unanswered and question in self._unanswered
            # a second time it is more likely about the question, unless the host is known to be in trouble
            if not again or self.breaker.cause is not None:
                self.breaker.failed(error)
            elif isinstance(question, SignatureSeen):
                text = f"{error.message} (asked for the transaction {question.signature})"
                error = ProviderError(error.kind, text, unanswered=True)
            if error.unanswered:
                self._unanswered.add(question)
            self._failed(error)
            return error
        self._unanswered.discard(question)
        self._has_answered()
        return problem

    def _leave_as_gap(self, question: Question) -> None:
        self._unanswered.discard(question)
        if isinstance(question, SignatureSeen):
            self.catch_up((question.topic,))

    async def _fetch(
        self, topics: tuple[str, ...], source: Source, deliver: Deliver | None = None
    ) -> Fetched:
        # one after the other: the first may set the checkpoints that the next starts from
        async with self._turn:
            reported = self._checkpoints.newest(topics)
            fetched = await self._fetcher.fetch(topics, source, deliver or self._deliver)
            self._verify(reported, fetched)
            return fetched

    def _deliver(self, report: Report, source: Source, as_of: float) -> bool:
        is_news = self._deliver_report(report, source, as_of)
        if is_news and source is Source.BACKFILL and isinstance(report, TransactionReport):
            self.recovered += 1
        return is_news

    def _verify(self, reported: Mapping[str, Checkpoint], fetched: Fetched) -> None:
        complete = {topic: reported[topic] for topic in reported if topic not in fetched.incomplete}
        self._checkpoints.verify(complete)

    def _has_answered(self) -> None:
        was_left_alone = self.breaker.cause is not None
        self.breaker.succeeded()
        if was_left_alone:
            self._ask_now()
        self._answered()
