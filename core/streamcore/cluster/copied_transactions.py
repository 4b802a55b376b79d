"""The tables of a log that is copied from elsewhere: its offsets are given, and it may begin anew."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from streamcore.json_lines import to_json
from streamcore.relay.log import LogDamaged, LogFailed, Logged
from streamcore.relay.sqlite_log import TransactionLog

DAMAGED = ".damaged"
"""What the name of a file ends with that was moved away."""

log = logging.getLogger(__name__)


class CopiedTransactions(TransactionLog):
    """A `TransactionLog` of which another one is the source."""

    @classmethod
    def opened(cls, folder: Path, *, now: float, file: str) -> CopiedTransactions:
        """Open a copy; see `TransactionLog`. One that is damaged is moved away, and copied anew.

        Raises:
            LogFailed: It cannot be opened.
        """
        try:
            return cls(folder, now=now, file=file)
        except LogDamaged as error:
            path = folder / file
            try:
                path.replace(path.with_name(path.name + DAMAGED))
                for ending in ("-wal", "-shm"):  # they belong to that file alone
                    path.with_name(path.name + ending).unlink(missing_ok=True)
            except OSError:
                raise error from None
            log.warning(
                "the copy of the log is damaged, and is begun anew; the old one is %s%s", path, DAMAGED
            )
            return cls(folder, now=now, file=file)

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
