"""What a tab is told: what concerns the screen, and nothing else of the server's."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from streamcore import AlertSettings, Settings, UiSettings
from streamcore.config import load, secrets
from streamcore.config.screen import PriceColumn
from streamcore.config.serving import RelaySettings
from streamcore.config.sources import BirdeyeSettings
from streamtui.web.tab_settings import environment, file_text

RELAY = ("ws://127.0.0.1:4711",)
WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"


def test_the_file_of_a_tab_holds_what_is_watched_and_how_it_looks(tmp_path: Path) -> None:
    settings = Settings(
        symbols=("SOL", "BTC"),
        wallets=(WALLET,),
        labels={WALLET: 'the "cold" one\\'},
        watchlists={"memes": ("BONK", "WIF")},
        alerts=(
            AlertSettings(symbol="SOL", above=Decimal("200.1")),
            AlertSettings(symbol="BTC", change=Decimal(5), minutes=3.0),
        ),
        ui=UiSettings(theme="streamtui-light", columns=(PriceColumn.SYMBOL, PriceColumn.BID)),
    )
    (tmp_path / "tab.toml").write_text(file_text(settings, RELAY), encoding="utf-8")
    found = load(tmp_path / "tab.toml", environ={}).settings
    for name in ("symbols", "wallets", "labels", "watchlists", "alerts", "ui", "stream"):
        assert getattr(found, name) == getattr(settings, name)
    assert found.relay.url == RELAY


def test_neither_keys_nor_commands_nor_the_server_are_in_it() -> None:
    settings = Settings(
        demo=True,
        birdeye=BirdeyeSettings(api_key="a-secret-key"),
        ui=UiSettings(alert_command=("notify-send", "{text}")),
        relay=RelaySettings(token="st_secret", tokens="/etc/tokens", direct=True),
    )
    text = file_text(settings, RELAY)
    for hidden in (*secrets(settings), "notify-send", "/etc/tokens", "demo", "birdeye"):
        assert hidden not in text
    assert "direct = false" in text, "a tab never talks to the providers"


def test_a_tab_inherits_nothing_but_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BIRDEYE_API_KEY", "STREAMTUI_RELAY_TOKEN", "HTTPS_PROXY", "SECRET", "HOME", "LD_PRELOAD"):
        monkeypatch.setenv(name, "of the server")
    monkeypatch.setenv("TZ", "UTC")
    near = environment("st_tab", 100, 30, is_far=False)
    assert "of the server" not in near.values()
    assert (near["STREAMTUI_RELAY_TOKEN"], near["TZ"]) == ("st_tab", "UTC")
    assert (near["COLUMNS"], near["ROWS"]) == ("100", "30")
    far = environment(None, 100, 30, is_far=True)
    assert far["HTTPS_PROXY"] == "of the server"
    assert "STREAMTUI_RELAY_TOKEN" not in far
