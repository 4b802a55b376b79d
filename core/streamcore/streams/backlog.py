"""The questions that wait to be asked over HTTP, and their order when the provider's limits allow too few.

Topics with few questions go first, so that a busy wallet delays no other. The questions about a topic are
asked in the order they came up, until the oldest has waited for `BEHIND` seconds; then the newest goes first:
a person wants to see what happens now, and the rest follows when there is time.
"""

from __future__ import annotations

import bisect
from collections import deque
from dataclasses import dataclass, field
from operator import attrgetter

from streamcore.clock import Clock
from streamcore.providers.reports import Question, TokenAccountsRequest

BEHIND = 10.0
"""Seconds of waiting after which a topic is behind."""


@dataclass(order=True, slots=True)
class Pending:
    """A question, and how often it has been asked."""

    due: float
    """Monotonic seconds before which it is not asked again."""
    number: int
    question: Question = field(compare=False)
    since: float = field(compare=False)
    """Monotonic seconds of the moment it came up."""
    tries: int = field(default=0, compare=False)
    slow: bool = field(default=False, compare=False)
    """It was asked and not answered in time; whatever is asked next to it must not wait for it."""


class Backlog:
    """Questions that may be asked now, the next one first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._requests: deque[Pending] = deque()
        """Requests for token accounts: a codec cannot subscribe without the answer, so they go first."""
        self._topics: dict[str, deque[Pending]] = {}
        """Topic to the questions about it, the oldest first."""

    def __len__(self) -> int:
        return len(self._requests) + sum(map(len, self._topics.values()))

    @property
    def lag(self) -> float:
        """Seconds that the oldest question about a topic has waited; 0.0 when there is none."""
        oldest = min((queue[0].since for queue in self._topics.values()), default=None)
        return 0.0 if oldest is None else self._clock.monotonic() - oldest

    @property
    def busiest(self) -> str:
        """The topic with the most questions; empty when there is none."""
        return max(self._topics, key=lambda topic: len(self._topics[topic]), default="")

    def add(self, pending: Pending) -> None:
        """Add a question, for the first time or once more."""
        if isinstance(pending.question, TokenAccountsRequest):
            self._requests.append(pending)
            return
        queue = self._topics.setdefault(pending.question.topic, deque())
        # what failed goes back to its place: several that failed together come back in any order
        bisect.insort(queue, pending, key=attrgetter("number"))

    def take(self) -> Pending:
        """Remove and return the next question; there must be one."""
        if self._requests:
            return self._requests.popleft()
        topic = min(self._topics, key=lambda topic: len(self._topics[topic]))
        queue = self._topics[topic]
        is_behind = self._clock.monotonic() - queue[0].since > BEHIND
        pending = queue.pop() if is_behind else queue.popleft()
        if not queue:
            del self._topics[topic]
        return pending

    def drop_oldest(self) -> Pending | None:
        """Remove and return the oldest question about the busiest topic; ``None`` when there is none."""
        topic = self.busiest
        if not topic:
            return None
        queue = self._topics[topic]
        pending = queue.popleft()
        if not queue:
            del self._topics[topic]
        return pending
