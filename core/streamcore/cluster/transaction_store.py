"""The way of the leader's transactions into the stream: each once, and none is lost on it.

What the stream does not take is held back and tried again; terminals are told why, and prices go on. If the
relay stops leading meanwhile nothing is lost either: the checkpoints in the bucket are older than what is
held back, so the next leader fetches it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple

from streamcore.clock import Clock
from streamcore.cluster.credible import LONGEST_TRANSACTION
from streamcore.cluster.errors import NotStored, SessionEnded, TooLong
from streamcore.cluster.lease import Lease
from streamcore.cluster.link import Link
from streamcore.cluster.names import Names
from streamcore.cluster.nats_session import Session
from streamcore.events import ErrorKind, StreamError, WalletTransaction
from streamcore.json_lines import to_json
from streamcore.relay.log_trouble import TRIED_AGAIN_AFTER, LogTrouble, error_of_log
from streamcore.tasks import first_to_end

AT_ONCE = 50
"""Transactions that are on their way without an acknowledgement."""

MOST_HELD = 20_000
"""Transactions that are held back: about 30 MB."""

log = logging.getLogger(__name__)


class _Held(NamedTuple):
    number: int
    event: WalletTransaction


class TransactionStore:
    """Holds transactions until the stream has acknowledged them."""

    def __init__(
        self, names: Names, lease: Lease, link: Link, clock: Clock, *, tell: Callable[[StreamError], None]
    ) -> None:
        """``tell`` is called with what terminals have to know."""
        self.has_lost = False
        """Some were dropped, so that no checkpoint may count them as reported."""
        self._names = names
        self._lease = lease
        self._link = link
        self._clock = clock
        self._tell = tell
        self._held: list[_Held] = []
        self._added = 0
        self._changed = asyncio.Event()
        self._trouble = LogTrouble(clock)

    def add(self, events: Sequence[WalletTransaction]) -> None:
        """Have transactions stored, in this order; returns at once.

        Beyond `MOST_HELD` that wait, the oldest are dropped, which is told once.
        """
        if not events:
            return
        self._held += [_Held(number, event) for number, event in enumerate(events, self._added + 1)]
        self._added += len(events)
        self._changed.set()
        too_many = len(self._held) - MOST_HELD
        if too_many > 0:
            del self._held[:too_many]
            if not self.has_lost:
                self.has_lost = True
                text = (
                    f"the log could not be written for so long that more than {MOST_HELD} transactions wait; "
                    "the oldest are dropped, and fetched by the next relay that leads"
                )
                log.error("%s", text)
                self._tell(error_of_log(ErrorKind.GAP, text, self._clock.time()))

    async def all_stored(self) -> None:
        """Return when everything that has been added before this was called has been acknowledged."""
        last = self._added
        while self._held and self._held[0].number <= last:
            await self._clock.sleep(0.05)

    async def run(self) -> None:
        """Store what is added, until the lease is over."""
        while True:
            if not self._held:
                self._changed.clear()
                await self._changed.wait()
            session = await self._link.session()
            if not self._lease.is_held:
                return
            try:
                await self._write(session)
            except SessionEnded:
                continue
            except NotStored as error:
                self._trouble.began(f"the log cannot be written: {error}")
                for told in self._trouble.to_tell():
                    self._tell(told)
                await first_to_end(session.until_end(), self._clock.sleep(TRIED_AGAIN_AFTER))
            else:
                self._trouble.ended()

    async def write_rest(self, session: Session) -> None:
        """Store what is left, once: somebody else will lead.

        Raises:
            SessionEnded: The connection has ended.
        """
        while self._held and self._lease.is_held:
            try:
                await self._write(session)
            except NotStored:
                return

    async def _write(self, session: Session) -> None:
        """Store the oldest that are held.

        Raises:
            NotStored: Not all of them were.
            SessionEnded: The connection has ended.
        """
        oldest = self._held[:AT_ONCE]
        puts = [self._put(session, one.event) for one in oldest]
        results = await asyncio.gather(*puts, return_exceptions=True)
        done = set()
        for one, result in zip(oldest, results, strict=True):
            if isinstance(result, TooLong):
                self._give_up(one.event, result)
            elif result is not None:
                continue
            done.add(one.number)
        self._held = [one for one in self._held if one.number not in done]
        for result in results:
            if result is not None and not isinstance(result, TooLong):
                raise result

    def _give_up(self, event: WalletTransaction, error: TooLong) -> None:
        """Tell terminals of a transaction that they cannot be told: no later try would succeed."""
        text = (
            f"the transaction {event.signature} of {event.wallet} cannot be passed on: {error}; "
            "look it up in a block explorer"
        )
        log.error("%s", text)
        self._tell(error_of_log(ErrorKind.GAP, text, self._clock.time()))

    async def _put(self, session: Session, event: WalletTransaction) -> None:
        subject, data = self._names.transactions_of(event.wallet), to_json(event)
        if len(data) > LONGEST_TRANSACTION:  # every relay would pass it over
            raise TooLong(len(data), LONGEST_TRANSACTION)
        await session.store(subject, data, message_id=f"{event.signature}:{event.wallet}")
