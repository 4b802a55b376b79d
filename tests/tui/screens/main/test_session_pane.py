"""What the panes share."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from stage import on_stage, some_life


async def test_the_pane_is_exported_as_csv_or_json_and_it_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with on_stage() as stage:
        await stage.press("e")
        assert "There are no prices to export." in stage.toasts()
        await stage.tell(*some_life(stage))
        await stage.press("e", "tab", "E", "S")
        await stage.pass_time(0.1)
        names = sorted(os.listdir(tmp_path))  # noqa: PTH208 - a handful of files of this test
        assert [name.rpartition(".")[2] for name in names] == ["svg", "csv", "json"]
        assert f"2 prices written to {tmp_path / names[1]}" in stage.toasts()
        assert len(json.loads((tmp_path / names[2]).read_text())) == 5


async def test_a_single_row_is_told_in_the_singular(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with on_stage(symbols=("SOL",)) as stage:
        await stage.tell(stage.price("SOL", "150"), stage.transaction(1))
        await stage.press("e", "tab", "e")
        await stage.pass_time(0.1)
        assert "1 price written to " in stage.toasts()
        assert "1 transaction written to " in stage.toasts()


@pytest.fixture
def gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the working directory be gone."""
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    return folder


@pytest.mark.parametrize("key", ["e", "E", "S"])
async def test_row_16_without_a_working_directory_nothing_is_saved_and_the_app_says_so(
    gone: Path, key: str
) -> None:
    async with on_stage(symbols=("SOL",)) as stage:
        await stage.tell(stage.price("SOL", "150.5"))
        await stage.press(key)
        await stage.pass_time(0.1)
        assert "not saved: the folder this was started in is gone" in stage.toasts()
        assert stage.app.is_running


async def test_row_16_without_a_working_directory_a_relative_configuration_is_not_saved(gone: Path) -> None:
    async with on_stage(symbols=("SOL",), config_path=Path("config.toml")) as stage:
        await stage.press("ctrl+s")
        await stage.pass_time(0.1)
        assert "not saved: config.toml cannot be" in stage.toasts()
        assert stage.app.is_running
