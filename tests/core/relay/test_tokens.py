from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from streamcore.relay.tokens import PREFIX, Scope, Tokens, TokensFailed, read_tokens, write_tokens


def test_a_token_opens_for_its_holder_and_nothing_else_does() -> None:
    tokens = Tokens()
    token = tokens.add("alice", Scope.CONTROL)
    tokens.add("bob", Scope.READ)
    holder = tokens.holder_of(token)
    assert holder is not None
    assert (holder.name, holder.scope) == ("alice", Scope.CONTROL)
    assert all(
        tokens.holder_of(wrong) is None for wrong in ("", token[:-1], token + "x", token.upper(), "\udcff")
    )


def test_only_the_hash_of_a_token_is_written_and_only_its_owner_can_read_the_file(tmp_path: Path) -> None:
    tokens = Tokens()
    token = tokens.add("alice", Scope.READ)
    path = tmp_path / "new folder" / "tokens"
    write_tokens(path, tokens)
    text = path.read_text()
    assert token not in text
    assert token.removeprefix(PREFIX) not in text
    assert f"alice read {hashlib.sha256(token.encode()).hexdigest()}" in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_tokens(path).holder_of(token) is not None


def test_a_revoked_token_opens_nothing(tmp_path: Path) -> None:
    tokens = Tokens()
    token = tokens.add("alice", Scope.READ)
    tokens.revoke("alice")
    assert tokens.holder_of(token) is None
    with pytest.raises(TokensFailed, match="no token named 'alice'; there are: none"):
        tokens.revoke("alice")


def test_a_name_is_given_once_and_is_one_word() -> None:
    tokens = Tokens()
    tokens.add("alice", Scope.READ)
    for name in ("alice", "", "a b", "a\nb", "x" * 65, "#alice"):
        with pytest.raises(TokensFailed):
            tokens.add(name, Scope.READ)


def test_without_a_file_there_are_no_tokens(tmp_path: Path) -> None:
    assert len(read_tokens(tmp_path / "none")) == 0


@pytest.mark.parametrize("line", ["alice", "alice read", "alice write " + "0" * 64, "alice read xyz"])
def test_a_line_that_makes_no_sense_is_named_but_not_shown(tmp_path: Path, line: str) -> None:
    path = tmp_path / "tokens"
    path.write_text(f"# comment\n\n{line} st_secret\n" if line == "alice" else f"#\n\n{line}\n")
    with pytest.raises(TokensFailed, match="line 3") as raised:
        read_tokens(path)
    assert "st_secret" not in str(raised.value)


def test_a_file_that_cannot_be_read_or_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TokensFailed, match="cannot be read"):
        read_tokens(tmp_path)
    with pytest.raises(TokensFailed, match="cannot be written"):
        write_tokens(tmp_path / "file" / "tokens", Tokens())


@pytest.mark.skipif(os.name != "posix", reason="no file modes here")
def test_a_file_that_others_may_read_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "tokens"
    write_tokens(path, Tokens())
    path.chmod(0o644)
    write_tokens(path, Tokens())
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.skipif(os.name != "posix", reason="no pipes and devices here")
@pytest.mark.parametrize("what", ["pipe", "/dev/zero", "folder", "binary"])
def test_what_is_no_file_of_tokens_is_neither_waited_for_nor_replaced(tmp_path: Path, what: str) -> None:
    path = tmp_path / what
    match what:
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "binary":
            path.write_bytes(b"\xff\xfe")
    kind = stat.S_IFMT(path.stat().st_mode)
    with pytest.raises(TokensFailed, match=r"cannot be read: it is (not a file|a folder|no text)"):
        read_tokens(path)
    if what != "binary":
        with pytest.raises(TokensFailed, match="cannot be written"):
            write_tokens(path, Tokens())
    assert stat.S_IFMT(path.stat().st_mode) == kind


@pytest.mark.skipif(os.name != "posix", reason="no pipes here")
def test_tokens_are_not_written_in_the_place_of_what_only_looks_empty(tmp_path: Path) -> None:
    device = tmp_path / "device"  # as /dev/null, which this test must not risk
    os.mkfifo(device)
    with pytest.raises(TokensFailed, match="it is not a file"):
        write_tokens(device, Tokens())
    assert stat.S_ISFIFO(device.stat().st_mode)


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_link_to_the_tokens_stays_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "tokens")
    tokens = Tokens()
    tokens.add("alice", Scope.READ)
    write_tokens(tmp_path / "link", tokens)
    assert (tmp_path / "link").is_symlink()
    assert len(read_tokens(tmp_path / "tokens")) == 1
