"""One relay among several: it keeps a session with the bus, and learns from there what all of them know."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from types import TracebackType
from typing import TYPE_CHECKING

from msgspec.structs import replace

from streamcore.clock import Clock
from streamcore.cluster.candidacy import Candidacy
from streamcore.cluster.credible import credible
from streamcore.cluster.errors import NotStored, SessionEnded
from streamcore.cluster.leader import Leader
from streamcore.cluster.lease import LASTS, Lease
from streamcore.cluster.link import Link
from streamcore.cluster.log_copy import LogCopy
from streamcore.cluster.messages import WalletRecord, Wants, first_term, read, read_live, write
from streamcore.cluster.names import Names, key_subject, stream_of
from streamcore.cluster.nats_connection import Access, Incoming
from streamcore.cluster.nats_session import Session, StreamFacts, StreamSpec, open_session
from streamcore.cluster.shared_engine import NO_LEADER, SharedEngine
from streamcore.cluster.team_settings import TeamSettings
from streamcore.cluster.wallet_records import WalletRecords
from streamcore.cluster.wants import LAST, SAID_EVERY, WantsOfAll
from streamcore.config.model import BackoffSettings
from streamcore.errors import MalformedMessage, ProviderError
from streamcore.manager import StreamManager
from streamcore.net.endpoint import host_of
from streamcore.relay.bus import Membership
from streamcore.relay.log import KEEP, MOST, LogFailed
from streamcore.streams.backoff import Backoff
from streamcore.streams.checkpoints import Checkpoints
from streamcore.tasks import Tasks, first_to_end

WALLETS_KEPT = 8 * 86_400.0
"""Seconds that the record of a wallet is kept: longer than its transactions."""

DUPLICATES_KNOWN = 7_200.0
"""Seconds for which the stream remembers what it has."""

CUT_OFF_AFTER = 5.0
"""Seconds without a session after which terminals are sent to others; to start a server anew takes less."""

LOOKED_EVERY = 0.25
WELL_AFTER = 10.0
"""Seconds that a session must last until the next failure counts as the first."""

_BACKOFF = BackoffSettings(initial_delay=0.25, max_delay=5.0, jitter=0.3)

log = logging.getLogger(__name__)


class Member:
    """A `Membership`; an asynchronous context manager that takes part while it is entered."""

    def __init__(
        self,
        accesses: Sequence[Access],
        names: Names,
        engine: SharedEngine,
        link: Link,
        transactions: LogCopy,
        records: WalletRecords,
        team: TeamSettings,
        clock: Clock,
        *,
        make_engine: Callable[[Checkpoints], StreamManager],
    ) -> None:
        """Make one that is not connected.

        Args:
            accesses: How each server is reached, tried in turn.
            names: What everything is called there.
            engine: Filled from there.
            link: Holds the session.
            transactions: The copy of the log, filled from there.
            records: The records of wallets, filled from there.
            team: Compares this relay's settings with those of the others.
            clock: Time.
            make_engine: Makes the engine that talks to the providers, if this relay leads.
        """
        self._accesses = accesses
        self._names = names
        self._engine = engine
        self._link = link
        self._log = transactions
        self._records = records
        self._clock = clock
        self._make_engine = make_engine
        self._id = secrets.token_hex(8)
        self._wants = WantsOfAll(clock)
        self._team = team
        self._reason = "NATS cannot be reached: it has not been reached yet"
        """Why there is no session."""
        self._caught_up = asyncio.Event()
        self._cut_off = asyncio.Event()
        self._has_read: set[str] = set()
        """Which buckets have been read to their end in this session."""
        self._has_warned = False
        self._tasks = Tasks("cluster", clock, failed=self._failed)
        self.candidacy = Candidacy(
            Lease(names, self._id, clock),
            engine,
            self._tasks,
            clock,
            make_leader=self._make_leader,
            is_current=lambda: self._is_current,
        )
        transactions.tell = engine.tell

    async def __aenter__(self) -> Member:
        """Begin to take part; returns at once, connected or not."""
        self._tasks.start_loop("the bus", self._keep_session)
        self._tasks.start_loop("waiting to lead", self.candidacy.run)
        self._tasks.start_loop("looking for trouble", self._look)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop leading in order, so that another relay leads at once, and leave."""
        await self.candidacy.withdraw()
        if (session := self._link.present) is not None:
            with suppress(SessionEnded, NotStored):
                await session.store(key_subject(self._names.wants, self._id), write(Wants()))
        await self._tasks.close()
        self._engine.close()

    # --- as a member ------------------------------------------------------------------------------------

    @property
    def leads(self) -> bool:
        """See `Membership.leads`."""
        return self.candidacy.leads

    @property
    def is_connected(self) -> bool:
        """See `Membership.is_connected`."""
        session = self._link.present
        return session is not None and not session.has_ended

    def troubles(self) -> list[str]:
        """See `Membership.troubles`."""
        found = []
        if not self.is_connected:
            found.append(self._reason)
        elif not self._log.is_current:
            found.append("the log is still being read")
        elif not self._engine.is_led:
            found.append(NO_LEADER)
        return found

    def notes(self) -> list[str]:
        """See `Membership.notes`."""
        return self._team.differences()

    async def caught_up(self) -> None:
        """See `Membership.caught_up`."""
        await self._caught_up.wait()

    async def cut_off(self) -> None:
        """See `Membership.cut_off`."""
        await self._cut_off.wait()

    async def _look(self) -> None:
        """Have the statuses tell the truth, and the door be open or closed."""
        connected_at = self._clock.monotonic()
        while True:
            self._say_trouble()
            if self.is_connected:
                connected_at = self._clock.monotonic()
            if self._is_current:
                self._log.open()
                self._cut_off.clear()
                self._caught_up.set()
            elif self._clock.monotonic() - connected_at >= CUT_OFF_AFTER:
                self._caught_up.clear()
                self._cut_off.set()
            await self._clock.sleep(LOOKED_EVERY)

    def _say_trouble(self) -> None:
        if not self.is_connected:
            self._engine.set_trouble("the relay: NATS cannot be reached")
        elif not self._engine.is_led:
            self._engine.set_trouble(f"the relay: {NO_LEADER}")
        else:
            self._engine.set_trouble(None)

    @property
    def _is_current(self) -> bool:
        """Whether everything that is on the bus is known here."""
        return (
            self.is_connected
            and self._log.is_current
            and self._log.trouble is None
            and self._log.unreadable is None
            and self._has_read >= {self._names.wallets, self._names.wants}
        )

    # --- sessions ---------------------------------------------------------------------------------------

    async def _keep_session(self) -> None:
        backoff = Backoff(_BACKOFF, self._clock)
        turn = 0
        while True:
            began = self._clock.monotonic()
            access = self._accesses[turn % len(self._accesses)]
            try:
                await self._one_session(access)
            except SessionEnded as error:
                turn += 1
                self._lost(f"NATS cannot be reached: {host_of(access.url)}: {error}")
            except LogFailed as error:
                self._lost(str(error))
            if self._clock.monotonic() - began >= WELL_AFTER:
                backoff.reset()
            await self._clock.sleep(backoff.next_delay())

    def _lost(self, reason: str) -> None:
        if reason != self._reason:
            log.warning("%s", reason)
        self._reason = reason

    async def _one_session(self, access: Access) -> None:
        session = await open_session(access, self._clock)
        try:
            await first_to_end(session.ended(), self._take_part(session))
        finally:
            self._link.end()
            self._say_trouble()
            await session.close()

    async def _until_unreadable(self) -> None:
        """Watch over the copy of the log: in the next session it is copied anew.

        Raises:
            LogFailed: It cannot be read.
        """
        while self._log.unreadable is None:
            await self._clock.sleep(LOOKED_EVERY)
        raise LogFailed(f"{self._log.unreadable}; it is copied anew")

    async def _take_part(self, session: Session) -> None:
        names = self._names
        facts = await self._make_sure_of_streams(session)
        self._has_warned = False
        self._has_read.clear()
        self._records.forget_revisions()
        after = self._log.begin(facts)
        await session.listen(names.live, self._live)
        self._link.begin(session)
        self._reason = "NATS cannot be reached: the connection was lost"
        log.info("connected with NATS")
        await session.publish(names.present, b"")
        await first_to_end(
            self._read_log(session, after),
            self._until_unreadable(),
            self._read_bucket(session, names.wallets, self._take_record),
            self._read_bucket(session, names.wants, self._take_wants),
            self._say_wants(session),
            self.candidacy.stand(session),
        )

    async def _make_sure_of_streams(self, session: Session) -> StreamFacts:
        names = self._names
        facts = await session.ensure(
            StreamSpec(
                name=names.transactions,
                subjects=(names.transactions_of("*"),),
                on_disk=True,
                max_age=KEEP,
                most=MOST,
                duplicates_within=DUPLICATES_KNOWN,
            )
        )
        for bucket, lasts, on_disk in (
            (names.lease, LASTS, True),  # so that a server may be started anew without another leader
            (names.wants, LAST, False),
            (names.wallets, WALLETS_KEPT, True),
        ):
            kept = await session.ensure(
                StreamSpec(
                    name=stream_of(bucket),
                    subjects=(key_subject(bucket, ">"),),
                    on_disk=on_disk,
                    max_age=lasts,
                    per_subject=1,
                    # so that revisions, and with them terms, grow even when a bucket was lost and made anew
                    first_sequence=first_term(self._clock.time(), self._engine.term),
                )
            )
            if bucket == names.lease and kept.max_age != LASTS:  # two would lead, or nobody ever again
                raise SessionEnded(
                    f"the stream {stream_of(bucket)} keeps a message for {kept.max_age:g} s (0: for ever), "
                    f"and must for {LASTS:g} s: delete it, and relays make it anew"
                )
        return facts

    def _live(self, message: Incoming) -> None:
        reason: str | None
        try:
            found, unread = read_live(message.data)
            live, reason = credible(found, demo=self._names.demo)
            reason = reason or unread
            self._engine.live(live)
            self._say_trouble()
        except MalformedMessage as error:
            reason = str(error)
        if reason is not None and not self._has_warned:  # there may be ten a second
            self._has_warned = True
            log.warning("the leader's messages cannot be read, perhaps of another version: %s", reason)

    async def _read_log(self, session: Session, after: int) -> None:
        names = self._names
        async with aclosing(
            session.read(names.transactions, names.transactions_of("*"), after=after)
        ) as batches:
            async for batch in batches:
                self._log.arrived(batch)
                await self._log.has_room()

    async def _read_bucket(
        self, session: Session, bucket: str, take: Callable[[str, bytes, int], None]
    ) -> None:
        prefix = key_subject(bucket, "")
        async with aclosing(session.read(stream_of(bucket), key_subject(bucket, ">"), after=None)) as batches:
            async for batch in batches:
                for message in batch.messages:
                    try:
                        take(message.subject.removeprefix(prefix), message.data, message.sequence)
                    except MalformedMessage as error:
                        log.warning("%s cannot be read: %s", message.subject, error)
                if batch.is_last:
                    self._has_read.add(bucket)

    def _take_record(self, wallet: str, data: bytes, revision: int) -> None:
        if data:
            self._records.take(wallet, read(data, WalletRecord), revision)
        else:
            self._records.dropped(wallet, revision)

    def _take_wants(self, relay: str, data: bytes, revision: int) -> None:
        wants = read(data, Wants) if data else Wants()
        self._wants.take(relay, wants)
        if relay != self._id:
            self._team.take(relay, wants.settings)

    async def _say_wants(self, session: Session) -> None:
        """Say what the terminals of this relay want, whenever that changes and now and then."""
        changed = self._engine.wants_changed
        has_failed = False
        while True:
            changed.clear()
            said = False
            try:
                wants = replace(self._engine.wants, settings=self._team.own)
                await session.store(key_subject(self._names.wants, self._id), write(wants))
                said = True
            except NotStored as error:
                if not has_failed:
                    log.warning("what terminals want cannot be told to the leader: %s", error)
            has_failed = not said
            await first_to_end(changed.wait(), self._clock.sleep(SAID_EVERY if said else 1.0))

    def _make_leader(self, lease: Lease) -> Leader:
        return Leader(
            self._make_engine,
            lease,
            self._names,
            self._link,
            self._log,
            self._records,
            self._wants,
            self._clock,
        )

    def _failed(self, error: ProviderError) -> None:
        self._engine.tell(error.event("", self._clock.time(), demo=False))


if TYPE_CHECKING:
    _MEMBERSHIP: type[Membership] = Member  # so that the type checker compares it with the protocol
