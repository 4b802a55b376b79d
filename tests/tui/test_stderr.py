from __future__ import annotations

import pytest

from streamtui.stderr import say, say_unexpected


def test_a_sentence_goes_to_standard_error_with_the_programs_name(capsys: pytest.CaptureFixture[str]) -> None:
    say("nobody answers\x1b")
    assert capsys.readouterr() == ("", "streamtui: nobody answers\u241b\n")


def test_without_standard_error_a_sentence_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", None)
    say("nobody answers")


def test_an_unexpected_failure_is_told_without_the_keys_it_names(capsys: pytest.CaptureFixture[str]) -> None:
    say_unexpected(ValueError("key-of-mine is odd"), ["key-of-mine"])
    told = capsys.readouterr().err
    assert told.startswith("streamtui: unexpected failure: ValueError: ")
    assert "key-of-mine" not in told
