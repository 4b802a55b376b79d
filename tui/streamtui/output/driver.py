"""Textual's driver for terminals, made to survive terminals that stand still or are gone. Not for Windows."""

from __future__ import annotations

import sys
import termios
from contextlib import suppress
from typing import Any, Protocol, TextIO, cast

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from streamtui.output.terminal_writer import TerminalWriter

PATIENCE = 0.5
"""Seconds without a byte taken, on leaving, after which the terminal is said to stand still."""
END_WHAT_WAS_CUT = "\x18\x1b\\\x1b[?2026l"
"""Ends a control sequence that was cut off, a string in one, and a synchronized update."""


class CatchesUp(Protocol):
    """An app that paints nothing while the terminal is behind."""

    def terminal_caught_up(self) -> None:
        """Paint everything: the terminal has taken all that was written."""
        ...


class TerminalDriver(LinuxDriver):
    """Shows an app on the terminal at standard output, and never waits for that terminal."""

    def __init__(self, app: App[Any], **more: Any) -> None:
        super().__init__(app, **more)
        self._output = _screen()
        # a name may hold half of a character; Textual would end the app over it
        self._errors = self._output.errors if self._output.errors not in (None, "strict") else "replace"
        self._shown = app
        self._writer: TerminalWriter | None = None

    @property
    def is_behind(self) -> bool:
        """Whether to paint anything now would only have it shown later."""
        return self._writer is not None and self._writer.is_behind

    def write(self, data: str) -> None:
        """Have a text written; returns at once."""
        if self._writer is not None:
            self._writer.write(data.encode(self._output.encoding, self._errors or "replace"))

    def start_application_mode(self) -> None:
        """Begin to write and to read."""
        self._output.flush()
        if self._writer is None:
            self._writer = TerminalWriter(self._output.fileno(), caught_up=self._catch_up, gone=self._leave)
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def stop_application_mode(self) -> None:
        """Restore the terminal; one that stands still will be in order once it takes something again."""
        writer = self._writer
        if writer is not None and not writer.drain(PATIENCE):
            writer.drop()
            self._empty()
            writer.write(END_WHAT_WAS_CUT.encode())
        super().stop_application_mode()

    def close(self) -> None:
        """End the writing; what a terminal that stands still cannot hold is lost."""
        super().close()
        writer, self._writer = self._writer, None
        if writer is not None:
            if not writer.drain(PATIENCE):
                self._empty()
                writer.drain(PATIENCE)
            writer.stop()

    def run_input_thread(self) -> None:
        """Read the keyboard; leave when the terminal cannot be read any more."""
        try:
            super().run_input_thread()
        except OSError:
            self._leave()

    def _empty(self) -> None:
        """Drop what the system holds for the terminal, which was written and never taken."""
        with suppress(termios.error):
            termios.tcflush(self._output.fileno(), termios.TCOFLUSH)

    def _leave(self) -> None:
        with suppress(RuntimeError):  # it has left already
            self._shown.call_later(self._shown.exit)

    def _catch_up(self) -> None:
        with suppress(RuntimeError):
            self._shown.call_later(cast("CatchesUp", self._shown).terminal_caught_up)


def _screen() -> TextIO:
    """Return where the screen is: standard output, or standard error if that alone is a terminal."""
    standard, errors = sys.__stdout__, sys.__stderr__
    chosen = errors if standard is None or (errors is not None and not standard.isatty()) else standard
    assert chosen is not None  # noqa: S101 - there is no app without a terminal
    return chosen
