"""The real command as a process, behind pipes or under a terminal.

A test waits for what the process prints or does. `LIMIT` only catches a process that hangs; no test depends
on how fast the machine is.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from streamsim import Emulators

COMMAND = (sys.executable, "-m", "streamtui")

LIMIT = 60.0
"""Seconds of real time after which a test fails because something has not happened."""


def surroundings(home: Path, variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a process without any keys and settings but the given ones.

    Args:
        home: Folder in which the configuration is looked for.
        variables: What to set.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("STREAMTUI_") and name not in ("BIRDEYE_API_KEY", "HELIUS_API_KEY")
    }
    given = dict(variables or {})
    if "PYTHONPATH" in given and "PYTHONPATH" in inherited:  # where the program itself may come from
        given["PYTHONPATH"] += os.pathsep + os.pathsep.join(
            str(Path(folder).absolute()) for folder in inherited["PYTHONPATH"].split(os.pathsep)
        )
    return inherited | {"XDG_CONFIG_HOME": str(home)} | given


def leading_to(emulators: Emulators) -> dict[str, str]:
    """Return the variables that make the command use these emulators, with keys."""
    return {
        "BIRDEYE_API_KEY": "paid",
        "STREAMTUI_BIRDEYE_WS_URL": emulators.birdeye.ws_url,
        "STREAMTUI_BIRDEYE_REST_URL": emulators.birdeye.rest_url,
        "HELIUS_API_KEY": "dev",
        "STREAMTUI_HELIUS_WS_URL": emulators.helius.ws_url,
        "STREAMTUI_HELIUS_RPC_URL": emulators.helius.rpc_url,
    }


class PipedCommand:
    """The command with a pipe at its output and one at its errors."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            bufsize=0,  # with a buffer, select would not see what Python has read already
        )

    def line(self) -> bytes:
        """Return the next line of its output; empty at the end."""
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], LIMIT)
        assert ready, "no line came"
        return bytes(self.process.stdout.readline())

    def line_with(self, start: str) -> str:
        """Return the next line that begins so; what comes before it is passed over."""
        while line := self.line():
            if line.decode().startswith(start):
                return line.decode().rstrip("\n")
        raise AssertionError(f"no line begins with {start!r}")

    def events_until(self, condition: Callable[[list[dict[str, Any]]], object]) -> list[dict[str, Any]]:
        """Read events until the condition holds for those read so far, and return them."""
        events: list[dict[str, Any]] = []
        while not condition(events):
            line = self.line()
            assert line, events
            events.append(json.loads(line))
        return events

    def stop_reading(self) -> None:
        """Close the reading end of its output."""
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.stdout = None

    def end(self, number: signal.Signals | None = None) -> tuple[int, bytes, bytes]:
        """Send it a signal, if one is given, and return its status, its last output and its errors."""
        if number is not None:
            self.process.send_signal(number)
        out, errors = self.process.communicate(timeout=LIMIT)
        return self.process.returncode, out, errors


@contextmanager
def starting(home: Path) -> Iterator[Callable[..., PipedCommand]]:
    """Yield a function that starts the command with arguments and variables; at the end all are killed."""
    started: list[PipedCommand] = []

    def start(*arguments: str, **variables: str) -> PipedCommand:
        started.append(PipedCommand(arguments, surroundings(home, variables)))
        return started[-1]

    try:
        yield start
    finally:  # also of a test that has failed
        for command in started:
            if command.process.poll() is None:
                command.process.kill()
            command.process.communicate()


class TerminalCommand:
    """A program under a pseudo-terminal."""

    def __init__(self, program: Sequence[str], environment: Mapping[str, str], *, controlling: bool) -> None:
        """Start it. ``controlling``: whether it gets SIGHUP when the terminal goes away."""
        self.master, inside = pty.openpty()

        def take_the_terminal() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            program,
            stdin=inside,
            stdout=inside,
            stderr=inside,
            env={**environment, "TERM": "xterm-256color", "LINES": "24", "COLUMNS": "80"},
            start_new_session=True,
            preexec_fn=take_the_terminal if controlling else None,
        )
        os.close(inside)
        self.output = b""
        self._hung_up = False

    def press(self, key: bytes) -> None:
        os.write(self.master, key)

    def resize(self, width: int, height: int) -> None:
        """Give the window another size in cells."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("4H", height, width, 0, 0))
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGWINCH)

    def hang_up(self) -> None:
        """Close the window."""
        self._hung_up = True
        os.close(self.master)

    async def until(self, condition: Callable[[], object]) -> None:
        """Read what it shows until the condition holds."""
        end = time.monotonic() + LIMIT
        while not condition():
            assert time.monotonic() < end, self.output[-1500:]
            self._read()
            await asyncio.sleep(0.01)

    async def shows(self, text: bytes) -> None:
        await self.until(lambda: text in self.output)

    async def ends(self) -> int:
        """Return its exit status as soon as it has ended."""
        await self.until(lambda: self.process.poll() is not None)
        self._read()
        return self.process.returncode

    def close(self) -> None:
        """Kill it if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if not self._hung_up:
            self.hang_up()

    def _read(self) -> None:
        while not self._hung_up and select.select([self.master], [], [], 0)[0]:
            with contextlib.suppress(OSError):  # it has closed the terminal
                if part := os.read(self.master, 1 << 16):
                    self.output += part
                    continue
            return


@contextmanager
def under_a_terminal(
    program: Sequence[str], environment: Mapping[str, str], *, controlling: bool = True
) -> Iterator[TerminalCommand]:
    """Run a program under a terminal; if it still runs at the end it is killed."""
    command = TerminalCommand(program, environment, controlling=controlling)
    try:
        yield command
    finally:
        command.close()
