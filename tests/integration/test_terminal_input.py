"""What a terminal may send to the app, as bytes."""

from __future__ import annotations

import signal
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
    with under_a_terminal((sys.executable, "-c", APP), environment) as terminal:
        await terminal.shows(b"live")
        stat = Path(f"/proc/{terminal.process.pid}/stat")
        for _ in range(3):  # only what changed meanwhile was painted, from the second time on nothing
            terminal.press(b"\x1a")
            await terminal.shows(b"\x1b[?1049l")  # back from the alternate screen
            await terminal.until(lambda: stat.read_text().rsplit(")", 1)[1].split()[0] == "T")
            terminal.output = b""
            terminal.process.send_signal(signal.SIGCONT)
            await terminal.shows(b"live")
        terminal.press(b"q")
        assert await terminal.ends() == 0
