"""What is left over from the start is given back."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from streamtui.memory import give_back


def test_giving_back_works_wherever_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    give_back()
    monkeypatch.setattr(sys, "platform", "darwin")
    give_back()


@pytest.mark.skipif(sys.platform != "linux", reason="only there something is given back")
def test_memory_that_is_free_goes_back_to_the_system() -> None:
    program = textwrap.dedent("""
        import os
        from pathlib import Path
        from streamtui.memory import give_back

        def held():
            return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

        give_back()  # what this imports is not counted
        kept = [bytes(1000) for _ in range(60_000)]
        del kept[:-1]  # the last one keeps the C library from giving back the rest by itself
        before = held()
        give_back()
        print(before - held())
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 10_000_000
