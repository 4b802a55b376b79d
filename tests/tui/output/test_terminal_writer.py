"""A terminal that takes nothing keeps nobody waiting; what it has taken is in order and complete."""

from __future__ import annotations

import os
import pty
import select
import threading
import tty
from collections.abc import Iterator

import pytest

from streamtui.output.terminal_writer import BEHIND, KEPT, TerminalWriter

WITHIN = 30.0
"""Seconds of real time after which something that has not happened fails a test."""


class Terminal:
    """A pseudo-terminal that takes nothing until somebody reads."""

    def __init__(self) -> None:
        self._master, self.descriptor = pty.openpty()
        tty.setraw(self.descriptor)
        self._is_open = True
        self.caught_up, self.gone = threading.Event(), threading.Event()
        self.writer = TerminalWriter(self.descriptor, caught_up=self.caught_up.set, gone=self.gone.set)

    def read(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            assert select.select([self._master], [], [], WITHIN)[0], len(found)
            found += os.read(self._master, size - len(found))
        return found

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            os.close(self._master)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.writer.drop()
    terminal.writer.stop()
    terminal.close()
    os.close(terminal.descriptor)


def test_everything_is_written_in_order(terminal: Terminal) -> None:
    lines = [b"%d\n" % number for number in range(20_000)]
    for line in lines:
        terminal.writer.write(line)
    everything = b"".join(lines)
    assert terminal.read(len(everything)) == everything
    assert terminal.writer.drain(WITHIN)


def test_a_terminal_that_takes_nothing_is_behind_until_it_has_taken_everything(terminal: Terminal) -> None:
    assert not terminal.writer.is_behind
    text = b"x" * (BEHIND + 1)
    terminal.writer.write(text)
    assert terminal.writer.is_behind
    assert not terminal.writer.drain(0.05)
    assert not terminal.caught_up.is_set()
    terminal.read(len(text))
    assert terminal.caught_up.wait(WITHIN)
    assert not terminal.writer.is_behind


def test_only_so_much_is_kept_for_a_terminal_that_takes_nothing(terminal: Terminal) -> None:
    for _ in range(100):
        terminal.writer.write(b"x" * (KEPT // 8))
    terminal.read(KEPT + KEPT // 8)
    assert terminal.writer.drain(WITHIN)


def test_what_waits_can_be_dropped(terminal: Terminal) -> None:
    terminal.writer.write(b"x" * 100_000)
    terminal.writer.write(b"never")
    begun = terminal.read(1)  # until then all of it waits
    terminal.writer.drop()
    terminal.writer.write(b"end")
    assert begun + terminal.read(100_002) == b"x" * 100_000 + b"end"


def test_a_terminal_that_another_program_has_set_to_non_blocking_gets_everything(terminal: Terminal) -> None:
    os.set_blocking(terminal.descriptor, False)
    text = os.urandom(100_000)
    terminal.writer.write(text)
    assert terminal.read(len(text)) == text


def test_a_closed_terminal_is_told_and_takes_no_time(terminal: Terminal) -> None:
    terminal.writer.write(b"x" * 100_000)
    terminal.close()
    assert terminal.gone.wait(WITHIN)
    terminal.writer.write(b"more")
    assert terminal.writer.drain(WITHIN)
    assert not terminal.writer.is_behind
