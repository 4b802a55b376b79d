"""A cache between runs: a folder of small files, all of which can be fetched again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from pathlib import Path
from typing import Protocol

MOST_BYTES = 8 * 1024 * 1024
"""A larger file is not read: nothing that is kept here is nearly as large."""


class Cache(Protocol):
    """Small files by their names."""

    async def read(self, name: str) -> bytes | None:
        """Return what was written last under a name; ``None``: there is nothing that can be read."""
        ...

    async def write(self, name: str, data: bytes) -> None:
        """Replace what is kept under a name.

        Raises:
            OSError: It could not be written; what was there before is unharmed.
        """
        ...


class CacheFolder:
    """A `Cache` in a folder, made when something is first written; nobody else may read its files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def read(self, name: str) -> bytes | None:
        """Return the bytes of a file; ``None``: there is none, it cannot be read, or it is far too large."""
        return await asyncio.to_thread(_read, self._folder / name)

    async def write(self, name: str, data: bytes) -> None:
        """Replace a file at once: a reader sees the old one or the new one, never a part.

        Raises:
            OSError: It could not be written.
        """
        await asyncio.to_thread(_replace, self._folder / name, data)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.stat().st_size <= MOST_BYTES else None
    except OSError:
        return None


def _replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp makes the file with mode 0600
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise
