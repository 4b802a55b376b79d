from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from processes import surroundings, under_a_terminal

from streamcore.errors import SettingsError
from streamtui.terminal import (
    BROWSER_DRIVERS,
    check_textual,
    has_screen,
    is_ascii_only,
    is_in_browser,
    prepare,
)


@pytest.mark.parametrize("name", ["dumb", "unknown", ""])
def test_a_terminal_that_can_only_print_has_no_screen(name: str) -> None:
    assert not has_screen({"TERM": name})
    assert not has_screen({})


@pytest.mark.parametrize("name", ["xterm-256color", "screen", "tmux", "linux", "vt100", "never-heard-of"])
def test_every_other_terminal_has_one(name: str) -> None:
    assert has_screen({"TERM": name})


def colours_of(**environ: str) -> str:
    """Return what `prepare` makes of NO_COLOR; in a process of its own, curses knows one terminal in each."""
    script = f"from streamtui.terminal import prepare; e = {environ}; prepare(e); print(e.get('NO_COLOR'))"
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()


@pytest.mark.parametrize("name", ["vt100", "xterm-mono"])
def test_a_terminal_without_colours_gets_none(name: str) -> None:
    pytest.importorskip("curses")
    assert colours_of(TERM=name) == "1"


@pytest.mark.parametrize(
    "environ",
    [{"TERM": "xterm-256color"}, {"TERM": "never-heard-of"}, {"TERM": "vt100", "COLORTERM": "24bit"}],
)
def test_a_terminal_with_colours_or_that_nobody_has_described_keeps_them(environ: dict[str, str]) -> None:
    assert colours_of(**environ) == "None"


def test_the_terminals_own_size_wins_over_what_a_shell_has_exported() -> None:
    environ = {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    prepare(environ)
    assert not {"COLUMNS", "LINES"} & environ.keys()


def test_a_browser_is_known_by_the_driver_that_textual_is_told_to_use() -> None:
    assert not is_in_browser({})
    assert not is_in_browser({"TEXTUAL_DRIVER": "textual.drivers.headless_driver:HeadlessDriver"})
    for driver in BROWSER_DRIVERS:
        assert is_in_browser({"TEXTUAL_DRIVER": driver})
        module, _, name = driver.partition(":")
        assert hasattr(import_module(module), name)


@pytest.mark.parametrize(
    "environ",
    [
        {"LANG": "C"},
        {"LANG": "POSIX"},
        {"LC_ALL": "C", "LANG": "de_DE.UTF-8"},
        {"LC_ALL": "POSIX", "LC_CTYPE": "C.UTF-8"},
        {"LC_CTYPE": "C", "LANG": "de_DE.UTF-8"},
        {"LC_CTYPE": "C.UTF-8", "LANG": "C", "LC_ALL": ""},  # Python itself sets the first of these
    ],
)
def test_the_locales_c_and_posix_ask_for_ascii(environ: dict[str, str]) -> None:
    assert is_ascii_only(environ)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"LANG": ""},
        {"LANG": "C.UTF-8"},
        {"LANG": "C", "LC_CTYPE": "en_US.UTF-8"},
        {"LANG": "C", "LC_ALL": "C.UTF-8"},
        {"LC_ALL": "C", "PYTHONUTF8": "1"},
        {"LC_ALL": "C", "PYTHONIOENCODING": "utf-8"},
    ],
)
def test_every_other_environment_leaves_it_to_the_encoding(environ: dict[str, str]) -> None:
    assert not is_ascii_only(environ)


@pytest.mark.parametrize(
    "driver", ["nosuch:Driver", "textual:Driver", "textual.app:App", "junk", ":", "\udcff:x"]
)
def test_a_driver_of_textual_that_is_none_is_named_with_what_to_do(driver: str) -> None:
    with pytest.raises(SettingsError, match=r"^TEXTUAL_DRIVER = .*unset it"):
        check_textual({"TEXTUAL_DRIVER": driver})


def test_a_log_of_textual_that_cannot_be_written_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^TEXTUAL_LOG = .*cannot be written.*unset it"):
        check_textual({"TEXTUAL_LOG": str(tmp_path)})


def test_what_textual_can_use_is_left_to_it(tmp_path: Path) -> None:
    check_textual({})
    for driver in BROWSER_DRIVERS:
        check_textual({"TEXTUAL_DRIVER": driver, "TEXTUAL_LOG": str(tmp_path / "log")})


HANGS_ON_LEAVING = """
import termios, time, tty
from streamtui import terminal
restore = terminal.restoring()
tty.setraw(0)
print(chr(27) + "[?1049h" + "hangs", flush=True)
terminal.end_within(0.1, restore)
time.sleep(1000)
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="terminals are others there")
async def test_what_hangs_on_leaving_is_ended_with_the_terminal_restored(tmp_path: Path) -> None:
    import termios

    with under_a_terminal((sys.executable, "-c", HANGS_ON_LEAVING), surroundings(tmp_path)) as shown:
        before = termios.tcgetattr(shown.master)
        await shown.shows(b"hangs")
        assert await shown.ends() == 0
        assert b"\x1b[?1049l" in shown.output
        assert b"\x1b[?25h" in shown.output
        assert termios.tcgetattr(shown.master)[3] == before[3]
