"""Writing to a terminal that may be slow, stand still for minutes, or be gone, without ever waiting for it.

Textual's own writer lets the app wait once 30 writes are under way: over an ssh connection that hangs, the
whole app would hang, and no signal would end it. Here a thread writes, and the app asks how far it has come.
"""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from collections.abc import Callable

BEHIND = 16 * 1024
"""Bytes that wait to be written from which on the terminal is behind; a full screen has about as many."""
KEPT = 1024 * 1024
"""Bytes that may wait. More is dropped: the whole screen is painted anew once the terminal has caught up."""
PORTION = 2048
"""Bytes of one write. What a terminal that stands still has of it fits into its buffer once that is empty."""


class TerminalWriter:
    """Writes to a terminal in a thread, in order."""

    def __init__(
        self,
        descriptor: int,
        *,
        caught_up: Callable[[], None] = lambda: None,
        gone: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin; `stop` must be called in the end.

        Args:
            descriptor: Of the terminal. It may have been set to non-blocking by another program.
            caught_up: Called in the thread when everything is written after `is_behind` was true.
            gone: Called in the thread, once, when the terminal takes nothing any more and never will.
        """
        self._descriptor = descriptor
        self._caught_up = caught_up
        self._gone = gone
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        """Bytes that are not written yet, those of the portion under way included."""
        self._written = 0
        self._was_behind = False
        self._is_gone = False
        self._stopping = False
        self._changed = threading.Condition()
        # a daemon: a write that never ends must not keep the process
        self._thread = threading.Thread(target=self._run, name="terminal-output", daemon=True)
        self._thread.start()

    @property
    def is_behind(self) -> bool:
        """Whether so much waits to be written that painting more now would only show it later."""
        return self._was_behind

    def write(self, data: bytes) -> None:
        """Have this written after what was given before; returns at once."""
        with self._changed:
            if self._is_gone or self._waiting_bytes > KEPT:
                return
            self._waiting.append(data)
            self._waiting_bytes += len(data)
            if self._waiting_bytes > BEHIND:
                self._was_behind = True
            self._changed.notify_all()

    def drain(self, patience: float) -> bool:
        """Wait until everything is written; return ``False`` if nothing was for so many seconds."""
        with self._changed:
            while self._waiting_bytes and not self._is_gone:
                written = self._written
                self._changed.wait(patience)
                if self._written == written and self._waiting_bytes:
                    return False
        return True

    def drop(self) -> None:
        """Drop what waits, except for the portion that is being written."""
        with self._changed:
            self._waiting_bytes -= sum(map(len, self._waiting))
            self._waiting.clear()

    def stop(self) -> None:
        """Write nothing after what was given before. Does not wait for it: call `drain` before."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._stopping:
                    self._changed.wait()
                if not self._waiting:
                    return
                data = self._waiting.popleft()
            if not self._write_all(data):
                break
            with self._changed:
                caught_up = self._was_behind and not self._waiting
                if caught_up:
                    self._was_behind = False
            if caught_up:
                self._caught_up()
        with self._changed:
            self._is_gone = True
            self._was_behind = False
            self._waiting.clear()
            self._waiting_bytes = 0
            self._changed.notify_all()
        self._gone()

    def _write_all(self, data: bytes) -> bool:
        """Write; return whether the terminal has taken it."""
        left = memoryview(data)
        while left:
            try:
                count = os.write(self._descriptor, left[:PORTION])
            except BlockingIOError:  # the terminal is shared, and another program has set this
                select.select([], [self._descriptor], [])
                continue
            except OSError:
                return False
            left = left[count:]
            with self._changed:
                self._written += count
                self._waiting_bytes -= count
                self._changed.notify_all()
        return True
