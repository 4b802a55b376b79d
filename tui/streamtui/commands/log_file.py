"""The log file of a command."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any


class LogFile(WatchedFileHandler):
    """A log file, opened anew when it was renamed or removed, as programs that rotate logs do."""

    _lost = False

    def __init__(self, file: Path, *, covered: bool, **more: Any) -> None:
        """``covered``: the app's screen covers standard error."""
        super().__init__(file, **more)
        self._covered = covered

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name logging calls
        """Go on: a log line never stops the work. The first one that is lost is told on standard error."""
        error = sys.exc_info()[1]
        if self._lost or self._covered or sys.stderr is None:
            return
        self._lost = True
        reason = getattr(error, "strerror", None) or type(error).__name__
        with suppress(OSError):
            print(f"streamtui: warning: log lines are lost: {self.baseFilename}: {reason}", file=sys.stderr)

    def close(self) -> None:
        """Close; what could not be written is lost, and has been told."""
        with suppress(OSError):
            super().close()
