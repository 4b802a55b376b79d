"""The wallets a leader follows, and the record of each that the next leader begins with.

A record says from which offset of the log on a wallet is covered, until when it was followed, and where its
next fetch starts.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress

from streamcore.clock import Clock
from streamcore.cluster.errors import Conflict, NotStored, SessionEnded, TooLong
from streamcore.cluster.lease import Lease
from streamcore.cluster.link import Link
from streamcore.cluster.log_copy import LogCopy
from streamcore.cluster.messages import record_of, write
from streamcore.cluster.names import Names, key_subject
from streamcore.cluster.wallet_records import WalletRecords
from streamcore.relay.sqlite_log import RESUMED_WITHIN
from streamcore.streams.checkpoints import Checkpoints, SavedCheckpoint

FOLLOWED_EVERY = 60.0
"""Seconds after which a record is written again although nothing has changed but the time."""

log = logging.getLogger(__name__)


class FollowedWallets:
    """Takes wallets up where the last leader ended, and writes where the next one has to begin."""

    def __init__(
        self,
        checkpoints: Checkpoints,
        transactions: LogCopy,
        records: WalletRecords,
        lease: Lease,
        link: Link,
        names: Names,
        clock: Clock,
    ) -> None:
        """``checkpoints`` are those of the leader's engine; the rest is this relay's own."""
        self._checkpoints = checkpoints
        self._log = transactions
        self._records = records
        self._lease = lease
        self._link = link
        self._names = names
        self._clock = clock
        self._covered_from: dict[str, int] = {}
        """Each wallet that is followed to the offset from which on it is covered."""
        self._saved: dict[str, tuple[SavedCheckpoint, str, float]] = {}
        """Each wallet's record as it was written last: checkpoint, epoch, and monotonic seconds."""

    def __contains__(self, wallet: object) -> bool:
        return wallet in self._covered_from

    def __iter__(self) -> Iterator[str]:
        return iter(self._covered_from)

    async def follow(self, wallet: str) -> None:
        """Take up a wallet where the last leader ended, if that is not long ago.

        To be called before it is subscribed.
        """
        self._saved.pop(wallet, None)
        now, record = self._clock.time(), self._records.get(wallet)
        if record is not None and now - record.followed_until <= RESUMED_WITHIN:
            self._checkpoints.restore(wallet, record.saved, self._log.transactions.reported(wallet))
        else:
            record = None
        if record is not None and record.epoch == self._log.epoch:
            self._covered_from[wallet] = record.covered_from
        else:
            self._covered_from[wallet] = self._log.offset
            # before its first transaction: whoever has been told that may come back to another relay at once
            saved = SavedCheckpoint(now, None) if record is None else record.saved
            with suppress(SessionEnded, NotStored):
                await self._write(wallet, saved, self._log.epoch, self._covered_from[wallet])

    def give_up(self, wallet: str) -> None:
        """Follow a wallet no more; its record stays, for as long as the bucket keeps it."""
        del self._covered_from[wallet]

    async def save(self, saved: Mapping[str, SavedCheckpoint], epoch: str) -> None:
        """Write the records that are others than before, or have not been written for long.

        Args:
            saved: Where each wallet's next fetch starts. Everything that counts as reported must be stored.
            epoch: Of the log in which that is so.

        Raises:
            NotStored: The lease is over, or the server has not taken one; the next call tries again.
            SessionEnded: The session is over.
        """
        now = self._clock.monotonic()
        for wallet, checkpoint in saved.items():
            covered_from = self._covered_from.get(wallet)
            if covered_from is None:
                continue
            before = self._saved.get(wallet)
            if before is not None:
                is_known = before[:2] == (checkpoint, epoch) and now - before[2] < FOLLOWED_EVERY
                if is_known and self._records.revision(wallet):  # else the bucket was lost
                    continue
                if before[1] != epoch:  # another stream, in which nothing is older than this
                    covered_from = self._covered_from[wallet] = self._log.offset
            try:
                await self._write(wallet, checkpoint, epoch, covered_from)
            except Conflict:
                continue  # tried again in the next round
            except TooLong as error:
                log.warning("where the next fetch of %s starts cannot be kept: %s", wallet, error)
                continue
            self._saved[wallet] = (checkpoint, epoch, now)

    async def _write(self, wallet: str, checkpoint: SavedCheckpoint, epoch: str, covered_from: int) -> None:
        if not self._lease.is_held:
            raise NotStored("the lease is over")
        record = record_of(checkpoint, epoch=epoch, covered_from=covered_from, now=self._clock.time())
        session = await self._link.session()
        subject = key_subject(self._names.wallets, wallet)
        known = self._records.revision(wallet)
        try:
            revision = await session.store(subject, write(record), last=known)
        except Conflict:
            # an earlier leader's last word, which is as true as this one and arrives with the bucket; or the
            # bucket has dropped the key, for its age or because somebody told it to
            if not known:
                raise
            revision = await session.store(subject, write(record), last=0)
        self._records.take(wallet, record, revision)
