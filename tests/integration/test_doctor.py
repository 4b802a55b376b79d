"""``streamtui doctor`` as it is typed, with real sources at the other end or none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from command_line import run
from processes import surroundings

WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"

pytestmark = pytest.mark.timeout(150)


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    clean = surroundings(tmp_path)
    for variable in set(os.environ) - set(clean):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("XDG_CONFIG_HOME", clean["XDG_CONFIG_HOME"])


def test_it_finds_the_demo_healthy(capsys: pytest.CaptureFixture[str]) -> None:
    examined = run(capsys, "doctor", "--demo", "-s", "SOL", "-w", WALLET)
    assert examined.status == 0, examined.out
    assert "failed" not in examined.out


def test_it_says_what_fails_and_never_shows_the_key(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STREAMTUI_STREAM_ENABLE_WALLETS", "0")
    monkeypatch.setenv("STREAMTUI_BIRDEYE_WS_URL", "ws://127.0.0.1:9/")
    monkeypatch.setenv("STREAMTUI_BIRDEYE_REST_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("BIRDEYE_API_KEY", "geheim-1234")
    examined = run(capsys, "doctor")
    assert examined.status == 1
    assert "✗ failed" in examined.out
    assert "geheim" not in examined.out + examined.errors
