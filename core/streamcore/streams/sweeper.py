"""Looks over HTTP for what a stream leaves out while it is up.

A subscription can die without a word, and some addresses a stream does not cover at all. What is found is
delivered like anything else that is fetched; where the stream should have told it, it is subscribed anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind, State
from streamcore.providers.reports import Unfollowed
from streamcore.streams.backfill import Backfill
from streamcore.streams.connection import Connection
from streamcore.streams.omissions import Omissions
from streamcore.tasks import Tasks

UNFOLLOWED_EVERY = 10.0
"""Seconds between two fetches of what a stream does not cover."""


class Sweeper:
    """Sweeps for the connections of one provider, once it has been told to `start`."""

    def __init__(
        self,
        name: str,
        connections: Sequence[Connection],
        backfill: Backfill,
        clock: Clock,
        *,
        interval: float,
        failed: Callable[[ProviderError], None],
        left_out: Callable[[ProviderError], None],
    ) -> None:
        """Make one that is not running.

        Args:
            name: The provider's.
            connections: All of them; those that come later are seen, too.
            backfill: Fetches.
            clock: Time.
            interval: Seconds between two sweeps of everything.
            failed: Called with the errors of fetches.
            left_out: Called with what to tell a person when a stream has left something out.
        """
        self._name = name
        self._connections = connections
        self._backfill = backfill
        self._clock = clock
        self._interval = interval
        self._failed = failed
        self._left_out = left_out
        self._omissions = Omissions(clock)
        self._unfollowed: dict[str, tuple[str, ...]] = {}
        """Topic to those of its addresses that the stream does not cover."""
        self._started = False

    def start(self, tasks: Tasks) -> None:
        """Begin, if it has not begun; ``tasks`` runs it until they are closed."""
        if not self._started:
            self._started = True
            tasks.start_loop("sweep", self._sweep)
            tasks.start_loop("fetching unfollowed addresses", self._fetch_unfollowed)

    def streamed(self, signature: str) -> None:
        """Take note that the stream has brought a transaction."""
        self._omissions.streamed(signature)

    def unfollowed(self, report: Unfollowed) -> None:
        """Take note of what the stream says that it does not cover."""
        self._unfollowed[report.topic] = report.addresses

    def connecting(self, topics: Sequence[str]) -> None:
        """Forget what the last stream of these topics did not cover: the next one will say it again."""
        for topic in topics:
            self._unfollowed.pop(topic, None)

    def subscribed_anew(self) -> None:
        """Forget what was left out: it is being fetched, and the new stream has a time of its own for it."""
        self._omissions.clear()

    async def _sweep(self) -> None:
        """Fetch, now and then, what a subscription that silently died has left out."""
        while True:
            await self._clock.sleep(self._interval)
            for connection in self._connections:
                if connection.state is not State.CONNECTED:
                    continue
                try:
                    found = await self._backfill.sweep(connection.topics)
                except ProviderError as error:
                    self._failed(error)
                    continue
                expected = [one for one in found if not any(map(self._unfollowed.get, one.topics))]
                self._omissions.found(expected, self._clock.time() - connection.uptime)
            self._reconnect_where_omitted(self._omissions.overdue())

    async def _fetch_unfollowed(self) -> None:
        """Fetch often what the stream does not cover, beside the rarer sweep of everything."""
        while True:
            await self._clock.sleep(UNFOLLOWED_EVERY)
            unfollowed = {
                topic: addresses
                for connection in self._connections
                if connection.state is State.CONNECTED
                for topic in connection.topics
                if (addresses := self._unfollowed.get(topic))
            }
            if not unfollowed:
                continue
            try:
                await self._backfill.fetch_unfollowed(unfollowed)
            except ProviderError as error:
                self._failed(error)
                await self._clock.sleep(error.retry_after or 0.0)

    def _reconnect_where_omitted(self, wallets: Sequence[str]) -> None:
        """Reconnect where the stream left transactions out. ``wallets``: the wallet of each of them."""
        for connection in self._connections:
            missed = sum(topic in connection.topics for topic in wallets)
            if missed and connection.state is State.CONNECTED:
                noun = "transaction" if missed == 1 else "transactions"
                text = f"{self._name} streamed on but left out {missed} {noun}; subscribing anew"
                self._left_out(ProviderError(ErrorKind.GAP, text))
                connection.reconnect()
