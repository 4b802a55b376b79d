"""Row 13 of issue 11, as it is typed: no command shows the token in a node's address."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from command_line import run
from processes import surroundings

pytestmark = pytest.mark.long

TOKEN = "4f9c2a7be01d4c55"
SETTINGS = {
    "STREAMTUI_SOLANA_RPC_URL": f"http://127.0.0.1:9/{TOKEN}/",
    "STREAMTUI_SOLANA_WS_URL": f"ws://127.0.0.1:9/v2/{TOKEN}",
    "STREAMTUI_HELIUS_WS_URL": f"ws://127.0.0.1:9/{TOKEN}",
    "STREAMTUI_KRAKEN_WS_URL": f"ws://127.0.0.1:9/{TOKEN}",
}
WALLET = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"


@pytest.fixture(autouse=True)
def with_tokens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clean = surroundings(tmp_path)
    for variable in set(os.environ) - set(clean):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("XDG_CONFIG_HOME", clean["XDG_CONFIG_HOME"])
    for variable, value in SETTINGS.items():
        monkeypatch.setenv(variable, value)


@pytest.mark.parametrize(
    "command",
    [
        ("config", "show"),
        ("doctor", "-w", WALLET, "-s", "SOL"),
        ("stream", "-w", WALLET, "--duration", "2", "--log-level", "debug"),
    ],
)
def test_no_command_shows_it_on_the_screen_or_in_the_log(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: tuple[str, ...]
) -> None:
    log = tmp_path / "log"
    more = () if command[0] == "config" else ("--log-file", str(log))
    ran = run(capsys, *command, *more)
    said = ran.out + ran.errors + (log.read_text(encoding="utf-8") if log.exists() else "")
    assert "127.0.0.1" in said
    assert TOKEN not in said


def test_a_setting_that_is_refused_does_not_show_it_either(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STREAMTUI_SOLANA_RPC_URL", f"node.example/{TOKEN}")
    ran = run(capsys, "config", "show")
    assert ran.status == 2
    assert "STREAMTUI_SOLANA_RPC_URL" in ran.errors
    assert TOKEN not in ran.errors
