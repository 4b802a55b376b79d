"""Leaving well: the real command under a terminal says goodbye to its servers and is gone in time."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from streamsim import Emulators

WITHIN = 2.0
"""Seconds a person is ready to wait."""


class Terminal:
    """The command in a pseudo-terminal that is its controlling terminal."""

    def __init__(self, home: Path, *arguments: str, **variables: str) -> None:
        self.master, inside = pty.openpty()
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("STREAMTUI_") and name not in ("BIRDEYE_API_KEY", "HELIUS_API_KEY")
        } | {"XDG_CONFIG_HOME": str(home), "TERM": "xterm-256color", "LINES": "24", "COLUMNS": "80"}

        def control() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [sys.executable, "-m", "streamtui", *arguments],
            stdin=inside,
            stdout=inside,
            stderr=inside,
            env=environment | variables,
            start_new_session=True,
            preexec_fn=control,
        )
        os.close(inside)
        self.output = b""
        self.hung_up = False

    def read(self) -> None:
        if not self.hung_up and select.select([self.master], [], [], 0)[0]:
            try:
                self.output += os.read(self.master, 1 << 16)
            except OSError:
                self.hung_up = True

    def hang_up(self) -> None:
        """Close the terminal window."""
        self.hung_up = True
        os.close(self.master)

    async def until(self, condition: Callable[[], object], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, self.output[-1500:]
            self.read()
            await asyncio.sleep(0.01)

    async def ends(self) -> tuple[int, float]:
        """Return the exit status and how long it took from now on."""
        began = time.monotonic()
        await self.until(lambda: self.process.poll() is not None, WITHIN + 1)
        took = time.monotonic() - began
        self.read()
        return self.process.returncode, took

    def clean_up(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        if not self.hung_up:
            os.close(self.master)


def variables(emulators: Emulators) -> dict[str, str]:
    return {
        "BIRDEYE_API_KEY": "paid",
        "STREAMTUI_BIRDEYE_WS_URL": emulators.birdeye.ws_url,
        "STREAMTUI_BIRDEYE_REST_URL": emulators.birdeye.rest_url,
        "HELIUS_API_KEY": "dev",
        "STREAMTUI_HELIUS_WS_URL": emulators.helius.ws_url,
        "STREAMTUI_HELIUS_RPC_URL": emulators.helius.rpc_url,
    }


def press_q(terminal: Terminal) -> None:
    os.write(terminal.master, b"q")


def signalled(number: signal.Signals) -> Callable[[Terminal], None]:
    return lambda terminal: terminal.process.send_signal(number)


WAYS_OUT = {
    "q": press_q,
    "SIGINT": signalled(signal.SIGINT),
    "SIGTERM": signalled(signal.SIGTERM),
    "SIGHUP": signalled(signal.SIGHUP),
    "closed terminal": Terminal.hang_up,
}


@pytest.mark.parametrize("way", WAYS_OUT)
async def test_the_app_closes_its_sockets_restores_the_terminal_and_is_gone(way: str, tmp_path: Path) -> None:
    async with Emulators(market_rate=20.0) as emulators:
        arguments = ("-s", "SOL", "-w", "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T")
        terminal = Terminal(tmp_path, *arguments, **variables(emulators))
        try:
            await terminal.until(lambda: emulators.birdeye.clients and emulators.helius.subscriptions, 10)
            await terminal.until(lambda: b"live" in terminal.output, 10)
            clients = (*emulators.birdeye.clients, *emulators.helius.clients)
            WAYS_OUT[way](terminal)
            status, took = await terminal.ends()
        finally:
            terminal.clean_up()
        assert status == 0
        assert took < WITHIN
        assert {client.connection.close_code for client in clients} == {1000}
        assert b"Traceback" not in terminal.output
        if way != "closed terminal":
            assert b"\x1b[?1049l" in terminal.output  # back from the alternate screen
            assert b"\x1b[?25h" in terminal.output  # the cursor is visible again


async def test_a_stream_whose_terminal_is_closed_ends_as_well(tmp_path: Path) -> None:
    async with Emulators(market_rate=20.0) as emulators:
        terminal = Terminal(tmp_path, "stream", "-s", "SOL", **variables(emulators))
        try:
            await terminal.until(lambda: b'"event":"price"' in terminal.output, 10)
            clients = emulators.birdeye.clients
            terminal.hang_up()
            status, took = await terminal.ends()
        finally:
            terminal.clean_up()
        assert (status, took < WITHIN) == (0, True)
        assert {client.connection.close_code for client in clients} == {1000}
