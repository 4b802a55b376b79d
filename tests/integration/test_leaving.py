"""Leaving, as seen from outside: the command under a terminal says goodbye to its servers and is gone."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from processes import COMMAND, LIMIT, TerminalCommand, leading_to, surroundings, under_a_terminal
from relay_bench import eventually

from streamsim import Emulators
from streamsim.servers.clients import Client

pytestmark = [pytest.mark.long, pytest.mark.timeout(150)]

WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
HELP = b"What is watched"
"""Words that only the help has."""
SUPPORT = Path(__file__).parent.parent / "support"

WITHOUT_A_DEADLINE = (
    sys.executable,
    "-c",
    """
import sys
from streamtui import programs
from streamtui.commands import shutdown, stream
programs.LEAVE_WITHIN = stream.CLOSE_WITHIN = stream.FLUSH_WITHIN = 60.0
shutdown.Deadline.__init__.__defaults__ = (60.0,)
from streamtui.cli import main
sys.exit(main())
""",
)
"""The command with a minute to leave: on a busy machine its goodbye may take longer than its usual deadline.

The deadline is for what hangs; see test_servers_that_answer_nothing_any_more_cannot_keep_it.
"""

WITH_A_FAKE_ENGINE = """
from fake_manager import FakeManager
from streamcore.config.model import Settings
from streamtui.app import StreamTuiApp
StreamTuiApp(Settings(symbols=("SOL",)), engine_factory=FakeManager).run()
"""

HOST = """
import threading
from fake_manager import FakeManager
from streamcore.config.model import Settings
from streamtui.app import StreamTuiApp
app = StreamTuiApp(Settings(symbols=("SOL",)), engine_factory=FakeManager)
app.run()
timers = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
print("the host goes on, nothing is left to end it" if not timers else f"{timers} would end the host")
"""


SHELL = """
import os, signal, sys

def to_the_foreground(group):
    os.tcsetpgrp(0, group)

signal.signal(signal.SIGTTOU, signal.SIG_IGN)
child = os.fork()
if not child:
    os.setpgid(0, 0)
    to_the_foreground(os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
print("stopped", os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1]), flush=True)
to_the_foreground(os.getpgrp())
os.killpg(child, signal.SIGCONT)  # as `bg`: it must not touch the terminal now
print("stopped again", os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1]), flush=True)
os.killpg(child, signal.SIGTERM)
os.killpg(child, signal.SIGCONT)  # as `kill %1`
_, status = os.waitpid(child, os.WUNTRACED)
print("ended with", os.WEXITSTATUS(status) if os.WIFEXITED(status) else "nothing, it was stopped", flush=True)
if os.WIFSTOPPED(status):
    os.killpg(child, signal.SIGKILL)
