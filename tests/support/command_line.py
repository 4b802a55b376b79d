"""The command line inside the test's own process."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from streamtui.cli import main


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit status, its output and its errors."""

    status: int
    out: str
    errors: str


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> Ran:
    """Run a command as it is typed."""
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    out, errors = capsys.readouterr()
    status = end.value.code
    assert status is None or isinstance(status, int)
    return Ran(status or 0, out, errors)
