"""Transactions in SQLite: every one that a relay has told, so that terminals resume after any cut.

Each transaction has an offset that only grows, and is in the log once for each wallet. Nothing is told to a
terminal before it is here. Beside them stand the checkpoints of the wallets, written in the same database
transaction, so that a relay that was killed goes on exactly where its log ends.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from streamcore.errors import MalformedEvent
from streamcore.events import WalletTransaction
from streamcore.json_lines import from_newer_json, to_json
from streamcore.providers.reports import Checkpoint
from streamcore.relay.database_file import is_damage, locked, reason
from streamcore.relay.log import KEEP, MOST, LogDamaged, LogFailed, Logged
from streamcore.streams.checkpoints import MOST_REMEMBERED, SavedCheckpoint

FILE = "relay.sqlite3"
LOCK = "relay.lock"
SCHEMA_VERSION = 1

RESUMED_WITHIN = 86_400.0
"""Seconds for which what happened at a wallet that nobody has followed meanwhile is fetched afterwards."""

PRUNED_AT_ONCE = 500
"""Rows deleted in one call of `TransactionLog.prune`: a few milliseconds of the event loop."""

_TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE transactions (
    offset INTEGER PRIMARY KEY AUTOINCREMENT,
    wallet TEXT NOT NULL,
    signature TEXT NOT NULL,
    slot INTEGER NOT NULL,
    at REAL NOT NULL,
    event BLOB NOT NULL,
    UNIQUE (wallet, signature)
);
CREATE TABLE wallets (
    wallet TEXT PRIMARY KEY,
    covered_from INTEGER NOT NULL,
    followed_until REAL NOT NULL,
    watched_at REAL NOT NULL,
    signature TEXT,
    slot INTEGER,
    history BLOB NOT NULL,
    history_to INTEGER NOT NULL
) WITHOUT ROWID;
"""


_UNSURE = "CREATE TABLE IF NOT EXISTS unsure (wallet TEXT PRIMARY KEY, after INTEGER, before INTEGER)"
"""What may be missing for ever and has not been told; logs that were begun before lack it."""


