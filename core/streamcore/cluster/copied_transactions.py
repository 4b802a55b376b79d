"""The tables of a log that is copied from elsewhere: its offsets are given, and it may begin anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from streamcore.json_lines import to_json
from streamcore.relay.log import LogFailed, Logged
from streamcore.relay.sqlite_log import TransactionLog


class CopiedTransactions(TransactionLog):
    """A `TransactionLog` of which another one is the source."""

    def copy(self, logged: Sequence[Logged], *, newest: int) -> list[Logged]:
        """Write transactions that have their offsets from elsewhere, all or nothing.

        Args:
            logged: In the order of their offsets, which are beyond all that are here.
            newest: The offset up to which the other log has been read.

        Returns:
            Those that were not in the log yet: of a transaction that comes a second time there is the first.

        Raises:
            LogFailed: The disk is full, or fails. Nothing has been written; the same call may be repeated.
        """
        new = []
        try:
            with self._transaction():
                for one in logged:
                    event = one.event
                    written = self._database.execute(
                        "INSERT OR IGNORE INTO transactions (offset, wallet, signature, slot, at, event) "
                        "VALUES (?, ?, ?, ?, ?, ?)",
                        (one.offset, event.wallet, event.signature, event.slot, event.ts, to_json(event)),
                    )
                    if written.rowcount:
                        new.append(one)
        except sqlite3.Error as error:
            raise LogFailed(f"the log cannot be written: {error}") from error
        self.offset = newest
        return new

    def begin_anew(self, epoch: str, pruned_to: int) -> None:
        """Forget every transaction; those that come next are of another log.

        Args:
            epoch: Of that.
            pruned_to: The offset up to which it has deleted everything itself.

        Raises:
            LogFailed: The disk is full, or fails; nothing has changed.
        """
        try:
            with self._transaction():
                run = self._database.execute
                run("DELETE FROM transactions")
                run("DELETE FROM sqlite_sequence WHERE name = 'transactions'")
                run("UPDATE about SET value = ? WHERE name = 'epoch'", (epoch,))
                run("UPDATE about SET value = ? WHERE name = 'pruned_to'", (str(pruned_to),))
        except sqlite3.Error as error:
            raise LogFailed(f"the log cannot be written: {error}") from error
        self.epoch, self.pruned_to, self.offset = epoch, pruned_to, pruned_to
