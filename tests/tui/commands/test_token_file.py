"""The file of tokens, read again while a service runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamcore.relay import Scope, Tokens, write_tokens
from streamtui.commands.token_file import read_again


def test_what_is_in_the_file_now_counts(tmp_path: Path) -> None:
    tokens = Tokens()
    tokens.add("office", Scope.READ)
    write_tokens(tmp_path / "tokens", tokens)
    found = read_again(tmp_path / "tokens")
    assert found is not None
    assert list(found.entries) == ["office"]


def test_a_file_that_cannot_be_read_changes_nothing_and_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "tokens").write_text("nonsense")
    assert read_again(tmp_path / "tokens") is None
    assert caplog.messages[0].endswith("; the tokens stay as they were")


def test_a_service_without_a_file_has_nothing_to_read(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING"):
        assert read_again(None) is None
    assert caplog.messages == ["there is no file of tokens to read again"]
