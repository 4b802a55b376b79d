"""Checks each newly followed address once: is it a wallet, or a token account, a mint, a program?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, Source
from streamcore.providers.base import Rest
from streamcore.providers.reports import Report
from streamcore.tasks import Tasks

FOR_GOOD = (ErrorKind.SUBSCRIPTION, ErrorKind.PROTOCOL)
"""Kinds of refusal that another try does not change, as where a node does not have the method."""
FIRST_RETRY = 15.0
LONGEST_RETRY = 240.0
"""Seconds between two tries, at first and at most; nothing waits for the answer, so there is no hurry."""


class AccountChecks:
    """Has a provider check every topic once; see `streamcore.providers.base.Rest.check_accounts`."""

    def __init__(
        self,
        rest: Rest,
        clock: Clock,
        tasks: Tasks,
        *,
        gather: float,
        deliver: Callable[[Report, Source, float], object],
        is_wanted: Callable[[str], bool],
    ) -> None:
        """Make one that has nothing to do yet.

        Args:
            rest: The provider's HTTP side.
            clock: Time.
            tasks: Runs what nobody waits for.
            gather: Seconds in which topics are gathered, so that one request is about many.
            deliver: Is given every report.
            is_wanted: Whether a topic is still wanted.
        """
        self._rest = rest
        self._clock = clock
        self._tasks = tasks
        self._gather = gather
        self._deliver = deliver
        self._is_wanted = is_wanted
        self._seen: set[str] = set()
        self._due: set[str] = set()
        self._work: asyncio.Task[None] | None = None

    def check(self, topics: Iterable[str]) -> None:
        """Have the topics checked that have not been before; returns at once."""
        new = {topic for topic in topics if topic not in self._seen}
        self._seen |= new
        self._due |= new
        if self._due and (self._work is None or self._work.done()):
            self._work = self._tasks.start("checking accounts", self._check)

    async def _check(self) -> None:
        wait = FIRST_RETRY
        await self._clock.sleep(self._gather)
        while due := sorted(topic for topic in self._due if self._is_wanted(topic)):
            as_of = self._clock.monotonic()
            try:
                async for report in self._rest.check_accounts(due):
                    self._deliver(report, Source.POLL, as_of)
            except ProviderError as error:
                # not reported: the fetch of the same topics fails as well, and reports it
                if error.parks or error.kind in FOR_GOOD:
                    break
                await self._clock.sleep(max(wait, error.retry_after or 0.0))
                wait = min(2 * wait, LONGEST_RETRY)
            else:
                self._due.difference_update(due)
        self._seen -= self._due
        self._due.clear()
