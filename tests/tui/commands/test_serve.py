"""``streamtui serve`` before it serves: what it refuses, and in which words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from command_line import run


@pytest.fixture(autouse=True)
def _no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_a_server_that_would_be_open_to_the_network_does_not_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run(capsys, "serve", "--demo", "--listen", "0.0.0.0:0")
    assert found.status == 2
    assert "web.listen = '0.0.0.0:0' (option --listen): without tokens" in found.errors
    file = str(tmp_path / "tokens")
    run(capsys, "relay", "token", "add", "a", "--tokens", file)
    plain = run(capsys, "serve", "--demo", "--listen", "0.0.0.0:0", "--tokens", file)
    assert plain.status == 2
    assert "unencrypted" in plain.errors


def test_a_file_of_tokens_without_a_token_is_named_as_the_setting_of_relays_that_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "none")
    found = run(capsys, "serve", "--demo", "--tokens", file)
    assert found.status == 2
    assert found.errors.startswith(f"streamtui: relay.tokens = '{file}' (option --tokens): there is no token")


def test_tabs_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "serve", "--tabs", "0")
    assert (found.status, found.errors) == (
        2,
        "streamtui: --tabs = '0': expected a whole number from 1 to 100\n",
    )


def test_without_the_library_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("textual_serve", "textual_serve.server"):
        monkeypatch.setitem(sys.modules, module, None)
    found = run(capsys, "serve", "--demo")
    assert (found.status, found.errors) == (
        2,
        "streamtui: serve needs a library: textual-serve is not installed: pip install 'streamtui[web]'\n",
    )


def test_without_a_library_of_the_library_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "textual_serve.server", raising=False)
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    found = run(capsys, "serve", "--demo")
    assert found.status == 2
    assert "textual-serve is installed without aiohttp, which it needs: pip install" in found.errors


def test_an_address_that_is_not_of_this_machine_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "tokens")
    run(capsys, "relay", "token", "add", "a", "--tokens", file)
    config = tmp_path / "config.toml"
    config.write_text("[web]\nbehind_proxy = true\n")
    given = ("--demo", "--listen", "192.0.2.1:8788", "--tokens", file, "--url", "https://prices.example.org")
    found = run(capsys, "serve", *given, "--config", str(config))
    assert found.status == 1
    assert found.errors.startswith("streamtui: 192.0.2.1:8788 cannot be listened on: ")
    assert len(found.errors.splitlines()) == 1
