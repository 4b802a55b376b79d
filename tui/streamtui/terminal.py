"""Whether there is still somebody at the other end."""

from __future__ import annotations

import os
import threading

_STANDARD_INPUT = 0


def is_there() -> bool:
    """Return whether standard input is a terminal that has not hung up.

    A hang-up usually comes with SIGHUP, but not to a process that was detached from its terminal. Such a
    process would read end-of-file for ever, at the cost of a whole core.
    """
    return os.isatty(_STANDARD_INPUT)


def end_within(seconds: float) -> None:
    """End the process after that time, whatever still hangs: a terminal that is gone can hold up writing.

    Does nothing more when the process has ended by itself before.
    """
    timer = threading.Timer(seconds, os._exit, (0,))
    timer.daemon = True
    timer.start()
