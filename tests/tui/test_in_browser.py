"""The app in a browser writes no file and starts nothing on the machine of its server, and says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import on_stage

from streamtui.format.texts import NO_FILES
from streamtui.keys import COMMANDS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files_in(folder: Path) -> list[Path]:
    return [*folder.iterdir()]


@pytest.mark.parametrize("key", ["ctrl+s", "e", "E", "S"])
async def test_keys_that_write_a_file_are_refused_in_a_sentence(key: str, folder: Path) -> None:
    config = folder / "config.toml"
    async with on_stage(in_browser=True, config_path=config) as stage:
        await stage.tell(stage.price("SOL", "150"), stage.transaction())
        await stage.press(key)
        assert NO_FILES in stage.toasts()
    assert files_in(folder) == []


@pytest.mark.parametrize("key", ["e", "E"])
async def test_neither_is_a_chart_exported(key: str, folder: Path) -> None:
    async with on_stage(in_browser=True) as stage:
        await stage.press("enter", key)
        assert NO_FILES in stage.toasts()
    assert files_in(folder) == []


async def test_a_tab_stays_on_its_server() -> None:
    async with on_stage(in_browser=True) as stage:
        await stage.press("D")
        assert "every tab shows what its server shows" in stage.toasts()
        assert not stage.app.session.settings.demo
        assert len(stage.managers) == 1


async def test_nothing_is_said_to_be_unsaved_where_nothing_can_be_saved(tmp_path: Path) -> None:
    async with on_stage(in_browser=True, config_path=tmp_path / "config.toml") as stage:
        await stage.press("s", *"BONK", "enter")
        assert "BONK" in stage.text()
        assert "not saved" not in stage.text()


@pytest.mark.long
async def test_no_key_there_is_leaves_a_file(folder: Path) -> None:
    async with on_stage(in_browser=True, config_path=folder / "config.toml") as stage:
        await stage.tell(stage.price("SOL", "150"), stage.transaction())
        for command in COMMANDS:
            if command.action not in ("quit", "command_palette"):
                await stage.press(command.keys.split(",")[0])
                await stage.press("escape")
    assert files_in(folder) == []
