"""The help: every key, on one page where there is room."""

from __future__ import annotations

from typing import Any

import pytest
from stage import Stage, on_stage
from textual.binding import Binding

from streamtui.keys import COMMANDS, readable
from streamtui.screens.main.screen import MainScreen
from streamtui.widgets.line_table import LineTable


def shown_keys(stage: Stage) -> set[str]:
    return {word for line in stage.lines() for word in line.split()}


def all_keys() -> set[str]:
    bindings = [binding for binding in LineTable.BINDINGS if isinstance(binding, Binding)]
    keys = [*(command.keys for command in COMMANDS), *(binding.key for binding in bindings)]
    return {readable(key) for several in keys for key in several.split(",")}


async def test_the_help_lists_every_binding_of_the_main_screen() -> None:
    async with on_stage(size=(120, 75)) as stage:
        bindings = stage.app.screen.active_bindings.values()
        wanted = [
            readable(active.binding.key)
            for active in bindings
            if isinstance(active.node, MainScreen | LineTable)
        ]
        await stage.press("question_mark")
        internal = {"shift+tab", "ctrl+c", "super+c", "ctrl+q", "left", "right", "ctrl+home", "ctrl+end"}
        internal |= {"ctrl+pageup", "ctrl+pagedown", "esc"}
        assert {key for key in wanted if key not in internal} <= shown_keys(stage)


@pytest.mark.parametrize("settings", [{}, {"symbols": (), "wallets": (), "starter": True}])
async def test_the_first_page_of_the_help_has_every_key_at_120x40(settings: dict[str, Any]) -> None:
    async with on_stage(size=(120, 40), **settings) as stage:
        for name in ("birdeye", "helius"):
            stage.manager.set_status(name, demo=True)
        await stage.pass_time(1.0)
        await stage.press("question_mark")
        assert "DEMO" in stage.lines()[0]
        assert all_keys() <= shown_keys(stage)


@pytest.mark.parametrize("size", [(80, 24), (60, 18), (46, 12)])
async def test_in_one_column_all_of_it_is_reached_by_scrolling(size: tuple[int, int]) -> None:
    async with on_stage(size=size) as stage:
        await stage.press("question_mark")
        seen = shown_keys(stage)
        for _ in range(12):
            await stage.press("pagedown")
            seen |= shown_keys(stage)
        assert all_keys() <= seen
        assert all(len(line) <= size[0] for line in stage.lines())


async def test_the_help_is_written_anew_when_the_terminal_changes_its_size() -> None:
    async with on_stage(size=(120, 40)) as stage:
        await stage.press("question_mark")
        assert "The feed" in stage.line("What is watched")
        assert stage.pilot is not None
        await stage.pilot.resize_terminal(80, 40)
        await stage.press()
        assert "The feed" not in stage.line("What is watched")
