"""Changing the text of a file that belongs to somebody, and nothing else about it.

Owner, group, mode, line ends and a byte order mark stay. The file is replaced in one step, so that a power
cut leaves the old one or the new one; where a new one could not be like it, the old one is written over.
"""

from __future__ import annotations

import codecs
import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

NEW_MODE = 0o600
"""Of a file that was not there: it may hold keys."""


@dataclass(frozen=True, slots=True)
class FileText:
    """The text of a file, and how it is written."""

    text: str
    """With ``\\n`` at the ends of lines."""
    crlf: bool = False
    """Its lines end as those of Windows do."""
    bom: bool = False
    """It begins with the byte order mark of UTF-8."""

    def encoded(self, text: str) -> bytes:
        """Return another text, written like this one."""
        lines = text.replace("\n", "\r\n") if self.crlf else text
        return (codecs.BOM_UTF8 if self.bom else b"") + lines.encode()


def read(path: Path) -> FileText:
    """Return a file's text; one that is not there is empty.

    Raises:
        OSError: It cannot be read.
        UnicodeDecodeError: It is not UTF-8.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return FileText("")
    bom = data.startswith(codecs.BOM_UTF8)
    text = data.decode("utf-8-sig")
    crlf = text.count("\r\n") * 2 > text.count("\n")
    return FileText(text.replace("\r\n", "\n"), crlf=crlf, bom=bom)


def write(path: Path, data: bytes) -> None:
    """Put other bytes into a file, or make it with its folders.

    Args:
        path: The file itself, not a link to it.
        data: All of it.

    Raises:
        OSError: It cannot be written. It is as it was, unless it had to be written over and the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        old = path.stat()
    except FileNotFoundError:
        old = None
    if old is None or not _is_shared(old):
        with suppress(_CannotBeAlike):
            return _replace(path, data, old)
    with path.open("r+b") as file:
        file.write(data)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    return None


class _CannotBeAlike(Exception):
    """A new file cannot be made, or not with the owner and the mode of the old one."""


def _is_shared(old: os.stat_result) -> bool:
    """Whether the file has other names, which a replacement would leave as they are, or is no plain file."""
    return old.st_nlink > 1 or not stat.S_ISREG(old.st_mode)


def _replace(path: Path, data: bytes, old: os.stat_result | None) -> None:
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except PermissionError as error:
        if old is None:
            raise
        raise _CannotBeAlike from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            _make_alike(file.fileno(), old)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _make_alike(descriptor: int, old: os.stat_result | None) -> None:
    if not hasattr(os, "fchown"):  # Windows: a new file has the rights of its folder, as the old one had
        return
    if old is not None:
        new = os.fstat(descriptor)
        if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
            try:
                os.fchown(descriptor, old.st_uid, old.st_gid)
            except PermissionError as error:
                raise _CannotBeAlike from error
    os.fchmod(descriptor, NEW_MODE if old is None else stat.S_IMODE(old.st_mode))
