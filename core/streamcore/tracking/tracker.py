"""What the trackers of prices and of wallets have in common: each follows all providers of its kind."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from streamcore.events import Source
from streamcore.providers.reports import Report
from streamcore.streams.reporting import ReportSource

MOST_IN_A_ROW = 20
"""Reroutings that may follow one another; more are an endless loop. Being given other topics changes the
health of a stream at most once, so a few are enough."""

_LOGGER = logging.getLogger(__name__)


class Tracker(Protocol):
    """Makes events of the reports of all providers of one kind of data, and gives each its topics."""

    def report(self, stream: ReportSource, report: Report, source: Source, as_of: float) -> bool:
        """Take one report. ``as_of``: monotonic seconds at which it can first have been true.

        Returns whether it was news.
        """
        ...

    def restarted(self, stream: ReportSource, topics: Sequence[str]) -> None:
        """See `ReportSink.restarted`: the next report of each of these topics counts as a snapshot."""
        ...

    def reroute(self) -> None:
        """Choose anew which provider serves what: the health of one has changed."""
        ...

    def forgive(self, name: str) -> None:
        """Ask a provider again for what it has refused: a person wants it."""
        ...

    def pass_time(self) -> None:
        """Do what only needs time to have passed; to be called every few seconds."""
        ...


class Rerouting:
    """Does a rerouting to its end before the next one begins.

    Other topics may change the health of a stream at once, and a changed health asks for a rerouting. One
    that is asked for during another is done after it.
    """

    def __init__(self, reroute: Callable[[], None]) -> None:
        """``reroute`` does one rerouting."""
        self._reroute = reroute
        self._wanted = False
        self._under_way = False

    def ask(self) -> None:
        """Reroute now, or once more after the rerouting that is under way."""
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
            # a fault of this program; an endless loop would block everything, and the next change reroutes
            _LOGGER.error("the routing does not settle: every rerouting asks for another")
        finally:
            self._under_way = False
