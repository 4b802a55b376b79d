"""Writes what the engine says into the log, and tells the truth when that cannot be done.

A transaction that cannot be written is told to nobody yet: a terminal that was cut off could not get it
again. It waits here, prices go on, and every terminal is told why. If the relay ends before the disk has
room again, nothing is lost either: the checkpoints on disk are older than what waits, so the next start
fetches it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from streamcore.clock import Clock
from streamcore.events import ErrorKind, StreamError, WalletTransaction
from streamcore.relay.log import LogFailed, Logged, TransactionLog
from streamcore.streams.checkpoints import Checkpoints

TRIED_AGAIN_AFTER = 1.0
"""Seconds until a log that could not be written is tried again."""

TOLD_AGAIN_AFTER = 60.0
"""Seconds until terminals are told once more that it still cannot be written."""

MOST_WAITING = 20_000
"""Transactions that wait for the disk: about 30 MB."""

FOLLOWED_EVERY = 60.0

log = logging.getLogger(__name__)


class LogWriter:
    """The way of transactions from the engine into the log."""

    def __init__(self, transactions: TransactionLog, checkpoints: Checkpoints, clock: Clock) -> None:
        self.trouble: str | None = None
        """Why the log cannot be written at present, as a sentence."""
        self._log = transactions
        self._checkpoints = checkpoints
        self._clock = clock
        self._waiting: list[WalletTransaction] = []
        self._has_lost = False
        self._tried_at = float("-inf")
        self._told_at = float("-inf")
        self._followed_at = float("-inf")

    @property
    def waiting(self) -> int:
        """Transactions that wait until the log can be written."""
        return len(self._waiting)

    def write(
        self, events: Sequence[WalletTransaction], *, save: bool = False
    ) -> tuple[list[Logged], list[StreamError]]:
        """Write transactions, and those that wait.

        It must be called when everything that the engine has recorded so far has been given to it, because
        the checkpoints are written with them; ``save``: also when there is no transaction.

        Returns:
            What is new in the log, and what terminals have to be told about it.
        """
        now = self._clock.monotonic()
        self._waiting += events
        if self.trouble is not None and now - self._tried_at < TRIED_AGAIN_AFTER:
            return [], self._overflow()
        if not self._waiting and not save:
            return [], []
        self._tried_at = now
        try:
            saved = None if self._has_lost else self._checkpoints.saved()
            logged = self._log.append(self._waiting, saved, now=self._clock.time())
        except LogFailed as error:
            return [], [*self._failed(str(error), now), *self._overflow()]
        self._waiting = []
        return logged, self._recovered()

    def keep(self, wallets: Sequence[str]) -> None:
        """Take note now and then that wallets are still followed."""
        now = self._clock.monotonic()
        if self.trouble is None and now - self._followed_at >= FOLLOWED_EVERY:
            self._followed_at = now
            self._note_followed(wallets)

    def close(self) -> None:
        """Write what can be written before the end."""
        try:
            self._log.append(
                self._waiting, None if self._has_lost else self._checkpoints.saved(), now=self._clock.time()
            )
        except LogFailed as error:
            log.warning("%s; what is missing is fetched at the next start", error)
            return
        self._note_followed(tuple(self._checkpoints.wallets))

    def _note_followed(self, wallets: Sequence[str]) -> None:
        try:
            self._log.still_followed(wallets, now=self._clock.time())
        except LogFailed as error:
            log.warning("%s", error)

    def _failed(self, text: str, now: float) -> list[StreamError]:
        if self.trouble is None:
            log.error("%s", text)
        self.trouble = text
        if not self._waiting or now - self._told_at < TOLD_AGAIN_AFTER:
            return []
        self._told_at = now
        text = f"the relay: {text}; transactions are held back until it can be, prices go on"
        return [self._error(ErrorKind.SERVER, text)]

    def _recovered(self) -> list[StreamError]:
        if self.trouble is None:
            return []
        self.trouble, self._told_at = None, float("-inf")
        log.warning("the log can be written again")
        return []

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
            f"the relay: its log could not be written for so long that more than {MOST_WAITING} transactions "
            "wait; the oldest are dropped, and fetched when the relay starts the next time"
        )
        log.error("%s", text)
        return [self._error(ErrorKind.GAP, text)]

    def _error(self, kind: ErrorKind, text: str) -> StreamError:
        return StreamError(
            provider="", ts=self._clock.time(), demo=False, kind=kind, message=text, retryable=True
        )
