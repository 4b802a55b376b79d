"""What kind of terminal this is, and whether there is still somebody at the other end."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, MutableMapping

_STANDARD_INPUT = 0


_NO_SCREEN = ("", "dumb", "unknown", "network", "lpr", "printer")
"""Values of TERM, and of an empty one, for what can only print one line after the other."""


def has_screen(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal can place text anywhere, by the name it gives itself in ``TERM``."""
    return environ.get("TERM", "") not in _NO_SCREEN


def has_colours(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal has colours, as far as the system's descriptions of terminals tell.

    A terminal that nobody has described is taken to have them, as most do.
    """
    if environ.get("COLORTERM"):
        return True
    try:
        import curses

        curses.setupterm(environ.get("TERM", ""))
        return curses.tigetnum("colors") > 1
    except (
        Exception
    ):  # no curses on Windows, no description of this terminal: `curses.error` has no other base
        return True


def prepare(environ: MutableMapping[str, str]) -> None:
    """Let the app know the terminal as it is: its own size, and no colours where it has none.

    ``COLUMNS`` and ``LINES`` are what some shell once saw; they would win over the terminal's own word, and
    no change of its size would be noticed.
    """
    environ.pop("COLUMNS", None)
    environ.pop("LINES", None)
    if not has_colours(environ):
        environ["NO_COLOR"] = "1"


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
