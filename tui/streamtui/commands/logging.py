"""Where log lines go: a file, standard error, or nowhere; never with a key in them."""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from streamcore import Mask, MaskingFilter, SettingsError, printable, without_secrets

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
DEFAULT_LEVEL = "WARNING"
MAX_LINE = 4000

FILE_ONLY = {"file_only": True}
"""Pass it as ``extra`` to a log call: the record then goes to the log file only, not to the terminal."""


def level_named(text: str) -> str:
    """Return the level in capitals, however it was written.

    Raises:
        SettingsError: There is no such level.
    """
    level = text.strip().upper()
    if level not in LEVELS:
        allowed = f"expected one of: {', '.join(LEVELS).lower()}"
        raise SettingsError("log level", text, allowed, "option --log-level")
    return level


@contextmanager
def log_lines(
    *, level: str | None, file: Path | None, on_screen: bool, secrets: Iterable[str] = ()
) -> Iterator[None]:
    """Send log lines to a file, to standard error, or nowhere, while inside.

    Args:
        level: A name from `LEVELS` in any case; ``None`` is ``warning``. It is the level of the file if there
            is one, and standard error then stays at ``warning``.
        file: Where to append; created readable by its owner alone. ``None``: no file.
        on_screen: Whether lines also go to standard error; not for the app, whose screen covers it.
        secrets: Texts to mask in every line, also in those of libraries.

    Raises:
        SettingsError: There is no such level, or the file cannot be written.
    """
    chosen = level_named(level or DEFAULT_LEVEL)
    handlers: list[logging.Handler] = []
    if file is not None:
        handlers.append(_file_handler(file, chosen, covered=not on_screen))
    if on_screen:
        stderr = _Lines(sys.stderr)
        stderr.setLevel(chosen if file is None else max(logging.WARNING, _number(chosen)))
        stderr.setFormatter(_OneLine("{levelname}: {name}: {message}", style="{"))
        stderr.addFilter(lambda record: not getattr(record, "file_only", False))
        handlers.append(stderr)
    if not handlers:
        handlers.append(logging.NullHandler())  # without any handler, logging writes to standard error itself
    root = logging.getLogger()
    level_before = root.level
    mask = Mask(secrets)
    for handler in handlers:
        handler.addFilter(MaskingFilter(mask))
        root.addHandler(handler)
    root.setLevel(min((handler.level for handler in handlers if handler.level), default=logging.WARNING))
    try:
        yield
    finally:
        root.setLevel(level_before)
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()


def _file_handler(file: Path, level: str, *, covered: bool) -> logging.Handler:
    from streamtui.commands.log_file import LogFile  # the first frame need not wait for it

    try:
        # a pipe that nobody reads is an error and not waited for
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0), 0o600))
        handler = LogFile(file, covered=covered, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        reason = f"cannot be written: {error.strerror or type(error).__name__}"
        if error.errno == errno.ENXIO:
            reason = "nobody reads from it, and it is not a file"
        raise SettingsError("log file", str(file), reason, "option --log-file") from error
    handler.setLevel(level)
    handler.setFormatter(_WithTraceback("{asctime} {levelname} {name}: {message}", style="{"))
    return handler


class _Lines(logging.StreamHandler[Any]):
    """Standard error; lines that cannot be written are lost."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name logging calls
        """Go on: a log line never stops the work, and there is nowhere else to say so."""


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level]


class _OneLine(logging.Formatter):
    """A record as one line, whatever it holds; tracebacks are left out."""

    def format(self, record: logging.LogRecord) -> str:
        record.message = record.getMessage()
        if self.usesTime():
            record.asctime = self.formatTime(record)
        record.message = without_secrets(record.message)
        return printable(self.formatMessage(record), limit=MAX_LINE)


class _WithTraceback(_OneLine):
    """One line, and below it the traceback, if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        lines = [super().format(record)]
        if record.exc_text:  # already rendered and masked by the filter
            lines += [
                printable(without_secrets(line), limit=MAX_LINE) for line in record.exc_text.splitlines()
            ]
        return "\n".join(lines)
