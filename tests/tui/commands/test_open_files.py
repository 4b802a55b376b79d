"""A near miss of issue 11: with ``ulimit -n 20`` the program seemed to hang."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from processes import COMMAND, LIMIT, surroundings

from streamtui.commands.open_files import FEWEST

pytestmark = pytest.mark.long


def limited(tmp_path: Path, limit: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command after a limit was set in a shell."""
    return subprocess.run(
        ["sh", "-c", f'{limit}; exec "$@"', "sh", *COMMAND, *arguments],
        capture_output=True,
        text=True,
        env=surroundings(tmp_path),
        timeout=LIMIT,
        check=False,
    )


@pytest.mark.parametrize("files", [20, 12, FEWEST - 1])
@pytest.mark.parametrize(
    "command",
    [
        ("stream", "--demo", "-s", "SOL"),
        ("doctor", "--demo"),
        ("--demo",),
        ("history", "--demo", "SOL"),
        ("search", "--demo", "SOL"),
        ("emulator",),
    ],
)
def test_too_few_open_files_are_one_sentence_and_status_2(
    tmp_path: Path, command: tuple[str, ...], files: int
) -> None:
    ran = limited(tmp_path, f"ulimit -n {files}", *command)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == (
        f"streamtui: open files = {files} (limit of this process): at least {FEWEST} files and connections "
        "must be allowed to be open at once; see ulimit -n\n"
    )


def test_a_limit_that_may_be_raised_is_raised(tmp_path: Path) -> None:
    ran = limited(tmp_path, "ulimit -S -n 20", "stream", "--demo", "-s", "SOL", "--count", "3")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Too many open files" not in ran.stdout


def test_just_enough_open_files_are_enough_for_the_demo(tmp_path: Path) -> None:
    limit = f"ulimit -n {FEWEST}"
    ran = limited(tmp_path, limit, "stream", "--demo", "-s", "SOL,BTC,ETH,JUP", "--duration", "3")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Too many open files" not in ran.stdout
    assert '"price"' in ran.stdout
