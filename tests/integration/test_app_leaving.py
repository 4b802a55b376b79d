"""Leaving, as seen from outside: a real process under a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

SUPPORT = Path(__file__).parent.parent / "support"
PROGRAM = """
import signal, sys
if "ignore" in sys.argv:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
from fake_manager import FakeManager
from streamcore.config.model import Settings
from streamtui.app import StreamTuiApp
class Slow(FakeManager):
    async def __aexit__(self, *error):
        import asyncio
        await asyncio.sleep(3600)
app = StreamTuiApp(Settings(symbols=("SOL",)), manager_factory=Slow if "slow" in sys.argv else FakeManager)
app.run()
sys.exit(app.return_code or 0)
"""


class Terminal:
    """A pseudo-terminal with the app in it."""

    def __init__(self, *arguments: str) -> None:
        self.master, inside = pty.openpty()
        environ = {
            **os.environ,
            "PYTHONPATH": str(SUPPORT),
            "TERM": "xterm-256color",
            "LINES": "24",
            "COLUMNS": "80",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments],
            stdin=inside,
            stdout=inside,
            stderr=inside,
            env=environ,
            start_new_session=True,
        )
        os.close(inside)
        self.output = b""

    def read_until(self, wanted: bytes, seconds: float = 10.0) -> None:
        end = time.monotonic() + seconds
        while wanted not in self.output and time.monotonic() < end:
            self.read()
        assert wanted in self.output, self.output[-2000:]

    def read(self, seconds: float = 0.05) -> None:
        if select.select([self.master], [], [], seconds)[0]:
            try:
                self.output += os.read(self.master, 1 << 16)
            except OSError:
                time.sleep(seconds)

    def wait(self, seconds: float) -> int:
        """Return the exit status; the process must end within that time."""
        end = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < end:
            self.read()
        self.read()
        assert self.process.returncode is not None, "it is still running"
        return self.process.returncode


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.process.kill()
        terminal.process.wait()


def opened(terminals: list[Terminal], *arguments: str) -> Terminal:
    terminal = Terminal(*arguments)
    terminals.append(terminal)
    terminal.read_until(b"live")
    return terminal


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(terminals: list[Terminal], number: signal.Signals) -> None:
    terminal = opened(terminals)
    terminal.process.send_signal(number)
    assert terminal.wait(2.0) == 0
    assert b"\x1b[?1049l" in terminal.output  # back from the alternate screen
    assert b"\x1b[?25h" in terminal.output  # the cursor is visible again
    assert b"Traceback" not in terminal.output


def test_ctrl_c_ends_it(terminals: list[Terminal]) -> None:
    terminal = opened(terminals)
    os.write(terminal.master, b"\x03")
    assert terminal.wait(2.0) == 0
    assert b"Traceback" not in terminal.output


def test_an_engine_that_does_not_close_cannot_keep_it(terminals: list[Terminal]) -> None:
    terminal = opened(terminals, "slow")
    os.write(terminal.master, b"q")
    assert terminal.wait(3.0) == 0
    assert b"Traceback" not in terminal.output


def test_a_terminal_that_vanishes_does_not_leave_it_spinning(terminals: list[Terminal]) -> None:
    terminal = opened(terminals, "ignore")
    os.close(terminal.master)
    terminal.process.wait(timeout=4.0)
