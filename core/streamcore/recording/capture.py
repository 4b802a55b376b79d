"""A capture: a file that keeps raw frames and HTTP exchanges as they came, with keys masked.

A thread of its own masks, encodes and writes; the caller never waits, and never sees an error of the file.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Self, TypeAlias

from streamcore.clock import Clock, SystemClock
from streamcore.config.keys import secrets
from streamcore.config.model import Settings
from streamcore.net.transport import Transport
from streamcore.recording.lines import FORMAT, Line, Start, Stop, encoded
from streamcore.recording.masking import Masking, ProviderUrls, own_hosts
from streamcore.recording.transport import CapturingTransport

MAX_BYTES = 50 * 1024 * 1024
"""How large a file may become."""

CLOSE_WITHIN = 5.0
"""Seconds that `Capture.close` waits for a disk that does not respond."""

_ROOM_FOR_THE_END = 200
"""Bytes reserved for the last line, which says why the capture ended."""

_LOGGER = logging.getLogger(__name__)

_Lines: TypeAlias = Callable[[], Iterable[Line]]
"""Makes lines; called in the thread that writes."""


class Capture:
    """Captures what goes over the transports made by `around`; several engines may share one.

    Use it as a context manager around the engine; leaving it writes what is still waiting. When the file or
    the disk is full it ends by itself, logs a warning, and sets `ended`.
    """

    def __init__(
        self, path: Path, *, clock: Clock | None = None, max_bytes: int = MAX_BYTES, program: str = ""
    ) -> None:
        """Make the file, readable by its owner alone; one that is there already is left alone.

        Args:
            path: The file.
            clock: Time; the system's, unless a test brings its own.
            max_bytes: How large the file may become.
            program: Name and version of the program, for the reader of the file.

        Raises:
            OSError: The file is there already (`FileExistsError`), or cannot be made.
        """
        self.path = path
        self.ended = ""
        """Why it ended by itself, as a sentence; empty as long as it has not."""
        self._clock = clock or SystemClock()
        self._began = self._clock.monotonic()
        self._max_bytes = max_bytes
        self._accepted = 0
        """Bytes given to `note`; counted by the caller's thread."""
        self._written = 0
        """Those of them that are written or dropped; counted by the writing thread."""
        self._connections = 0
        self._masking = Masking(())
        self._queue: SimpleQueue[tuple[_Lines, int] | None] = SimpleQueue()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        self._file = open(os.open(path, flags, 0o600), "wb")  # noqa: PTH123, SIM115 - closed by the thread
        self._size = 0
        self._full = False
        # a daemon, so that a disk that hangs does not keep the process from ending
        self._thread = threading.Thread(target=self._write, name="capture", daemon=True)
        self._thread.start()
        start = Start(0.0, FORMAT, self._clock.time(), program)
        self.note(lambda: [start])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write what is waiting and close the file; calling it again does nothing."""
        self._queue.put(None)
        self._thread.join(CLOSE_WITHIN)
        if self._thread.is_alive():
            self._end(f"{self.path} did not take all of the capture within {CLOSE_WITHIN:g} s")

    def around(self, transport: Transport, settings: Settings, *, configured: Settings) -> Transport:
        """Return a transport that uses another one, and captures what goes over it.

        Args:
            transport: The other one.
            settings: The settings in force, which say where each provider is.
            configured: The settings as a person has them: their secrets and private hosts are masked.
        """
        self._masking = self._masking.knowing((*secrets(configured), *own_hosts(configured)))
        return CapturingTransport(transport, self, ProviderUrls(settings), self._masking, self._clock)

    def now(self) -> float:
        """Return seconds since the capture began."""
        return round(self._clock.monotonic() - self._began, 6)

    def next_connection(self) -> int:
        """Return the number of a new WebSocket."""
        self._connections += 1
        return self._connections

    def note(self, lines: _Lines, size: int = 0) -> None:
        """Have lines written; returns at once.

        Args:
            lines: Makes them; called later, in another thread.
            size: Bytes they are made of; once more than ``max_bytes`` waits for the disk, the capture ends.
        """
        if self.ended:
            return
        if self._accepted - self._written > self._max_bytes:
            stop = Stop(self.now(), "the disk did not keep up")
            self._queue.put((lambda: [stop], 0))  # behind what waits, which is still written
            self._end(f"the disk of {self.path} does not keep up")
            return
        self._accepted += size
        self._queue.put((lines, size))

    def _write(self) -> None:
        try:
            with self._file:
                while (waiting := self._queue.get()) is not None:
                    lines, size = waiting
                    if not self._full:
                        self._append(lines())
                    self._written += size
                    if self._queue.empty():
                        self._file.flush()
        except OSError as error:
            self._end(f"{self.path} cannot be written any more: {error.strerror or type(error).__name__}")
        except Exception as error:
            _LOGGER.debug("the capture stopped on an internal error", exc_info=True)
            self._end(f"{self.path} was given up on an internal error ({type(error).__name__})")

    def _append(self, lines: Iterable[Line]) -> None:
        for line in lines:
            data = encoded(line)
            if self._size + len(data) + _ROOM_FOR_THE_END > self._max_bytes:
                reason = f"{self.path} is full, {self._max_bytes / 1024 / 1024:g} MiB"
                self._file.write(encoded(Stop(line.t, "the file is full")))
                self._full = True
                self._end(reason)
                return
            self._file.write(data)
            self._size += len(data)

    def _end(self, reason: str) -> None:
        if not self.ended:
            self.ended = f"nothing more is captured, everything else goes on: {reason}"
            _LOGGER.warning("%s", self.ended)
