"""What every `Log` that is kept in SQLite has in common, wherever its transactions come from."""

from __future__ import annotations

from streamcore.clock import Clock
from streamcore.relay.log import KEEP, MOST
from streamcore.relay.log_trouble import LogTrouble
from streamcore.relay.sqlite_log import TransactionLog


class LogInTables:
    """The part of a `Log` that reads and prunes its tables, and says why they cannot be written."""

    def __init__(self, transactions: TransactionLog, clock: Clock) -> None:
        """``transactions``: open, whoever hands it in closes it."""
        self.transactions = transactions
        self.after = transactions.after
        self.checkpoint_file = transactions.checkpoint_file
        self._clock = clock
        self._trouble = LogTrouble(clock)

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

    def prune(self, *, now: float, keep: float = KEEP, most: int = MOST) -> bool:
        """See `Log.prune`."""
        return self.transactions.prune(now=now, keep=keep, most=most)
