"""Saving never loses what somebody else has put into the file without asking."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import on_stage

from streamcore.config.loading import load


@pytest.mark.parametrize(
    ("key", "symbols"), [("a", ("BTC", "ETH", "SOL")), ("r", ("SOL",)), ("escape", ("BTC", "ETH"))]
)
async def test_a_list_given_for_one_look_takes_the_place_of_the_saved_one_only_when_told_to(
    tmp_path: Path, key: str, symbols: tuple[str, ...]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text('symbols = ["BTC", "ETH"]\n')
    async with on_stage(symbols=("SOL",), wallets=(), config_path=path) as stage:
        await stage.press("ctrl+s")
        await stage.pass_time(1.0)
        assert "there are symbols that this session does not have: BTC" in stage.text()
        await stage.press(key)
        await stage.pass_time(1.0)
        assert load(path, environ={}).settings.symbols == symbols
        assert ("Saved to" in stage.toasts()) is (key != "escape")


async def test_what_an_editor_has_added_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    async with on_stage(symbols=("SOL",), wallets=(), config_path=path) as stage:
        await stage.press("ctrl+s")
        await stage.pass_time(1.0)
        text = path.read_text().replace('"SOL"', '"SOL", "$eth"')
        path.write_text(text + '\n[[alerts]]\nsymbol = "ETH"\nabove = 1\n')
        await stage.press("s", *"BTC", "enter", "ctrl+s")
        await stage.pass_time(1.0)
        settings = load(path, environ={}).settings
        assert settings.symbols == ("SOL", "$eth", "BTC")
        assert len(settings.alerts) == 1
