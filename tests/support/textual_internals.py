"""Every use of undocumented parts of Textual in the tests; no other file there may use any."""

from __future__ import annotations

from typing import Any

import pytest
from textual import _wait
from textual import screen as textual_screen
from textual.app import App
from textual.widget import Widget

TOUCHED = (
    "textual._wait:SLEEP_GRANULARITY",
    "textual._wait:SLEEP_IDLE",
    "textual.app:App._notifications",
    "textual.screen:Screen._compositor",
    "textual.screen:UPDATE_PERIOD",
    "textual.widget:Widget._exchange_repaint_regions",
    "textual.widget:Widget._repaint_required",
)
"""The parts used, each as ``module:name``."""


def pause_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a pilot check more often whether the app is idle, and let the app paint more often.

    By default a pilot checks every 20 ms and an app paints every 17 ms, so a test would mostly sleep.
    """
    monkeypatch.setattr(_wait, "SLEEP_GRANULARITY", 1 / 200)
    monkeypatch.setattr(_wait, "SLEEP_IDLE", 1 / 2000)
    monkeypatch.setattr(textual_screen, "UPDATE_PERIOD", 1 / 500)


def lines_of(app: App[Any]) -> list[str]:
    """Return what the screen on top shows, line by line."""
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def toasts_of(app: App[Any]) -> list[str]:
    """Return the texts of the notifications on the screen."""
    return [toast.message for toast in app._notifications]


def count_as_painted(widget: Widget) -> None:
    """Mark a widget as painted: nothing of it waits for a repaint."""
    widget._exchange_repaint_regions()
    widget._repaint_required = False


def waits_for_repaint(widget: Widget) -> bool:
    """Return whether something of a widget waits for a repaint."""
    return widget._repaint_required
