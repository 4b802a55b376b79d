"""What the terminal can do, whether it is still there, and ending the process when it hangs."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.driver import Driver

_STANDARD_INPUT = 0


_NO_SCREEN = ("", "dumb", "unknown", "network", "lpr", "printer")
"""Values of ``TERM`` for what can only print line after line; empty: it is not set."""


BROWSER_DRIVERS = ("textual.drivers.web_driver:WebDriver", "streamtui.web.driver:BrowserDriver")
"""Values of ``TEXTUAL_DRIVER`` for an app in a browser: Textual's own driver, and that of ``serve``."""


def is_in_browser(environ: Mapping[str, str]) -> bool:
    """Return whether the app is to be shown by a browser, through pipes at its input and output."""
    return environ.get("TEXTUAL_DRIVER", "") in BROWSER_DRIVERS


def has_screen(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal can place text anywhere on its screen, judged by ``TERM``."""
    return environ.get("TERM", "") not in _NO_SCREEN


def has_colours(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal has colours, by ``COLORTERM`` and the terminfo database.

    A terminal that is not in the database is taken to have them, as most do.
    """
    if environ.get("COLORTERM"):
        return True
    try:
        import curses

        curses.setupterm(environ.get("TERM", ""))
        return curses.tigetnum("colors") > 1
    except Exception:
        # no curses on Windows, no description of this terminal: `curses.error` has no other base
        return True


_SET_BY_PYTHON = ("C.UTF-8", "C.utf8")
"""What Python sets ``LC_CTYPE`` to where the locale is C, for itself and what it starts (PEP 538)."""


def is_ascii_only(environ: Mapping[str, str]) -> bool:
    """Return whether the environment asks for the locale ``C`` or ``POSIX``, so that a terminal has ASCII.

    Python writes UTF-8 in these locales as well, because they are often what is left when nobody has set one
    (PEP 540). An environment that names none is taken so here, too, and whoever tells Python the encoding is
    obeyed.
    """
    if environ.get("PYTHONUTF8") or environ.get("PYTHONIOENCODING"):
        return False
    characters = environ.get("LC_CTYPE", "")
    if characters in _SET_BY_PYTHON:
        characters = ""
    return (environ.get("LC_ALL") or characters or environ.get("LANG")) in ("C", "POSIX")


def prepare(environ: MutableMapping[str, str]) -> None:
    """Change the environment so that Textual takes the terminal's own size, and no colours if it has none.

    Textual prefers ``COLUMNS`` and ``LINES`` to the size the terminal reports. A shell may have exported them
    long ago, and with them no change of the size would be noticed.
    """
    environ.pop("COLUMNS", None)
    environ.pop("LINES", None)
    if not has_colours(environ):
        environ["NO_COLOR"] = "1"


def driver_class(environ: Mapping[str, str]) -> type[Driver] | None:
    """Return what is to show the app on a terminal; ``None``: what Textual chooses.

    That is where ``TEXTUAL_DRIVER`` names something else, and on Windows, whose terminals take everything.
    """
    if environ.get("TEXTUAL_DRIVER"):
        return None
    try:
        from streamtui.output.driver import TerminalDriver
    except ImportError:
        return None
    return TerminalDriver


def is_there() -> bool:
    """Return whether standard input is a terminal that has not hung up.

    A hang-up usually comes with SIGHUP, but not to a process that was detached from its terminal. Such a
    process would read end-of-file for ever, at the cost of a whole core.
    """
    return os.isatty(_STANDARD_INPUT)


def has_shell() -> bool:
    """Return whether a shell could let this process go on after it was stopped.

    A shell gives every job a group of processes of its own. What a terminal has started itself, such as
    ``tmux new streamtui``, would stand still until it is killed.
    """
    return os.getpgrp() != os.getsid(0)


def end_within(seconds: float) -> None:
    """End the process with status 0 after that time, unless it has ended before.

    For a terminal that is gone: writing to it may block for ever.
    """
    timer = threading.Timer(seconds, os._exit, (0,))
    timer.daemon = True
    timer.start()
