"""How a command ends: exit status, output written to the end, and a sentence for what went wrong."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager, suppress

from streamtui.stderr import say

TYPE_CHECKING = False  # the module typing takes as long to import as argparse
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

DONE = 0
FAILED = 1
WRONG_USAGE = 2

UNWRITABLE = (errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Errors of writing to standard output: its reader is gone, or the disk is full or broken."""


class Ended(Exception):
    """Ends the command with this exit status; the reason has been printed already."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)


class Ending:
    """How a command ended; made by `ending` and `writing`."""

    status = DONE
    """The exit status."""


@contextmanager
def ending() -> Iterator[Ending]:
    """Turn the ways in which a command ends into an exit status."""
    from streamcore import InputError, SettingsError

    with writing() as end:
        try:
            yield end
        except Ended as ended:
            end.status = ended.status
        except (SettingsError, InputError) as error:
            say(str(error))
            end.status = WRONG_USAGE
        except KeyboardInterrupt:
            pass


@contextmanager
def writing() -> Iterator[Ending]:
    """Write out what was printed, also before an exit, and say so if it cannot be written."""
    end = Ending()
    try:
        try:
            yield end
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        # nothing may be written any more when Python flushes at exit
        with suppress(ValueError):  # it is no file
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # whoever read a pipe has seen enough
            say(f"the output cannot be written: {error.strerror}")
            end.status = FAILED


def refuse(sentence: str) -> NoReturn:
    """End the command: it was not used as it can be used."""
    say(sentence)
    raise Ended(WRONG_USAGE)


def fail(sentence: str) -> NoReturn:
    """End the command: it ran and failed."""
    say(sentence)
    raise Ended(FAILED)
