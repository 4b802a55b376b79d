"""What moves or differs between machines stands still in tests of the app."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from textual import _wait
from textual import screen as textual_screen


@pytest.fixture(autouse=True)
def frozen_surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [*os.environ]:
        if name.startswith("TEXTUAL_SNAPSHOT"):
            continue  # the screenshot plugin's own
        if name.startswith(("TEXTUAL", "SSH_", "STREAMTUI_")) or name in ("NO_COLOR", "COLORTERM"):
            monkeypatch.delenv(name)
    # Textual's pilot looks every 20 ms whether the app has come to rest, and an app paints every 17 ms:
    # most of a test would be spent asleep
    monkeypatch.setattr(_wait, "SLEEP_GRANULARITY", 1 / 200)
    monkeypatch.setattr(_wait, "SLEEP_IDLE", 1 / 2000)
    monkeypatch.setattr(textual_screen, "UPDATE_PERIOD", 1 / 500)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()