class TransactionLog:
    """The transactions of one relay, and where each wallet's next fetch starts.

    It is used from one thread. A write takes a fraction of a millisecond for a batch, since nothing waits for
    the disk here: `checkpoint_file` does, and may be called from another thread.
    """

    def __init__(self, folder: Path, *, now: float, file: str = FILE) -> None:
        """Open the log in a folder, or begin one.

        Args:
            folder: On a local disk, and of this relay alone; it is made if there is none.
            now: Unix seconds.
            file: The name of the database in it.

        Raises:
            LogDamaged: What is in it cannot be.
            LogFailed: It cannot be opened, another relay has it open, or a newer version has written it.
        """
        self.path = folder / file
        self._lock: sqlite3.Connection | None = None
        self._saved: dict[str, SavedCheckpoint] = {}
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = locked(folder / LOCK)
            # made before SQLite makes it: others' wallets are nobody's business
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            self._database = sqlite3.connect(self.path, isolation_level=None, timeout=0.05)
        except (OSError, sqlite3.Error) as error:
            self._unlock()
            raise LogFailed(
                f"the log {self.path} cannot be opened: {reason(error)}; name another folder with --state"
            ) from error
        try:
            self._begin(now)
        except (sqlite3.Error, LookupError, TypeError, ValueError) as error:
            self.close()
            if not is_damage(error):
                raise LogFailed(f"the log {self.path} cannot be used: {reason(error)}") from error
            raise LogDamaged(
                f"the log {self.path} cannot be used, it is damaged ({reason(error)}): move it away, and "
                "the relay begins another; terminals are told once that transactions may be missing"
            ) from error
        except LogFailed:
            self.close()
            raise

    def _begin(self, now: float) -> None:
        run = self._database.execute
        version = run("PRAGMA user_version").fetchone()[0]
        if (found := run("PRAGMA quick_check(1)").fetchone()[0]) != "ok":  # half a second where it is full
            raise ValueError(found.replace("\n", " "))
        if version not in (0, SCHEMA_VERSION):
            raise LogFailed(
                f"the log {self.path} was written by a newer version of streamtui; "
                "use that, or name another folder with --state"
            )
        run("PRAGMA journal_mode=WAL")
        run("PRAGMA synchronous=NORMAL")  # survives the end of the process at any moment
        run("PRAGMA wal_autocheckpoint=0")  # that one waits for the disk: see checkpoint_file
        if version == 0:
            with self._transaction():
                for statement in _TABLES.split(";"):
                    run(statement)
                run("INSERT INTO about VALUES ('epoch', ?)", (secrets.token_hex(4),))
                run("INSERT INTO about VALUES ('pruned_to', '0')")
                run("INSERT INTO about VALUES ('begun', ?)", (str(now),))
                run(f"PRAGMA user_version={SCHEMA_VERSION}")
        run(_UNSURE)
        about = dict(run("SELECT name, value FROM about").fetchall())
        self.epoch: str = about["epoch"]
        self.pruned_to = int(about["pruned_to"])
        """Up to this offset everything has been deleted."""
        newest = run("SELECT seq FROM sqlite_sequence WHERE name = 'transactions'").fetchone()
        self.offset: int = max(int(newest[0]) if newest else 0, self.pruned_to)
        """That of the newest transaction; 0: there has been none."""
        covered = run("SELECT wallet, covered_from FROM wallets").fetchall()
        self._covered_from: dict[str, int] = {wallet: int(offset) for wallet, offset in covered}

    def close(self) -> None:
        """Close the file; nothing else may be called afterwards."""
        self._database.close()
        self._unlock()

    # --- writing ----------------------------------------------------------------------------------------

    def append(
        self,
        events: Sequence[WalletTransaction],
        checkpoints: Mapping[str, SavedCheckpoint] | None = None,
        *,
        now: float,
    ) -> list[Logged]:
        """Write transactions and checkpoints, all or nothing.

        Args:
            events: In the order they are to be told.
            checkpoints: Those of all wallets, taken when every transaction they count as reported had been
                given to this log; ``None``: they are not known to be so.
            now: Unix seconds.

        Returns:
            Those that were not in the log yet.

        Raises:
            LogFailed: The disk is full, or fails. Nothing has been written; the same call may be repeated.
        """
        changed = {
            wallet: saved
            for wallet, saved in (checkpoints or {}).items()
            if wallet in self._covered_from and self._saved.get(wallet) != saved
        }
        if not events and not changed:
            return []
        logged = []
        try:
            with self._transaction():
                for event in events:
                    written = self._database.execute(
                        "INSERT OR IGNORE INTO transactions (wallet, signature, slot, at, event) "
                        "VALUES (?, ?, ?, ?, ?)",
                        (event.wallet, event.signature, event.slot, event.ts, to_json(event)),
                    )
                    if written.rowcount:
                        assert written.lastrowid is not None  # noqa: S101 - a row was inserted
                        logged.append(Logged(written.lastrowid, event))
                for wallet, saved in changed.items():
                    self._save(wallet, saved, now)
        except sqlite3.Error as error:
            raise LogFailed(f"the log cannot be written: {reason(error)}") from error
        self._saved |= changed
        if logged:
            self.offset = logged[-1].offset
        return logged

    def _save(self, wallet: str, saved: SavedCheckpoint, now: float) -> None:
        verified = saved.verified
        self._database.execute(
            "UPDATE wallets SET followed_until = ?, watched_at = ?, signature = ?, slot = ?, history = ?, "
            "history_to = ? WHERE wallet = ?",
            (
                now,
                saved.watched_at,
                None if verified is None else verified.signature,
                None if verified is None else verified.slot,
                msgspec.json.encode(sorted(saved.history)),
                saved.history_to,
                wallet,
            ),
        )
        self._database.execute("DELETE FROM unsure WHERE wallet = ?", (wallet,))
        if saved.unsure is not None:
            self._database.execute("INSERT INTO unsure VALUES (?, ?, ?)", (wallet, *saved.unsure))

    def follow(self, wallet: str, *, now: float) -> tuple[SavedCheckpoint, dict[str, int]] | None:
        """Take note that a wallet is followed from now on.

        Returns:
            Its checkpoint, and signature to slot of its transactions in the log, if it was followed lately:
            what happened meanwhile is to be fetched. ``None``: it begins anew.

        Raises:
            LogFailed: The log cannot be written or read.
        """
        try:
            row = self._database.execute(
                "SELECT watched_at, signature, slot, history, history_to, followed_until FROM wallets "
                "WHERE wallet = ?",
                (wallet,),
            ).fetchone()
            if row is not None and now - row[5] <= RESUMED_WITHIN:
                verified = None if row[1] is None else Checkpoint(row[1], row[2])
                history = frozenset(msgspec.json.decode(row[3]))
                unsure = self._database.execute(
                    "SELECT after, before FROM unsure WHERE wallet = ?", (wallet,)
                ).fetchone()
                return SavedCheckpoint(row[0], verified, history, row[4], unsure), self.reported(wallet)
            with self._transaction():
                self._database.execute("DELETE FROM unsure WHERE wallet = ?", (wallet,))
                self._database.execute(
                    "INSERT OR REPLACE INTO wallets VALUES (?, ?, ?, ?, NULL, NULL, ?, 0)",
                    (wallet, self.offset, now, now, b"[]"),
                )
        except (sqlite3.Error, msgspec.DecodeError, TypeError) as error:
            raise LogFailed(f"the log cannot be written: {reason(error)}") from error
        self._covered_from[wallet] = self.offset
        self._saved.pop(wallet, None)
        return None

    def reported(self, wallet: str) -> dict[str, int]:
        """Return signature to slot of the newest transactions of a wallet that are here.

        There may be more; those are fetched again if they came after the checkpoint, and `append` drops them.

        Raises:
            LogFailed: The log cannot be read.
        """
        try:
            rows = self._database.execute(
                "SELECT signature, slot FROM transactions WHERE wallet = ? ORDER BY slot DESC LIMIT ?",
                (wallet, MOST_REMEMBERED),
            ).fetchall()
        except sqlite3.Error as error:
            raise LogFailed(f"the log cannot be read: {reason(error)}") from error
        return dict(rows)

    def still_followed(self, wallets: Iterable[str], *, now: float) -> None:
        """Take note that wallets are followed at this moment. To be called every few minutes, and at the end.

        Raises:
            LogFailed: The log cannot be written.
        """
        try:
            with self._transaction():
                self._database.executemany(
                    "UPDATE wallets SET followed_until = ? WHERE wallet = ?",
                    [(now, wallet) for wallet in wallets],
                )
        except sqlite3.Error as error:
            raise LogFailed(f"the log cannot be written: {reason(error)}") from error

    def prune(self, *, now: float, keep: float = KEEP, most: int = MOST) -> bool:
        """Delete some of what is older than ``keep`` seconds or beyond the newest ``most``.

        Returns:
            Whether there may be more to delete: call it again a little later.

        Raises:
            LogFailed: The log cannot be written.
        """
        try:
            with self._transaction():
                run = self._database.execute
                doomed = run(
                    "SELECT offset FROM transactions WHERE at < ? OR offset <= ? ORDER BY offset LIMIT ?",
                    (now - keep, self.offset - most, PRUNED_AT_ONCE),
                ).fetchall()
                # what came late may be younger than what is deleted beside it: offsets have no holes inside
                last = doomed[-1][0] if doomed else 0
                if doomed:
                    run("DELETE FROM transactions WHERE offset <= ?", (last,))
                    run("UPDATE about SET value = ? WHERE name = 'pruned_to'", (str(last),))
                run("DELETE FROM wallets WHERE followed_until < ?", (now - max(keep, RESUMED_WITHIN),))
                run("DELETE FROM unsure WHERE wallet NOT IN (SELECT wallet FROM wallets)")
        except sqlite3.Error as error:
            raise LogFailed(f"the log cannot be written: {reason(error)}") from error
        self.pruned_to = max(self.pruned_to, last)
        return len(doomed) == PRUNED_AT_ONCE

    def checkpoint_file(self) -> None:
        """Move what was written into the main file, and wait for the disk. May be called from any thread.

        Raises:
            LogFailed: The disk is full, or fails; nothing is lost, and it may be tried again.
        """
        try:
            database = sqlite3.connect(self.path, isolation_level=None, timeout=1.0)
            try:
                database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            finally:
                database.close()
        except sqlite3.Error as error:
            raise LogFailed(f"the log cannot be written: {reason(error)}") from error

    # --- reading ----------------------------------------------------------------------------------------

    def reaches_back(self, epoch: str, offset: int, wallets: Iterable[str]) -> bool:
        """Whether everything of these wallets since that position is here, or will be fetched."""
        if epoch != self.epoch or not self.pruned_to <= offset <= self.offset:
            return False
        return all(self._covered_from.get(wallet, self.offset + 1) <= offset for wallet in wallets)

    def after(
        self, offset: int, wallets: Sequence[str], *, most: int, most_bytes: int
    ) -> tuple[list[Logged], bool]:
        """See `streamcore.relay.log.Log.after`."""
        if not wallets or offset >= self.offset:
            return [], True
        places = ", ".join("?" * len(wallets))
        try:
            found = self._database.execute(
                f"SELECT offset, event FROM transactions WHERE offset > ? AND wallet IN ({places}) "  # noqa: S608
                "ORDER BY offset LIMIT ?",
                (offset, *wallets, most),
            )
            rows: list[tuple[int, bytes]] = []
            length = 0
            for row in found:
                rows.append(row)
                length += len(row[1])
                if length >= most_bytes:
                    break
            found.close()
        except (sqlite3.Error, TypeError) as error:
            raise LogFailed(f"the log cannot be read: {reason(error)}") from error
        return list(_decoded(rows)), len(rows) < most and length < most_bytes

    @property
    def size(self) -> int:
        """Bytes on disk."""
        files = (self.path, self.path.with_name(f"{self.path.name}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    # --- below ------------------------------------------------------------------------------------------

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _decoded(rows: Iterable[tuple[int, bytes]]) -> Iterator[Logged]:
    for offset, line in rows:
        try:
            event = from_newer_json(line)
        except MalformedEvent as error:
            raise LogFailed(f"the log cannot be read: transaction {offset} is damaged") from error
        if isinstance(event, WalletTransaction):
            yield Logged(offset, event)
