"""What is asked over HTTP beside the stream: first states, gaps after a reconnect, sweeps, codecs' questions.

The answers leave by one door, marked as what they are; a failing API is left alone by a circuit breaker.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, Source
from streamcore.net.circuit_breaker import OF_THE_HOST, CircuitBreaker
from streamcore.providers.base import (
    Checkpoint,
    Malformed,
    PartialFetch,
    PriceReport,
    Question,
    Refusal,
    Report,
    Rest,
    SignatureSeen,
    TransactionReport,
)
from streamcore.streams.checkpoints import Checkpoints
from streamcore.streams.questions import FIRST_WAIT, LONGEST_WAIT_WHILE_LIVE, Questions
from streamcore.tasks import Tasks, first_to_end

SECOND_LOOK = 15.0
"""Seconds after a gap was filled until it is looked at again: the index may lag behind the stream."""

LONGEST_RETRY = 60.0
"""Seconds after which a failed fetch is tried again at the latest, whatever the host asks for."""

OF_ONE_TOPIC = (ErrorKind.SERVER, ErrorKind.PROTOCOL, ErrorKind.SUBSCRIPTION)
"""Kinds of failure that may be about one of the topics asked for together, not about all; so may be a request
that is not answered."""

UNANSWERED_FOR = 60.0
"""Seconds for which a topic is not polled whose request alone was not answered, so others are on time."""

Deliver: TypeAlias = Callable[[Report, Source, float], bool]
"""Takes a report, how it came, and the monotonic time of asking; returns whether it was news."""


@dataclass(slots=True)
class Fetched:
    """What one fetch brought."""

    transactions: list[TransactionReport] = field(default_factory=list)
    """Those that were news, in the order they came."""
    incomplete: set[str] = field(default_factory=set)
    """Topics of which not everything could be told."""
    unanswered: set[str] = field(default_factory=set)
    """Topics about which a request was not answered in time."""


@dataclass(eq=False, slots=True)
class _Part:
    """What is asked for together, and how far the answer has come."""

    topics: tuple[str, ...]
    checkpoints: Mapping[str, Checkpoint] = field(default_factory=dict)
    reports: AsyncIterator[Report] | None = None
    """``None``: it has not been asked for yet."""
    as_of: float = 0.0
    """Monotonic seconds of asking."""
    answered: set[str] = field(default_factory=set)
    """Topics whose present state has been told, or refused."""
    malformed: Malformed | None = None
    """The last thing it said that cannot be used."""

    async def close(self) -> None:
        """Abandon the answer."""
        if isinstance(self.reports, AsyncGenerator):
            await self.reports.aclose()


@dataclass(eq=False, slots=True)
class _CatchingUp:
    """What is wanted of a catching up that is under way."""

    has_gap: bool = False
    """Something may have been missed, so it is looked at twice."""
    again: asyncio.Event = field(default_factory=asyncio.Event)
    """Set: from the start once more, now."""
    due: set[str] = field(default_factory=set)
    """Topics that have still to be asked about."""


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
            failed: Hears of errors of fetches that nobody waits for.
            answered: Called when the host has answered well.
            is_wanted: Whether a topic is still wanted.
            retries: Whether what fails is tried again; ``False`` where everything is polled anyway.
            is_live: Whether the stream lives: then what fails is tried again within seconds, for nothing
                stands in for it.
        """
        self._name = name
        self._rest = rest
        rest.is_wanted = is_wanted
        self._checkpoints = checkpoints
        self._clock = clock
        self._tasks = tasks
        self._deliver = deliver
        self._failed = failed
        self._answered = answered
        self._is_wanted = is_wanted
        self._retries = retries
        self._is_live = is_live
        self._turn = asyncio.Lock()
        self._catching_up: dict[tuple[str, ...], _CatchingUp] = {}
        self._retrying: set[_CatchingUp] = set()
        """Those of them whose fetch has failed and waits to be tried once more."""
        self._odd: dict[str, float] = {}
        """Topics that failed alone while others did not; they are asked for apart, after the others, and
        polled only from these monotonic seconds on."""
        self._unanswered: set[Question] = set()
        """Questions that wait and were not answered in time before."""
        self.gaps_filled = 0
        """Fetches that have told all that was missed."""
        self.recovered = 0
        """Transactions found by fetches that fill gaps, or look for some."""
        self.breaker = CircuitBreaker(clock)
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
        """Topics whose past, or first state, has not been fetched yet."""
        return len(set().union(*(work.due for work in self._catching_up.values())))

    @property
    def waiting(self) -> int:
        """Transactions that a codec was only told of, and that have not been fetched yet."""
        return self._questions.waiting_transactions

    @property
    def lag(self) -> float:
        """Seconds that the oldest of them has waited."""
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
        """Leave the host alone no longer: it has shown that it is well, or a person asked to try again."""
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
        """Look for what a stream that seems well never told; return what that was.

        Raises:
            ProviderError: It failed, or the breaker is open.
        """
        return (await self._fetch(tuple(topics), Source.BACKFILL)).transactions

    async def look(self, unfollowed: Mapping[str, Sequence[str]]) -> None:
        """Look at what a stream does not tell of; what is asked beside it meanwhile delays nothing.

        Raises:
            ProviderError: It failed, or the breaker is open.
        """
        self.breaker.check()
        as_of = self._clock.monotonic()
        try:
            async for report in self._rest.look(unfollowed, self._checkpoints.of(unfollowed)):
                news = self._deliver(report, Source.BACKFILL, as_of)
                self.recovered += news and isinstance(report, TransactionReport)
        except ProviderError as error:
            self.breaker.failed(error)
            raise
        self._has_answered()

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

    async def _catch_up(self, key: tuple[str, ...], work: _CatchingUp) -> None:
        try:
            await self._until_caught_up(key, work)
        finally:
            self._retrying.discard(work)
            del self._catching_up[key]

    async def _until_caught_up(self, key: tuple[str, ...], work: _CatchingUp) -> None:
        """Fetch until it has succeeded and nobody asked for it once more.

        A gap is closed only when it has been looked at twice: what the index did not have the first time,
        live transactions that came meanwhile must not hide.
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
                # after a failure it goes on where it stopped: the first ones must not take every turn
                left = tuple(topic for topic in wanted if topic in work.due) if failures else ()
                topics = left or wanted
                reported = self._checkpoints.newest(wanted)
                try:
                    fetched = await self._fetch_in_turn(topics, Source.BACKFILL, self._deliver, work.due)
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
            fetched = await self._fetch_in_turn(topics, source, deliver or self._deliver)
            self._verify(reported, fetched)
            return fetched

    async def _fetch_in_turn(
        self, topics: tuple[str, ...], source: Source, deliver: Deliver, due: set[str] | None = None
    ) -> Fetched:
        """Fetch once. What fails is taken apart until the odd ones are alone, and the others are fetched.

        What has a past takes turns, one report each: one with much to tell keeps no other from its own.
        ``due``: loses each topic that has been asked about.

        Raises:
            ProviderError: Nothing could be fetched, the host wants to be left alone, or the breaker is open.
        """
        self.breaker.check()
        fetched = Fetched()
        topics, left_out = self._in_time(topics, source)
        fetched.incomplete.update(left_out)
        odd: dict[str, ProviderError] = {}
        succeeded = False
        parts = deque(_Part(part) for part in self._parts(topics))
        try:
            while parts:
                part = parts.popleft()
                try:
                    if not await self._go_on(part, source, deliver, fetched):
                        parts.append(part)
                        continue
                except ProviderError as error:
                    self.breaker.failed(error)
                    is_of_one = error.unanswered or error.kind in OF_ONE_TOPIC
                    if not is_of_one or error.retry_after is not None or self.breaker.rest:
                        raise
                    left = [topic for topic in part.topics if topic not in part.answered]
                    if len(left) > 1:
                        middle = len(left) // 2
                        parts += (_Part(tuple(left[:middle])), _Part(tuple(left[middle:])))
                    else:
                        odd.update(dict.fromkeys(left or part.topics, error))
                else:
                    self._has_answered()
                    succeeded = True
                    if due is not None:
                        due.difference_update(part.topics)
                succeeded = succeeded or bool(part.answered)
        finally:
            for part in parts:
                await part.close()
        if odd and not succeeded:
            raise next(iter(odd.values()))
        self._remember_odd(topics, odd, fetched)
        for topic, refusal in odd.items():
            fetched.incomplete.add(topic)
            # whoever asked about several may have named it already
            text = refusal.message if topic in refusal.message else f"{refusal.message} (asked for {topic})"
            self._failed(ProviderError(refusal.kind, text, retryable=refusal.retryable))
        return fetched

    def _in_time(self, topics: tuple[str, ...], source: Source) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the topics to ask for, and those that are left out, for a poll must not wait for them."""
        now = self._clock.monotonic()
        left_out = tuple(topic for topic in topics if self._odd.get(topic, now) > now)
        if source is not Source.POLL or len(left_out) == len(topics):
            return topics, ()
        return tuple(topic for topic in topics if topic not in left_out), left_out

    def _remember_odd(
        self, topics: tuple[str, ...], odd: Mapping[str, ProviderError], fetched: Fetched
    ) -> None:
        for topic in topics:
            self._odd.pop(topic, None)
        now = self._clock.monotonic()
        for topic, error in odd.items():
            self._odd[topic] = now + UNANSWERED_FOR if error.unanswered else now
        self._odd.update(dict.fromkeys(fetched.unanswered, now + UNANSWERED_FOR))

    def _parts(self, topics: tuple[str, ...]) -> deque[tuple[str, ...]]:
        """Return what is asked for together: all, but for what has checkpoints or has failed alone."""
        apart = {*self._checkpoints.of(topics), *self._odd}
        together = tuple(topic for topic in topics if topic not in apart)
        parts = [(topic,) for topic in sorted(topics, key=self._odd.__contains__) if topic in apart]
        return deque([together, *parts] if together else parts)

    async def _go_on(self, part: _Part, source: Source, deliver: Deliver, fetched: Fetched) -> bool:
        """Take the next report of a part that has a past, or all of any other; return whether it has ended.

        Raises:
            ProviderError: It could not be fetched.
        """
        if part.reports is None:
            part.as_of = self._clock.monotonic()
            part.checkpoints = self._checkpoints.of(part.topics)
            part.reports = self._rest.fetch(part.topics, part.checkpoints)
        async for report in part.reports:
            match report:
                case Malformed():
                    part.malformed = report
                case PartialFetch(topic=topic):
                    fetched.incomplete.add(topic)
                    if report.error.unanswered:
                        fetched.unanswered.add(topic)
                case PriceReport(topic=topic):
                    part.answered.add(topic)
                case Refusal():
                    part.answered.update(report.topics)
            if deliver(report, source, part.as_of) and isinstance(report, TransactionReport):
                self.recovered += source is Source.BACKFILL
                fetched.transactions.append(report)
            if part.checkpoints:
                return False
        if part.malformed is not None and not part.answered and not part.checkpoints:
            text = f"{self._name} answered with nothing that can be used: {part.malformed.reason}"
            raise ProviderError(ErrorKind.PROTOCOL, text)
        return True

    def _verify(self, reported: Mapping[str, Checkpoint], fetched: Fetched) -> None:
        complete = {topic: reported[topic] for topic in reported if topic not in fetched.incomplete}
        self._checkpoints.verify(complete)

    def _has_answered(self) -> None:
        was_left_alone = self.breaker.cause is not None
        self.breaker.succeeded()
        if was_left_alone:
            self._ask_now()
        self._answered()
