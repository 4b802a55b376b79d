"""One fetch over HTTP for many topics: who shares a request, whose turn it is, and which topic has failed."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from streamcore.clock import Clock
from streamcore.errors import IN_AN_EXPLORER, ProviderError
from streamcore.events import ErrorKind, Source
from streamcore.net.circuit_breaker import CircuitBreaker
from streamcore.providers.base import Rest
from streamcore.providers.batching import FAILURES_OF_A_HOST
from streamcore.providers.reports import (
    Checkpoint,
    Malformed,
    Notice,
    PartialFetch,
    PriceReport,
    Progress,
    Refusal,
    Report,
    TransactionReport,
)
from streamcore.streams.checkpoints import Checkpoints

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
    """Topics of which not everything could be fetched."""
    unanswered: set[str] = field(default_factory=set)
    """Topics about which a request was not answered in time."""


@dataclass(eq=False, slots=True)
class _Part:
    """Topics that one request asks for, and how far its answer has been read."""

    topics: tuple[str, ...]
    checkpoints: Mapping[str, Checkpoint] = field(default_factory=dict)
    newest: Mapping[str, Checkpoint] = field(default_factory=dict)
    """The newest transaction reported of each topic when it was asked for."""
    reports: AsyncIterator[Report] | None = None
    """``None``: it has not been asked for yet."""
    as_of: float = 0.0
    """Monotonic seconds of asking."""
    answered: set[str] = field(default_factory=set)
    """Topics whose present state has been reported, or refused."""
    malformed: Malformed | None = None
    """The last part of the answer that could not be decoded."""

    async def close(self) -> None:
        """Abandon the answer."""
        if isinstance(self.reports, AsyncGenerator):
            await self.reports.aclose()


class Fetcher:
    """Fetches from one provider; the caller must see to it that only one `fetch` runs at a time."""

    def __init__(
        self,
        name: str,
        rest: Rest,
        checkpoints: Checkpoints,
        clock: Clock,
        breaker: CircuitBreaker,
        *,
        failed: Callable[[ProviderError], None],
        succeeded: Callable[[], None],
    ) -> None:
        """Make one that has fetched nothing.

        Args:
            name: The provider's.
            rest: The provider's HTTP side.
            checkpoints: Says where the gap of each topic starts.
            clock: Time.
            breaker: Says whether requests may be made, and counts the failures.
            failed: Called with the error of each topic that failed while others did not.
            succeeded: Called when the host has answered a request.
        """
        self._name = name
        self._rest = rest
        self._checkpoints = checkpoints
        self._clock = clock
        self._breaker = breaker
        self._failed = failed
        self._succeeded = succeeded
        self._failing: dict[str, float] = {}
        """Topics that failed while others did not, to the monotonic seconds before which they are not polled.
        Each is asked for in a request of its own, after the others."""

    async def fetch(
        self, topics: tuple[str, ...], source: Source, deliver: Deliver, due: set[str] | None = None
    ) -> Fetched:
        """Fetch once. A request that fails is halved until the failing topics stand alone.

        Topics with checkpoints take turns, one report each: a long history delays no other topic.
        Args:
            topics: What to fetch.
            source: How the reports come, for ``deliver``.
            deliver: Called with every report.
            due: Each topic that has been fetched is removed from it.

        Raises:
            ProviderError: Nothing could be fetched, the host wants to be left alone, or the breaker is open.
        """
        self._breaker.check()
        self._tell_unsure(topics, source, deliver)
        fetched = Fetched()
        topics, left_out = self._on_time(topics, source)
        fetched.incomplete.update(left_out)
        failing: dict[str, ProviderError] = {}
        failures: list[ProviderError] = []
        in_a_row = 0
        succeeded = False
        parts = deque(_Part(part) for part in self._parts(topics))
        try:
            while parts:
                part = parts.popleft()
                try:
                    if not await self._read_on(part, source, deliver, fetched):
                        parts.append(part)
                        in_a_row = 0
                        continue
                except ProviderError as error:
                    may_be_of_one = error.unanswered or error.kind in OF_ONE_TOPIC
                    if not may_be_of_one or error.retry_after is not None:
                        self._breaker.failed(error)
                        raise
                    # whether it is about these topics or about the host, the others will show
                    failures.append(error)
                    in_a_row += not self._failing.keys() >= set(part.topics)
                    left = [topic for topic in part.topics if topic not in part.answered]
                    if len(left) > 1:
                        middle = len(left) // 2
                        parts += (_Part(tuple(left[:middle])), _Part(tuple(left[middle:])))
                    else:
                        failing.update(dict.fromkeys(left or part.topics, error))
                    if in_a_row >= FAILURES_OF_A_HOST:
                        # the others come first the next time
                        self._failing |= dict.fromkeys((*left, *failing), self._clock.monotonic())
                        self._count_failures(failures)
                        raise
                else:
                    self._succeeded()
                    succeeded, in_a_row = True, 0
                    if due is not None:
                        due.difference_update(part.topics)
                succeeded = succeeded or bool(part.answered)
        finally:
            for part in parts:
                await part.close()
        if failures and not succeeded:
            self._count_failures(failures)
            raise failures[-1]
        self._remember(topics, failing, fetched)
        for topic, refusal in failing.items():
            fetched.incomplete.add(topic)
            # whoever asked about several may have named it already
            text = refusal.message if topic in refusal.message else f"{refusal.message} (asked for {topic})"
            self._failed(ProviderError(refusal.kind, text, retryable=refusal.retryable))
        return fetched

    def _tell_unsure(self, topics: tuple[str, ...], source: Source, deliver: Deliver) -> None:
        for topic, (after, before) in self._checkpoints.taken_unsure(topics).items():
            text = (
                f"more happened to {topic} than is remembered while nothing could be fetched: transactions "
                f"between slots {after} and {before} may be missing; {IN_AN_EXPLORER}"
            )
            error = ProviderError(ErrorKind.GAP, text, retryable=False)
            deliver(Notice(error), source, self._clock.monotonic())

    def _on_time(self, topics: tuple[str, ...], source: Source) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the topics to ask for, and those left out, because a poll must not wait for them."""
        now = self._clock.monotonic()
        left_out = tuple(topic for topic in topics if self._failing.get(topic, now) > now)
        if source is not Source.POLL or len(left_out) == len(topics):
            return topics, ()
        return tuple(topic for topic in topics if topic not in left_out), left_out

    def _remember(
        self, topics: tuple[str, ...], failing: Mapping[str, ProviderError], fetched: Fetched
    ) -> None:
        for topic in topics:
            self._failing.pop(topic, None)
        now = self._clock.monotonic()
        for topic, error in failing.items():
            self._failing[topic] = now + UNANSWERED_FOR if error.unanswered else now
        self._failing.update(dict.fromkeys(fetched.unanswered, now + UNANSWERED_FOR))

    def _count_failures(self, failures: Sequence[ProviderError]) -> None:
        for failure in failures:
            self._breaker.failed(failure)

    def _parts(self, topics: tuple[str, ...]) -> deque[tuple[str, ...]]:
        """Return the topics of each request: all in one, but alone what has a checkpoint or failed before."""
        apart = {*self._checkpoints.of(topics), *self._failing}
        together = tuple(topic for topic in topics if topic not in apart)
        parts = [(topic,) for topic in sorted(topics, key=self._failing.__contains__) if topic in apart]
        return deque([together, *parts] if together else parts)

    async def _read_on(self, part: _Part, source: Source, deliver: Deliver, fetched: Fetched) -> bool:
        """Deliver the next report of a part with checkpoints, of others all; return whether it has ended.

        Raises:
            ProviderError: It could not be fetched.
        """
        if part.reports is None:
            part.as_of = self._clock.monotonic()
            part.checkpoints = self._checkpoints.of(part.topics)
            part.newest = self._checkpoints.newest(part.topics)
            part.reports = self._rest.fetch(part.topics, part.checkpoints)
        async for report in part.reports:
            match report:
                case Malformed():
                    part.malformed = report
                case PartialFetch(topic=topic):
                    fetched.incomplete.add(topic)
                    if report.error.unanswered:
                        fetched.unanswered.add(topic)
                case Progress(topic=topic, slot=slot):
                    if topic in part.newest:
                        self._checkpoints.advance(topic, slot, part.newest[topic])
                    return False
                case PriceReport(topic=topic):
                    part.answered.add(topic)
                case Refusal():
                    part.answered.update(report.topics)
            if deliver(report, source, part.as_of) and isinstance(report, TransactionReport):
                fetched.transactions.append(report)
            if part.checkpoints:
                return False
        if part.malformed is not None and not part.answered and not part.checkpoints:
            text = f"{self._name} answered with nothing that can be used: {part.malformed.reason}"
            raise ProviderError(ErrorKind.PROTOCOL, text)
        return True
