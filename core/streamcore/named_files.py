"""Files that a person has named in an option, a setting or a variable, checked before they are read.

A pipe would be waited for, a device such as ``/dev/zero`` never ends, and a folder says nothing useful.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

LARGEST = 16 * 1024 * 1024
"""Bytes. Nothing that is configured is nearly as large."""


def check_file(path: str | Path, largest: int = LARGEST) -> None:
    """Do nothing if that is a file which can be read as a whole; ``/dev/null`` is taken for an empty one.

    Args:
        path: Its name.
        largest: Bytes it may have.

    Raises:
        OSError: It is no such file, or there is none; `reason_of` makes a phrase of the error.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 - a text that is no name of a file is refused, too
    except ValueError:
        raise OSError(errno.EINVAL, "that is no name of a file") from None
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder, not a file")
    if not stat.S_ISREG(found.st_mode) and str(path) != os.devnull:
        raise OSError(errno.EINVAL, "it is not a file")
    if found.st_size > largest:
        raise OSError(errno.EFBIG, f"it is larger than {largest >> 20} MB")
    with Path(path).open("rb"):  # who may not read it is told so here, not by OpenSSL
        pass


def read_file(path: str | Path, largest: int = LARGEST) -> bytes:
    """Return what is in a file, after `check_file`.

    Raises:
        OSError: It cannot be read.
    """
    check_file(path, largest)
    return Path(path).read_bytes()


def reason_of(error: OSError | UnicodeError) -> str:
    """Return as a phrase why a file cannot be read or written."""
    if isinstance(error, UnicodeError):
        return "it is no text"
    return error.strerror or type(error).__name__


def check_folder(path: Path) -> None:
    """Do nothing if that is a folder, or could be made as one.

    Raises:
        NotADirectoryError: It, or something that it would be in, is something else; the text says what.
        OSError: That is no name.
    """
    for place in (path, *path.parents):
        try:
            place.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except ValueError:
            raise OSError(errno.EINVAL, "that is no name of a folder") from None
        if not place.is_dir():
            which = "it" if place == path else str(place)
            raise NotADirectoryError(errno.ENOTDIR, f"{which} is not a folder")
        return
