from __future__ import annotations

import stat
from pathlib import Path

import pytest
from command_line import run

from streamcore.relay import Scope, read_tokens
from streamtui.commands.relay import how_to_reach


@pytest.fixture(autouse=True)
def _no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_a_token_is_made_listed_and_revoked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "tokens"
    added = run(capsys, "relay", "token", "add", "alice", "--control", "--tokens", str(file))
    run(capsys, "relay", "token", "add", "bob", "--tokens", str(file))
    assert added.status == 0
    holder = read_tokens(file).holder_of(added.out.strip())
    assert holder is not None
    assert (holder.name, holder.scope) == ("alice", Scope.CONTROL)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    listed = run(capsys, "relay", "token", "list", "--tokens", str(file))
    assert listed.out == "alice control\nbob read\n"
    assert run(capsys, "relay", "token", "revoke", "alice", "--tokens", str(file)).status == 0
    assert run(capsys, "relay", "token", "list", "--tokens", str(file)).out == "bob read\n"


def test_what_cannot_be_done_with_tokens_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "tokens")
    missing = run(capsys, "relay", "token", "revoke", "alice", "--tokens", file)
    assert (missing.status, missing.errors) == (
        1,
        "streamtui: there is no token named 'alice'; there are: none\n",
    )
    assert run(capsys, "relay", "token", "add", "two words", "--tokens", file).status == 1
    nowhere = run(capsys, "relay", "token", "list")
    assert nowhere.status == 2
    assert "--tokens FILE" in nowhere.errors
    assert run(capsys, "relay", "token").status == 2


def test_a_relay_that_would_be_open_to_the_network_does_not_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_ = run(capsys, "relay", "--demo", "--listen", "0.0.0.0:0")
    assert open_.status == 2
    assert "relay.listen = '0.0.0.0:0' (option --listen): without tokens" in open_.errors
    file = str(tmp_path / "tokens")
    run(capsys, "relay", "token", "add", "a", "--tokens", file)
    plain = run(capsys, "relay", "--demo", "--listen", "0.0.0.0:0", "--tokens", file)
    assert plain.status == 2
    assert "unencrypted" in plain.errors


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("127.0.0.1", "streamtui --relay wss://127.0.0.1:8787"),
        ("::1", "streamtui --relay wss://[::1]:8787"),
        ("0.0.0.0", "streamtui --relay wss://HOST:8787, by any name of this machine"),
        ("::", "streamtui --relay wss://HOST:8787, by any name of this machine"),
    ],
)
def test_the_address_that_terminals_are_told_to_use_can_be_dialled(host: str, said: str) -> None:
    assert how_to_reach("wss", host, 8787) == f"A terminal uses it with: {said}"


def test_a_relay_that_is_not_there_is_not_ready(capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "relay", "--check", "--listen", "127.0.0.1:1")
    assert found.status == 1
    assert found.out == "not ready: 127.0.0.1:1 refused the connection\n"


def test_an_address_that_cannot_be_listened_on_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    found = run(capsys, "relay", "--demo", "--listen", "192.0.2.1:8787", "--cert", "x")
    assert found.status == 2  # refused before: it is not this machine, or the certificate is none
    assert len(found.errors.splitlines()) == 1


def test_a_log_that_is_to_lie_in_a_file_is_refused_with_what_is_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.touch()
    for state, which in ((file, "it"), (file / "deep" / "er", str(file))):
        found = run(capsys, "relay", "--demo", "--listen", "127.0.0.1:0", "--state", str(state))
        assert found.status == 2
        where, what = found.errors.split("): ")
        assert where == f"streamtui: relay.state = '{state}' (option --state"
        assert what == f"{which} is not a folder; name a folder for the log with --state\n"


@pytest.mark.parametrize("option", ["--cert", "--key"])
def test_a_certificate_and_a_key_that_cannot_be_read_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    given = {"--cert": str(tmp_path / "cert"), "--key": str(tmp_path / "key")}
    for path in given.values():
        Path(path).write_text("no certificate\n")
    given[option] = str(tmp_path)
    words = [word for pair in given.items() for word in pair]
    found = run(capsys, "relay", "--demo", "--listen", "127.0.0.1:0", *words)
    assert found.status == 2
    assert found.errors.endswith(f"(option {option}): cannot be read: it is a folder, not a file\n")


def test_what_is_no_certificate_is_said_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.write_text("no certificate\n")
    found = run(capsys, "relay", "--demo", "--listen", "127.0.0.1:0", "--cert", str(file))
    assert found.status == 2
    assert "a certificate and its key are expected, both as PEM" in found.errors
    assert "_ssl.c" not in found.errors


@pytest.mark.parametrize("option", ["--listen", "--metrics"])
def test_a_url_in_the_place_of_an_address_is_not_shown_with_its_password(
    capsys: pytest.CaptureFixture[str], option: str
) -> None:
    found = run(capsys, "relay", "--demo", option, "user:secret@127.0.0.1:1")
    assert found.status == 2
    assert "expected HOST:PORT" in found.errors
    assert "secret" not in found.errors
