"""The file of a database: who has it open, and what its errors mean."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path


def locked(path: Path) -> sqlite3.Connection:
    """Return a database that only this process can have open until it is closed.

    Raises:
        OSError: Another process has it open.
        sqlite3.Error: It cannot be made.
    """
    lock = sqlite3.connect(path, isolation_level=None, timeout=0.0)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise OSError(
                errno.EBUSY, "another relay uses it: name a folder of its own with --state"
            ) from None
        raise
    return lock


def is_damage(error: Exception) -> bool:
    """Whether what is in the file cannot be, and no later try would find it otherwise."""
    if not isinstance(error, sqlite3.Error):
        return True
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def reason(error: Exception) -> str:
    """Return why a file cannot be used, as a phrase."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