"""
"""What a shell does on Ctrl+Z, `bg` and `kill %1`."""


def signalled(number: signal.Signals) -> Callable[[TerminalCommand], None]:
    return lambda terminal: terminal.process.send_signal(number)


async def close_codes(clients: Iterable[Client]) -> set[int | None]:
    """Return with what these connections were closed, once the last words of the process are read."""
    connections = [client.connection for client in clients]
    assert connections
    for connection in connections:
        await connection.wait_closed()
    return {connection.close_code for connection in connections}


WAYS_OUT: dict[str, Callable[[TerminalCommand], None]] = {
    "q": lambda terminal: terminal.press(b"q"),
    "Ctrl+C": lambda terminal: terminal.press(b"\x03"),
    "SIGINT": signalled(signal.SIGINT),
    "SIGTERM": signalled(signal.SIGTERM),
    "SIGHUP": signalled(signal.SIGHUP),
    "closed window": TerminalCommand.hang_up,
}


@pytest.mark.parametrize("way", WAYS_OUT)
async def test_the_app_closes_its_sockets_restores_the_terminal_and_is_gone(way: str, tmp_path: Path) -> None:
    async with Emulators(market_rate=20.0) as emulators:
        command = (*WITHOUT_A_DEADLINE, "-s", "SOL", "-w", WALLET)
        with under_a_terminal(command, surroundings(tmp_path, leading_to(emulators))) as terminal:
            await terminal.until(
                lambda: emulators.birdeye.price_subscriptions and emulators.helius.subscriptions
            )
            await terminal.shows(b"live")
            clients = (*emulators.birdeye.clients, *emulators.helius.clients)
            WAYS_OUT[way](terminal)
            assert await terminal.ends() == 0
        assert await close_codes(clients) == {1000}
        assert b"Traceback" not in terminal.output
        if way != "closed window":
            assert b"\x1b[?1049l" in terminal.output  # back from the alternate screen
            assert b"\x1b[?25h" in terminal.output  # the cursor is visible again


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_who_presses_ctrl_c_again_and_again_gets_no_other_end(
    number: signal.Signals, tmp_path: Path
) -> None:
    with under_a_terminal((*COMMAND, "--demo", "-s", "SOL"), surroundings(tmp_path)) as terminal:
        await terminal.shows(b"live")

        def ended() -> bool:
            terminal.process.send_signal(number)
            return terminal.process.poll() is not None

        await terminal.until(ended)
        assert await terminal.ends() == 0
        _, _, after = terminal.output.rpartition(b"\x1b[?1049l")
        assert re.sub(rb"\x1b\[[?0-9]+[hl]", b"", after).strip() == b""


async def test_a_terminal_that_takes_nothing_any_more_keeps_the_app_from_nothing(tmp_path: Path) -> None:
    async with Emulators(market_rate=20.0) as emulators:
        command = (*WITHOUT_A_DEADLINE, "-s", "SOL", "-w", WALLET)
        with under_a_terminal(command, surroundings(tmp_path, leading_to(emulators))) as terminal:
            await terminal.until(
                lambda: emulators.birdeye.price_subscriptions and emulators.helius.subscriptions
            )
            await terminal.shows(b"live")
            clients = (*emulators.birdeye.clients, *emulators.helius.clients)
            for number in range(60):  # each has the whole screen painted; nothing of it is read
                terminal.resize(200, 40 + number % 2)
                await asyncio.sleep(0.02)
            terminal.process.send_signal(signal.SIGTERM)
            await asyncio.to_thread(terminal.process.wait, LIMIT)
            assert terminal.process.returncode == 0
            await terminal.ends()  # reads what the terminal still holds
        assert await close_codes(clients) == {1000}
        # the terminal gets this when it takes something again: the person is back in a usable shell
        assert terminal.output.rfind(b"\x1b[?1049l") > terminal.output.rfind(b"\x1b[?1049h")
        assert b"\x1b[?25h" in terminal.output
        assert b"Traceback" not in terminal.output


async def test_a_terminal_that_takes_something_again_shows_how_things_stand_now(tmp_path: Path) -> None:
    async with Emulators(market_rate=20.0) as emulators:
        with under_a_terminal(
            (*COMMAND, "-s", "SOL"), surroundings(tmp_path, leading_to(emulators))
        ) as terminal:
            await terminal.shows(b"live")
            for number in range(60):
                terminal.resize(200, 40 + number % 2)
                await asyncio.sleep(0.02)
            emulators.birdeye.drop()
            # reconnecting takes a running event loop
            await eventually(lambda: len(emulators.birdeye.handshakes) > 1)
            terminal.press(b"?")
            assert HELP not in terminal.output
            await terminal.shows(HELP)


async def test_what_is_stopped_with_ctrl_z_can_be_ended_from_the_shell(tmp_path: Path) -> None:
    environment = surroundings(tmp_path, {"PYTHONPATH": str(SUPPORT)})
    with under_a_terminal((sys.executable, "-c", SHELL, "-c", WITH_A_FAKE_ENGINE), environment) as terminal:
        await terminal.shows(b"live")
        terminal.press(b"\x1a")
        await terminal.shows(b"stopped True")
        await terminal.shows(b"stopped again True")
        await terminal.shows(b"ended with 0")
        assert await terminal.ends() == 0


async def test_ctrl_z_stops_nothing_where_no_shell_could_let_it_go_on(tmp_path: Path) -> None:
    environment = surroundings(tmp_path, {"PYTHONPATH": str(SUPPORT)})
    with under_a_terminal((sys.executable, "-c", WITH_A_FAKE_ENGINE), environment) as terminal:
        await terminal.shows(b"live")
        terminal.press(b"\x1a")
        await terminal.shows(b"no shell")
        terminal.press(b"q")
        assert await terminal.ends() == 0


async def test_a_stream_whose_terminal_is_closed_ends_as_well(tmp_path: Path) -> None:
    async with Emulators(market_rate=20.0) as emulators:
        command = (*WITHOUT_A_DEADLINE, "stream", "-s", "SOL")
        with under_a_terminal(command, surroundings(tmp_path, leading_to(emulators))) as terminal:
            await terminal.shows(b'"event":"price"')
            clients = tuple(emulators.birdeye.clients)
            terminal.hang_up()
            assert await terminal.ends() == 0
        assert await close_codes(clients) == {1000}


async def test_servers_that_answer_nothing_any_more_cannot_keep_it(tmp_path: Path) -> None:
    async with Emulators(market_rate=20.0) as emulators:
        command = (*COMMAND, "-s", "SOL", "-w", WALLET)
        with under_a_terminal(command, surroundings(tmp_path, leading_to(emulators))) as terminal:
            await terminal.until(
                lambda: emulators.birdeye.price_subscriptions and emulators.helius.subscriptions
            )
            await terminal.shows(b"live")
            emulators.birdeye.freeze()
            emulators.helius.freeze()
            terminal.press(b"q")
            assert await terminal.ends() == 0
        assert b"Traceback" not in terminal.output


async def test_a_terminal_that_vanishes_without_a_signal_does_not_leave_it_spinning(tmp_path: Path) -> None:
    environment = surroundings(tmp_path, {"PYTHONPATH": str(SUPPORT)})
    program = (sys.executable, "-c", WITH_A_FAKE_ENGINE)
    with under_a_terminal(program, environment, controlling=False) as terminal:
        await terminal.shows(b"live")
        terminal.hang_up()
        await terminal.ends()


async def test_the_app_as_a_library_does_not_end_the_program_that_ran_it(tmp_path: Path) -> None:
    environment = surroundings(tmp_path, {"PYTHONPATH": str(SUPPORT)})
    with under_a_terminal((sys.executable, "-c", HOST), environment) as terminal:
        await terminal.shows(b"live")
        terminal.press(b"q")
        await terminal.shows(b"the host goes on, nothing is left to end it")
        assert await terminal.ends() == 0
