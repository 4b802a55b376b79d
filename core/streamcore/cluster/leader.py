"""What the leader does: runs the engine that all relays share, and tells over the bus what it says.

It lives longer than a session: while there is none, prices wait merged and transactions wait whole, and the
providers' connections stay. Its time is over when the lease is, whatever the reason.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from streamcore.assets.tokens import is_address
from streamcore.clock import Clock, wait_for
from streamcore.cluster.answering import Answering
from streamcore.cluster.errors import NotStored, SessionEnded
from streamcore.cluster.followed_wallets import FollowedWallets
from streamcore.cluster.lease import Lease
from streamcore.cluster.link import Link
from streamcore.cluster.log_copy import LogCopy
from streamcore.cluster.messages import Live, Wants, in_parts, write
from streamcore.cluster.names import Names
from streamcore.cluster.nats_connection import Incoming
from streamcore.cluster.nats_session import Session
from streamcore.cluster.transaction_store import TransactionStore
from streamcore.cluster.wallet_records import WalletRecords
from streamcore.cluster.wants import WantsOfAll
from streamcore.errors import InputError, ProviderError
from streamcore.events import ErrorKind, Event, StatusChange, StreamError, WalletTransaction
from streamcore.hub import Subscriber
from streamcore.manager import StreamManager
from streamcore.relay.answers import Answers
from streamcore.streams.checkpoints import Checkpoints
from streamcore.tasks import Tasks, first_to_end

CONFLATED = 0.1
"""Seconds from one message with prices to the next: as often as a terminal can be told."""

SIGN_OF_LIFE = 1.0
"""Seconds between two messages with the statuses, which say that there is a leader."""

WHOLE_EVERY = 30.0
"""Seconds after which everything is told once more, whoever may have missed something."""

SAVED_EVERY = 1.0
"""Seconds between two looks at which wallets' records have changed."""

EVENTS_IN_A_MESSAGE = 500
"""About 200 KB; a server takes a megabyte."""

EVENTS_WAITING = 100_000
"""Events that may wait while there is no session."""

COPY_WITHIN = 10.0
"""Seconds that the copy of the log may need to reach the end of the stream."""

GOODBYE_WITHIN = 1.0

UNKNOWN_TOLD = 10
"""Symbols of which terminals are told at once that they cannot be watched; a relay may want thousands."""

log = logging.getLogger(__name__)


