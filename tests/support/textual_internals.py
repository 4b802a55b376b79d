"""Every use of undocumented parts of Textual in the tests; no other file there may use any."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

import pytest
from textual import _wait
from textual import screen as textual_screen
from textual.app import App
from textual.widget import Widget

TOUCHED = (
    "textual._wait:SLEEP_IDLE",
    "textual._wait:sleep",
    "textual.app:App._notifications",
    "textual.screen:Screen._compositor",
    "textual.screen:UPDATE_PERIOD",
    "textual.widget:Widget._exchange_repaint_regions",
    "textual.widget:Widget._repaint_required",
)
"""The parts used, each as ``module:name``."""


MOMENT = 0.02
"""Seconds: what is due so soon is waited for. An animation takes a step every 17 ms."""

LONGEST = 5.0
"""Seconds after which an app that is never idle is looked at as it is."""


def pause_until_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a pilot wait until the app has nothing to do, and let the app paint more often.

    By default a pilot sleeps 20 ms at a time until the process has used hardly any time of the processor
    meanwhile, and an app paints every 17 ms. A test would mostly sleep, and on a busy machine take an app for
    idle that just had no turn.
    """
    at_work = 0
    to_thread = asyncio.to_thread

    async def counted(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        nonlocal at_work
        at_work += 1
        try:
            return await to_thread(function, *arguments, **named)
        finally:
            at_work -= 1

    async def until_idle(_: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + LONGEST
        while loop.time() < end:
            await asyncio.sleep(0)
            if loop._ready:  # type: ignore[attr-defined]
                continue
            timers = [timer.when() for timer in loop._scheduled if not timer.cancelled()]  # type: ignore[attr-defined]
            due = min(timers, default=end) - loop.time()
            if due < MOMENT:
                await asyncio.sleep(max(0.0, due))
            elif at_work:
                await asyncio.sleep(MOMENT / 10)
            else:
                return

    monkeypatch.setattr(asyncio, "to_thread", counted)
    monkeypatch.setattr(_wait, "sleep", until_idle)
    monkeypatch.setattr(_wait, "SLEEP_IDLE", math.inf)
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
