"""The last resort against what cannot be cancelled, in a process that hangs."""

from __future__ import annotations

import subprocess
import sys

from processes import LIMIT

from streamtui.commands import stream
from streamtui.commands.shutdown import LEAVE_WITHIN, Deadline

HANGS = """
import threading
from streamtui.commands.shutdown import Deadline
with Deadline(0.01) as deadline:
    deadline.start(3)
    threading.Event().wait()
"""


def test_what_hangs_is_ended_with_the_status_it_was_given() -> None:
    assert subprocess.run([sys.executable, "-c", HANGS], timeout=LIMIT, check=False).returncode == 3


def test_what_ends_in_time_is_left_alone() -> None:
    with Deadline(3600.0) as deadline:
        deadline.start()
        deadline.start()


def test_leaving_takes_less_than_the_two_seconds_a_person_is_ready_to_wait() -> None:
    assert stream.FLUSH_WITHIN + stream.CLOSE_WITHIN < LEAVE_WITHIN < 2.0
