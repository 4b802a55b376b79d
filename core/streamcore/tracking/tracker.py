"""What the trackers of prices and of wallets have in common: each follows all providers of its kind."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from streamcore.events import Source
from streamcore.providers.base import Report
from streamcore.streams.reporting import ReportSource

MOST_IN_A_ROW = 20
"""Reroutings that may cause one another. A stream's condition changes at most once for want of topics."""

_LOGGER = logging.getLogger(__name__)


class Tracker(Protocol):
    """Makes events of what the providers of one kind of data report, and tells each what is wanted of it."""

    def report(self, stream: ReportSource, report: Report, source: Source, as_of: float) -> bool:
        """Take one report. ``as_of``: monotonic seconds at which it can first have been true.

        Returns whether it was news.
        """
        ...

    def restarted(self, stream: ReportSource, topics: Sequence[str]) -> None:
        """The way these topics come has changed; what follows starts with their whole state."""
        ...

    def reroute(self) -> None:
        """Want everything of whom it should come from now: a provider's condition has changed."""
        ...

    def forgive(self, name: str) -> None:
        """Ask a provider again for what it has refused: a person wished it."""
        ...

    def pass_time(self) -> None:
        """Do what only needs time to have passed; to be called every few seconds."""
        ...


class Rerouting:
    """Does a rerouting to its end before the next one begins.

    To be given other topics may change the condition of a stream at once, and a changed condition asks for a
    rerouting. One that is asked for in the middle of another is done after it, with what is so by then.
    """

    def __init__(self, reroute: Callable[[], None]) -> None:
        """``reroute`` is the rerouting itself."""
        self._reroute = reroute
        self._wanted = False
        self._under_way = False

    def ask(self) -> None:
        """Reroute, or see to it that it is done again."""
        self._wanted = True
        if self._under_way:
            return
        self._under_way = True
        try:
            for _ in range(MOST_IN_A_ROW):
                self._wanted = False
                self._reroute()
                if not self._wanted:
                    return
            # our own mistake: going on would hold up everything else, and the next change reroutes as well
            _LOGGER.error("the routing does not settle: every rerouting asks for another")
        finally:
            self._under_way = False
