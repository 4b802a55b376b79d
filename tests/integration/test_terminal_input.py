"""What a terminal may send to the app, as bytes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from processes import surroundings, under_a_terminal

pytestmark = [pytest.mark.long, pytest.mark.timeout(150)]

SUPPORT = Path(__file__).parent.parent / "support"
APP = """
import sys
from fake_manager import FakeManager
from streamcore.config.model import Settings
from streamtui.app import StreamTuiApp
app = StreamTuiApp(Settings(symbols=("SOL",)), engine_factory=FakeManager)
app.run()
sys.exit(app.return_code)
"""

SHELL = """
import os, signal, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
child = os.fork()
if not child:
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
while os.WIFSTOPPED(status := os.waitpid(child, os.WUNTRACED)[1]):
    os.tcsetpgrp(0, os.getpgrp())
    print("stopped", flush=True)
    sys.stdin.readline()
    os.tcsetpgrp(0, child)
    os.killpg(child, signal.SIGCONT)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""What a shell does on Ctrl+Z, and then, for any line, as for `fg`."""


async def test_a_byte_that_is_no_utf_8_does_not_end_the_app(tmp_path: Path) -> None:
    environment = surroundings(tmp_path, {"PYTHONPATH": str(SUPPORT)})
    with under_a_terminal((sys.executable, "-c", APP), environment) as terminal:
        await terminal.shows(b"live")
        terminal.press(b"\xe9")
        terminal.press(b"\xff\xfe\x80")
        terminal.press(b"?")
        await terminal.shows(b"What is watched")
        terminal.press(b"\x03")
        assert await terminal.ends() == 0
        assert b"Traceback" not in terminal.output


async def test_a_text_pasted_on_the_main_screen_by_a_terminal_that_marks_no_paste_presses_no_key(
    tmp_path: Path,
) -> None:
    environment = surroundings(tmp_path, {"PYTHONPATH": str(SUPPORT)})
    with under_a_terminal((sys.executable, "-c", APP), environment) as terminal:
        await terminal.shows(b"live")
        terminal.press(b"quickly, q quits\r")
        await terminal.shows(b"Nothing is typed here")
        terminal.press(b"?")
        await terminal.shows(b"What is watched")
        terminal.press(b"quickly, q quits\r")  # and here the first would close, the second quit
        terminal.output = b""
        terminal.press(b"\x1b")
        await terminal.shows(b"PRICES")
        terminal.press(b"s")
        await terminal.shows(b"Subscribe symbols")
        terminal.press(b"bonk, wif")
        await terminal.shows(b"dogwifhat")
        terminal.press(b"\x03")
        assert await terminal.ends() == 0


async def test_ctrl_z_gives_the_terminal_back_and_the_app_goes_on_where_it_was(tmp_path: Path) -> None:
    environment = surroundings(tmp_path, {"PYTHONPATH": str(SUPPORT)})
    with under_a_terminal((sys.executable, "-c", SHELL, "-c", APP), environment) as terminal:
        await terminal.shows(b"live")
        for _ in range(3):  # only what changed meanwhile was painted, from the second time on nothing
            terminal.press(b"\x1a")
            await terminal.shows(b"\x1b[?1049l")  # back from the alternate screen
            await terminal.shows(b"stopped")
            terminal.output = b""
            terminal.press(b"\n")
            await terminal.shows(b"live")
        terminal.press(b"q")
        assert await terminal.ends() == 0
