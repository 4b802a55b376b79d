"""What every `Log` that is kept in SQLite has in common, wherever its transactions come from."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from streamcore.clock import Clock
from streamcore.relay.log import KEEP, MOST, LogFailed, Logged
from streamcore.relay.log_trouble import LogTrouble
from streamcore.relay.sqlite_log import TransactionLog

log = logging.getLogger(__name__)


class LogInTables:
    """The part of a `Log` that reads and prunes its tables, and says why they cannot be written."""

    def __init__(self, transactions: TransactionLog, clock: Clock) -> None:
        """``transactions``: open, whoever hands it in closes it."""
        self.transactions = transactions
        self.checkpoint_file = transactions.checkpoint_file
        self._clock = clock
        self._trouble = LogTrouble(clock)
        self.unreadable: str | None = None
        """See `Log.unreadable`."""

    @property
    def epoch(self) -> str:
        """See `Log.epoch`."""
        return self.transactions.epoch

    @property
    def offset(self) -> int:
        """See `Log.offset`."""
        return self.transactions.offset

    @property
    def pruned_to(self) -> int:
        """See `Log.pruned_to`."""
        return self.transactions.pruned_to

    @property
    def size(self) -> int:
        """See `Log.size`."""
        return self.transactions.size

    @property
    def trouble(self) -> str | None:
        """See `Log.trouble`."""
        return self._trouble.reason

    def after(
        self, offset: int, wallets: Sequence[str], *, most: int, most_bytes: int
    ) -> tuple[list[Logged], bool]:
        """See `Log.after`."""
        try:
            return self.transactions.after(offset, wallets, most=most, most_bytes=most_bytes)
        except LogFailed as error:
            if self.unreadable is None:
                log.error("%s; terminals that have missed something are closed", error)  # noqa: TRY400
            self.unreadable = str(error)
            raise

    def prune(self, *, now: float, keep: float = KEEP, most: int = MOST) -> bool:
        """See `Log.prune`."""
        return self.transactions.prune(now=now, keep=keep, most=most)
