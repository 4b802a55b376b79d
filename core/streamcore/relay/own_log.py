"""The log of a relay that is alone: it writes what its engine says, and tells the truth when it cannot.

A transaction that cannot be written is told to nobody yet: a terminal that was cut off could not get it
again. It waits here, prices go on, and every terminal is told why. If the relay ends before the disk has
room again, nothing is lost either: the checkpoints on disk are older than what waits, so the next start
fetches it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from streamcore.clock import Clock
from streamcore.events import ErrorKind, StreamError, WalletTransaction
from streamcore.relay.log import Log, LogFailed, Logged
from streamcore.relay.log_in_tables import LogInTables
from streamcore.relay.log_trouble import TRIED_AGAIN_AFTER, error_of_log
from streamcore.relay.sqlite_log import TransactionLog
from streamcore.streams.checkpoints import Checkpoints

MOST_WAITING = 20_000
"""Transactions that wait for the disk: about 30 MB."""

FOLLOWED_EVERY = 60.0

log = logging.getLogger(__name__)


class OwnLog(LogInTables):
    """A `Log` in SQLite that this process writes, with the checkpoints of its own engine."""

    def __init__(self, transactions: TransactionLog, checkpoints: Checkpoints, clock: Clock) -> None:
        """``transactions``: open, whoever hands it in closes it; ``checkpoints``: those the engine uses."""
        super().__init__(transactions, clock)
        self.reaches_back = transactions.reaches_back
        self._checkpoints = checkpoints
        self._waiting: list[WalletTransaction] = []
        self._has_lost = False
        self._tried_at = float("-inf")
        self._followed_at = float("-inf")

    @property
    def waiting(self) -> int:
        """See `Log.waiting`."""
        return len(self._waiting)

    def write(
        self, events: Sequence[WalletTransaction], *, save: bool = False
    ) -> tuple[list[Logged], list[StreamError]]:
        """See `Log.write`; the checkpoints of the wallets are written with the transactions."""
        now = self._clock.monotonic()
        self._waiting += events
        if self.trouble is not None and now - self._tried_at < TRIED_AGAIN_AFTER:
            return [], self._overflow()
        if not self._waiting and not save:
            return [], []
        self._tried_at = now
        try:
            saved = None if self._has_lost else self._checkpoints.saved()
            logged = self.transactions.append(self._waiting, saved, now=self._clock.time())
        except LogFailed as error:
            self._trouble.began(str(error))
            return [], [*(self._trouble.to_tell() if self._waiting else ()), *self._overflow()]
        self._waiting = []
        self._trouble.ended()
        return logged, []

    def follow(self, wallet: str) -> None:
        """See `Log.follow`; what happened while a wallet was not followed is fetched if that was short."""
        restored = self.transactions.follow(wallet, now=self._clock.time())
        if restored is not None:
            self._checkpoints.restore(wallet, *restored)

    def keep(self, wallets: Sequence[str]) -> None:
        """See `Log.keep`."""
        now = self._clock.monotonic()
        if self.trouble is None and now - self._followed_at >= FOLLOWED_EVERY:
            self._followed_at = now
            self._note_followed(wallets)

    def close(self) -> None:
        """Write what can be written before the end."""
        try:
            self.transactions.append(
                self._waiting, None if self._has_lost else self._checkpoints.saved(), now=self._clock.time()
            )
        except LogFailed as error:
            log.warning("%s; what is missing is fetched at the next start", error)
            return
        self._note_followed(tuple(self._checkpoints.wallets))

    def _note_followed(self, wallets: Sequence[str]) -> None:
        try:
            self.transactions.still_followed(wallets, now=self._clock.time())
        except LogFailed as error:
            log.warning("%s", error)

    def _overflow(self) -> list[StreamError]:
        """Drop the oldest of what waits if it is too much, and say so."""
        too_many = len(self._waiting) - MOST_WAITING
        if too_many <= 0:
            return []
        del self._waiting[:too_many]
        if self._has_lost:
            return []
        self._has_lost = True  # so that the checkpoints on disk stay before what was dropped
        text = (
            f"its log could not be written for so long that more than {MOST_WAITING} transactions "
            "wait; the oldest are dropped, and fetched when the relay starts the next time"
        )
        log.error("the relay: %s", text)
        return [error_of_log(ErrorKind.GAP, text, self._clock.time())]


if TYPE_CHECKING:
    _LOG: type[Log] = OwnLog  # so that the type checker compares it with the protocol