class Leader:
    """One time of leading; `run` is called once."""

    def __init__(
        self,
        make_engine: Callable[[Checkpoints], StreamManager],
        lease: Lease,
        names: Names,
        link: Link,
        transactions: LogCopy,
        records: WalletRecords,
        wants: WantsOfAll,
        clock: Clock,
    ) -> None:
        """``make_engine`` makes the engine, not started yet; the rest is this relay's own."""
        self._checkpoints = Checkpoints()
        self._followed = FollowedWallets(self._checkpoints, transactions, records, lease, link, names, clock)
        self._engine = make_engine(self._checkpoints)
        self._lease = lease
        self._names = names
        self._link = link
        self._log = transactions
        self._wants = wants
        self._clock = clock
        self._tasks = Tasks("leading relay", clock, failed=self._failed)
        answers = Answers(self._engine, self._tasks, clock)
        self._answering = Answering(answers, self._engine, lease, link, self._tasks)
        self._has_told_too_long = False
        self._turn = asyncio.Lock()
        self._store = TransactionStore(names, lease, link, clock, tell=self._tell)
        self._events: Subscriber
        self._news: list[Event] = []
        """What is to be told with the next message."""
        self._statuses_due = True
        self._whole_due = False
        self._sources: dict[str, str | None] = {}
        """As they were told last."""
        self._symbols: dict[str, None] = {}

    async def run(self) -> None:
        """Lead until cancelled.

        Raises:
            SettingsError: The settings ask for a provider that cannot be used.
        """
        await self._reach_end_of_stream()
        try:
            async with self._engine:
                self._events = self._engine.consumer(EVENTS_WAITING)
                log.info("this relay leads, term %s", self._lease.term)
                await first_to_end(
                    self._tell_events(),
                    self._tell_signs_of_life(),
                    self._listen(),
                    self._follow_wants(),
                    self._save(),
                    self._store.run(),
                )
        finally:
            await self._tasks.close()
            log.info("this relay does not lead any more")

    async def say_goodbye(self) -> None:
        """Have the others know that the lease is free. To be called when `run` has ended and it was held."""
        session = self._link.present
        if session is None or not self._lease.is_held:
            return
        with suppress(SessionEnded, TimeoutError):
            await wait_for(self._clock, self._leave(session), GOODBYE_WITHIN)

    async def _leave(self, session: Session) -> None:
        term = self._lease.term or 0
        await self._store.write_rest(session)
        await self._lease.release(session)
        await session.publish(self._names.live, write(Live(term=term, leaves=True)))

    async def _reach_end_of_stream(self) -> None:
        """Wait until this relay's copy of the log has what earlier leaders have told, but not for ever."""
        try:
            await wait_for(self._clock, self._read_to_end(), COPY_WITHIN)
        except TimeoutError:
            raise ProviderError(ErrorKind.SERVER, "the log could not be read to its end") from None

    async def _read_to_end(self) -> None:
        while True:
            session = await self._link.session()
            try:
                facts = await session.facts(self._names.transactions)
            except SessionEnded:
                continue
            while facts is not None and self._log.offset < facts.last and session is self._link.present:
                await self._clock.sleep(0.02)
            if self._log.is_current and session is self._link.present:
                return
            await self._clock.sleep(0.02)

    # --- telling ----------------------------------------------------------------------------------------

    async def _tell_events(self) -> None:
        while await self._events.wait():
            session = await self._link.session()
            began = self._clock.monotonic()
            self._collect()
            await self._publish(session)
            await self._clock.sleep(max(0.0, CONFLATED - (self._clock.monotonic() - began)))

    async def _tell_signs_of_life(self) -> None:
        while True:
            for _ in range(int(WHOLE_EVERY / SIGN_OF_LIFE)):
                session = await self._link.session()
                self._statuses_due = True
                await self._publish(session)
                await self._clock.sleep(SIGN_OF_LIFE)
            self._whole_due = True

    def _collect(self) -> None:
        """Take everything that the engine has said."""
        transactions = []
        for event in self._events.take_all():
            match event:
                case WalletTransaction():
                    transactions.append(event)
                case StatusChange():
                    self._statuses_due = True
                case _:
                    self._news.append(event)
        self._store.add(transactions)

    def _tell(self, error: StreamError) -> None:
        self._news.append(error)

    async def _publish(self, session: Session) -> None:
        async with self._turn:  # what is older must not come after what is newer
            await self._publish_news(session)

    async def _publish_news(self, session: Session) -> None:
        news, self._news = self._news, []
        if self._whole_due:
            self._whole_due = False
            news += self._engine.snapshot().prices.values()
        is_due, self._statuses_due = self._statuses_due, False
        for start in range(0, max(len(news), 1), EVENTS_IN_A_MESSAGE):
            part = news[start : start + EVENTS_IN_A_MESSAGE]
            if not (part or is_due):
                return
            sources = dict(self._engine.price_sources)
            live = Live(
                term=self._lease.term or 0,
                events=part,
                statuses=tuple(self._engine.statuses().values()) if is_due else None,
                sources=sources if is_due or sources != self._sources else None,
            )
            self._sources, is_due = sources, False
            told = start
            for message in in_parts(live, most=session.most_bytes):
                if not self._lease.is_held:  # looked at before each: this process may have stood still
                    return
                try:
                    await session.publish(self._names.live, message.data)
                except SessionEnded:
                    # prices and statuses are told at the beginning of the next one, errors would not be
                    self._news = [one for one in news[told:] if isinstance(one, StreamError)] + self._news
                    return
                told += len(message.events)
                if message.is_shortened:
                    self._tell_too_long(session.most_bytes)

    def _tell_too_long(self, most: int) -> None:
        """Tell terminals, once, that they are not told everything."""
        if not self._has_told_too_long:
            self._has_told_too_long = True
            text = (
                f"the providers' statuses are longer than the NATS server takes ({most} bytes), "
                "and cannot be told: its max_payload must be larger"
            )
            log.error("%s", text)
            self._failed(ProviderError(ErrorKind.SERVER, text, retryable=False))

    # --- being asked ------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Answer in every session, and begin each by telling everything."""
        while True:
            session = await self._link.session()
            subscriptions = []
            try:
                subscriptions.append(await session.listen(self._names.present, self._asked_for_present))
                subscriptions.append(await session.listen(self._names.ask, self._answering.take))
                self._asked_for_present(None)
                await session.until_end()
            except SessionEnded:
                pass
            finally:
                for subscription in subscriptions:
                    await subscription.stop()

    def _asked_for_present(self, message: Incoming | None) -> None:
        """Tell everything with the next message."""
        self._whole_due = self._statuses_due = True
        self._tasks.start("telling the present", self._publish_soon)

    async def _publish_soon(self) -> None:
        if (session := self._link.present) is not None:
            await self._publish(session)

    # --- what is wanted ---------------------------------------------------------------------------------

    async def _follow_wants(self) -> None:
        while True:
            self._wants.changed.clear()
            await self._want(self._wants.union())
            await first_to_end(self._wants.changed.wait(), self._clock.sleep(1.0))

    async def _want(self, wants: Wants) -> None:
        engine = self._engine
        wanted = dict.fromkeys(wants.symbols)
        gone = [symbol for symbol in self._symbols if symbol not in wanted]
        new = [symbol for symbol in wanted if symbol not in self._symbols]
        self._symbols = wanted
        await engine.subscribe_prices(await self._known(new, tells=True))
        await engine.unsubscribe_prices(await self._known(gone))
        wallets = [wallet for wallet in wants.wallets if wallet not in self._followed and is_address(wallet)]
        for wallet in wallets:
            await self._followed.follow(wallet)
        await engine.subscribe_wallets(wallets)
        wallets = [wallet for wallet in self._followed if wallet not in set(wants.wallets)]
        for wallet in wallets:
            self._followed.give_up(wallet)
        await engine.unsubscribe_wallets(wallets)

    async def _known(self, symbols: list[str], *, tells: bool = False) -> list[str]:
        """Return those that this relay can watch: its settings may differ from those of who wants them."""
        found, unknown = [], 0
        for symbol in symbols:
            await asyncio.sleep(0)  # to understand a text may take milliseconds
            try:
                self._engine.describe(symbol)
            except InputError as error:
                unknown += 1
                if tells and unknown <= UNKNOWN_TOLD:
                    text = f"the leading relay: {error}"
                    self._failed(ProviderError(ErrorKind.SUBSCRIPTION, text, retryable=False))
            else:
                found.append(symbol)
        return found

    # --- checkpoints ------------------------------------------------------------------------------------

    async def _save(self) -> None:
        """Write where each wallet's next fetch starts, after everything that counts as reported is stored."""
        while True:
            self._collect()
            saved, epoch = self._checkpoints.saved(), self._log.epoch
            await self._publish_soon()
            await self._store.all_stored()
            try:
                if not self._store.has_lost and epoch == self._log.epoch:
                    await self._followed.save(saved, epoch)
            except (SessionEnded, NotStored) as error:
                log.debug("the checkpoints could not be written: %s", error)
            await self._clock.sleep(SAVED_EVERY)

    def _failed(self, error: ProviderError) -> None:
        self._news.append(error.event("", self._clock.time(), demo=False))
