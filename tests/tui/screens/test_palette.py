"""The command palette: what it offers, and what its input refuses."""

from __future__ import annotations

import base58
import pytest
from stage import on_stage
from textual.widgets import Input

KEY = base58.b58encode(bytes([77] * 63 + [200])).decode()


async def test_a_command_is_found_and_run() -> None:
    async with on_stage() as stage:
        await stage.press("ctrl+p")
        await stage.type("subscribe")
        await stage.pass_time(0.5)
        assert "Subscribe" in stage.text()
        await stage.press("enter")
        await stage.pass_time(0.1)
        assert "Subscribe symbols" in stage.text()


async def test_it_opens_once() -> None:
    async with on_stage() as stage:
        await stage.press("ctrl+p")
        stage.app.action_command_palette()
        await stage.press()
        assert len(stage.app.screen_stack) == 2


async def test_a_theme_is_found_and_chosen() -> None:
    async with on_stage() as stage:
        stage.app.action_change_theme()
        await stage.press()
        await stage.type("nord")
        await stage.pass_time(0.5)
        await stage.press("enter")
        await stage.pass_time(0.1)
        assert stage.app.theme == "nord"


@pytest.mark.parametrize("palette", ["command_palette", "change_theme"])
async def test_a_secret_is_refused_without_being_shown(palette: str) -> None:
    async with on_stage() as stage:
        getattr(stage.app, f"action_{palette}")()
        await stage.press()
        await stage.type(KEY)
        await stage.pass_time(0.1)
        assert stage.app.screen.query_one(Input).value == ""
        assert "looks like a wallet's secret" in " ".join(stage.toasts().split())
        assert KEY[:12] not in stage.text() + stage.toasts()
