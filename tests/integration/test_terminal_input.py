"""What a terminal may send to the app, as bytes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from processes import surroundings, under_a_terminal

pytestmark = pytest.mark.timeout(150)

SUPPORT = Path(__file__).parent.parent / "support"
APP = """
import sys
from fake_manager import FakeManager
from streamcore.config.model import Settings
from streamtui.app import StreamTuiApp
app = StreamTuiApp(Settings(symbols=("SOL",)), manager_factory=FakeManager)
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
