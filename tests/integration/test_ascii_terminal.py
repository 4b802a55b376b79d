"""A terminal whose locale has nothing but ASCII."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from processes import COMMAND, surroundings, under_a_terminal

pytestmark = [pytest.mark.long, pytest.mark.timeout(150)]


@pytest.mark.parametrize("locale", [{"LANG": "C", "LC_ALL": ""}, {"LC_ALL": "POSIX"}, {"LC_ALL": "C"}])
async def test_in_the_locale_c_no_screen_has_a_sign_beyond_ascii(
    tmp_path: Path, locale: dict[str, str]
) -> None:
    environment = surroundings(tmp_path, locale)
    for name in ("PYTHONUTF8", "PYTHONIOENCODING", "LC_CTYPE"):
        environment.pop(name, None)
    with under_a_terminal((*COMMAND, "--demo", "--symbols", "SOL,BTC"), environment) as terminal:
        await terminal.shows(b"* live")
        terminal.press(b"\r")
        await terminal.shows(b"candles: ")
        terminal.press(b"vq")
        terminal.press(b"?")
        await terminal.shows(b"What is watched")
        terminal.press(b"\x03")
        assert await terminal.ends() == 0
        assert terminal.output.isascii()


def test_what_goes_into_a_pipe_is_utf_8_in_every_locale(tmp_path: Path) -> None:
    environment = surroundings(tmp_path, {"LC_ALL": "C"})
    command = (*COMMAND, "search", "bonk", "--demo", "--format", "json")
    shown = subprocess.run(command, env=environment, capture_output=True, timeout=60, check=True).stdout
    assert not shown.isascii(), "one of them is written in Greek"
    assert shown.decode()
