"""What the terminal can do, whether it is still there, and ending the process when it hangs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.driver import Driver

_STANDARD_INPUT, _STANDARD_OUTPUT = 0, 1
LAST_WORDS = 0.5
"""Seconds that the very last thing before the end may take."""
_RESTORED = (
    b"\x18\x1b\\\x1b[?2026l"  # ends a sequence that was cut off, a string in one, and a synchronized update
    b"\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?2004l\x1b[?2048l\x1b[?1004l\x1b[?7h\x1b[<u\x1b[?1049l\x1b[?25h"
)
"""Takes back what Textual asks a terminal for."""


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


def end_within(seconds: float, last: Callable[[], None] | None = None) -> None:
    """End the process with status 0 after that time, unless it has ended before.

    Args:
        seconds: From now on.
        last: Called before, in a thread of its own; `LAST_WORDS` seconds later the process ends anyway.
    """

    def end() -> None:
        if last is not None:
            end_within(LAST_WORDS)
            last()
        os._exit(0)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


def restoring() -> Callable[[], None] | None:
    """Return what sets the terminal back to how it is now; ``None`` on Windows.

    For a process that has to be ended while the app hangs, which restores the terminal otherwise.
    """
    try:
        import termios
    except ImportError:
        return None
    try:
        attributes = termios.tcgetattr(_STANDARD_INPUT)
    except termios.error:  # it is none
        return None

    def restore() -> None:
        with suppress(termios.error):
            termios.tcsetattr(_STANDARD_INPUT, termios.TCSANOW, attributes)
            termios.tcflush(_STANDARD_OUTPUT, termios.TCOFLUSH)  # so that there is room for this
        with suppress(OSError):
            os.write(_STANDARD_OUTPUT, _RESTORED)

    return restore


def check_textual(environ: Mapping[str, str]) -> None:
    """Check the variables of Textual over which it would fail without a word of where that came from.

    Raises:
        SettingsError: One of them cannot be used; the text names it.
    """
    from streamcore import SettingsError

    driver = environ.get("TEXTUAL_DRIVER", "")
    if driver and not _is_driver(driver):
        allowed = "there is no such driver of Textual; unset it"
        raise SettingsError("TEXTUAL_DRIVER", driver, allowed, "environment")
    log = environ.get("TEXTUAL_LOG", "")
    try:
        if log:
            os.close(
                os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0), 0o600)
            )
    except OSError as error:
        allowed = (
            f"cannot be written: {error.strerror or type(error).__name__}; name another file, or unset it"
        )
        raise SettingsError("TEXTUAL_LOG", log, allowed, "environment") from None


def _is_driver(name: str) -> bool:
    from importlib import import_module

    from textual.driver import Driver

    module, _, symbol = name.partition(":")
    try:
        found = getattr(import_module(module), symbol)
    except (ImportError, AttributeError, ValueError, UnicodeError):
        return False
    return isinstance(found, type) and issubclass(found, Driver) and found is not Driver
