"""What moves or differs between machines stands still in tests of the app."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from textual_internals import pause_until_idle


@pytest.fixture(autouse=True)
def frozen_surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [*os.environ]:
        if name.startswith("TEXTUAL_SNAPSHOT"):
            continue  # the screenshot plugin's own
        if name.startswith(("TEXTUAL", "SSH_", "STREAMTUI_")) or name in ("NO_COLOR", "COLORTERM"):
            monkeypatch.delenv(name)
    pause_until_idle(monkeypatch)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
