"""What stands between the app and its server: nothing but the screen goes through."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from streamtui.terminal import BROWSER_DRIVERS

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits"),
]

OPENS_AND_DELIVERS = """
import io
from textual.app import App

class Trying(App):
    def on_mount(self):
        self.open_url("https://evil.example")
        self.deliver_text(io.StringIO("a secret"), save_filename="secret.txt")
        self.deliver_screenshot()
        self.set_timer(0.3, self.exit)

Trying().run()
"""

TRIES_ALL = """
from pathlib import Path
from streamtui.web.confinement import MEMORY, confine

confine()
try:
    Path("file").write_text("x")
    print("written")
except OSError as error:
    print(error.strerror)
try:
    bytearray(2 * MEMORY)
    print("taken")
except MemoryError:
    print("no memory")
print(len(bytearray(100_000_000)))
"""


def ran(script: str, folder: Path, **variables: str) -> bytes:
    environment = {**os.environ, **variables}
    if "PYTHONPATH" in environment:
        folders = environment["PYTHONPATH"].split(os.pathsep)
        environment["PYTHONPATH"] = os.pathsep.join(str(Path(one).absolute()) for one in folders)
    arguments = [sys.executable, "-c", script]
    # its input stays open, as that of a tab does
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder, env=environment
    ) as process:
        assert process.stdout is not None
        return process.stdout.read()


def packets(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return kind and content of what a driver for browsers has written."""
    found = []
    data = data.partition(b"__GANGLION__\n")[2]
    while data:
        size = int.from_bytes(data[1:5], "big")
        found.append((data[:1], data[5 : 5 + size]))
        data = data[5 + size :]
    return found


def test_no_address_is_opened_and_no_file_handed_over_but_that_is_said(tmp_path: Path) -> None:
    found = packets(ran(OPENS_AND_DELIVERS, tmp_path, TEXTUAL_DRIVER=BROWSER_DRIVERS[-1]))
    assert [json.loads(content)["type"] for kind, content in found if kind == b"M"] == ["exit"]
    assert {kind for kind, _ in found} == {b"D", b"M"}
    shown = b"".join(content for kind, content in found if kind == b"D")
    assert b"No address is opened from here." in shown
    assert b"Not in a browser" in shown
    assert b"a secret" not in shown
    assert [*tmp_path.iterdir()] == []


def test_theirs_would_pass_both_on(tmp_path: Path) -> None:
    """So that the test above cannot pass for another reason."""
    found = packets(ran(OPENS_AND_DELIVERS, tmp_path, TEXTUAL_DRIVER=BROWSER_DRIVERS[0]))
    asked = [json.loads(content)["type"] for kind, content in found if kind == b"M"]
    assert asked == ["open_url", "deliver_file_start", "deliver_file_start", "exit"]


def test_the_system_refuses_files_and_memory(tmp_path: Path) -> None:
    assert ran(TRIES_ALL, tmp_path).decode().splitlines() == ["File too large", "no memory", "100000000"]
