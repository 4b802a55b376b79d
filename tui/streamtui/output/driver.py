"""Textual's driver for terminals, made to survive terminals that stand still or are gone. Not for Windows."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import termios
from contextlib import suppress
from typing import Any, Protocol, TextIO, cast

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from streamtui.output.terminal_writer import TerminalWriter

PATIENCE = 0.5
"""Seconds without a byte taken, on leaving, after which the terminal is said to stand still."""
TO_BE_TOLD = 0.1
"""Seconds in the background until the process stops: time for a signal to end it that came with the other."""
END_WHAT_WAS_CUT = "\x18\x1b\\\x1b[?2026l"
"""Ends a control sequence that was cut off, a string in one, and a synchronized update."""


class OnTerminal(Protocol):
    """An app that this driver can show."""

    is_leaving: bool
    """Whether it has been asked to end."""

    def terminal_caught_up(self) -> None:
        """Paint everything: the terminal has taken all that was written, or has just begun to."""
        ...


class TerminalDriver(LinuxDriver):
    """Shows an app on the terminal at standard output, and never waits for that terminal.

    Nor does it take the terminal from a shell in whose background it runs: then it stops, as any program
    that wants the terminal does, unless it was told to end.
    """

    def __init__(self, app: App[Any], **more: Any) -> None:
        super().__init__(app, **more)
        self._output = _screen()
        # control sequences are ASCII, and no terminal is told apart from them in another way
        is_usual = "\x1b".encode(self._output.encoding, "replace") == b"\x1b"
        self._encoding = self._output.encoding if is_usual else "utf-8"
        # a name may hold half of a character; Textual would end the app over it
        self._errors = self._output.errors if self._output.errors not in (None, "strict") else "replace"
        self._shown = app
        self._events = asyncio.get_running_loop()
        self._writer: TerminalWriter | None = None
        """``None`` while the terminal is not ours: before the start, while stopped, and in the background."""

    @property
    def is_behind(self) -> bool:
        """Whether to paint anything now would only have it shown later."""
        return self._writer is not None and self._writer.is_behind

    def write(self, data: str) -> None:
        """Have a text written; returns at once. Without the terminal it is dropped."""
        if self._writer is not None:
            self._writer.write(data.encode(self._encoding, self._errors or "replace"))

    def start_application_mode(self) -> None:
        """Begin to write and to read, unless the terminal belongs to another program."""
        if not _is_in_foreground(self._output.fileno()):
            self._events.call_soon_threadsafe(self._events.call_later, TO_BE_TOLD, self._stop_process)
            return
        if (
            self._writer is not None
        ):  # stopped by a signal that cannot be handled, and the terminal is changed
            self.suspend_application_mode()
        self._output.flush()
        self._writer = TerminalWriter(self._output.fileno(), caught_up=self._catch_up, gone=self._leave)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._catch_up()

    def _stop_process(self) -> None:
        """Stop until a shell brings it to the foreground. A signal to end has been heard before."""
        if not cast("OnTerminal", self._shown).is_leaving and self._writer is None:
            os.kill(os.getpid(), signal.SIGSTOP)

    def disable_input(self) -> None:
        """Stop reading."""
        if self._writer is not None:
            super().disable_input()

    def stop_application_mode(self) -> None:
        """Restore the terminal; one that stands still will be in order once it takes something again."""
        writer = self._writer
        if writer is None:
            return
        if not writer.drain(PATIENCE):
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
            self._shown.call_later(cast("OnTerminal", self._shown).terminal_caught_up)


def _is_in_foreground(descriptor: int) -> bool:
    """Whether the terminal is ours to use; one that no shell shares always is."""
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:  # it is gone, which is found out on writing, or it is not the one that sends us signals
        return True


def _screen() -> TextIO:
    """Return where the screen is: standard output, or standard error if that alone is a terminal."""
    standard, errors = sys.__stdout__, sys.__stderr__
    chosen = errors if standard is None or (errors is not None and not standard.isatty()) else standard
    assert chosen is not None  # noqa: S101 - there is no app without a terminal
    return chosen
