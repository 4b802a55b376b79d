from __future__ import annotations

import pytest

from streamtui.cli import main
from streamtui.options import APP, COMMANDS


@pytest.fixture
def completed(monkeypatch, capsys):
    """What bash is offered for the last of some words."""

    def ask(*words: str) -> list[str]:
        monkeypatch.setenv("_STREAMTUI_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", " ".join(words))
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        with pytest.raises(SystemExit) as end:
            main([])
        assert end.value.code == 0
        return capsys.readouterr().out.split()

    return ask


def test_commands_are_completed(completed) -> None:
    assert completed("streamtui", "st") == ["stream"]
    assert completed("streamtui", "config", "i") == ["init"]


@pytest.mark.parametrize("command", [APP, *COMMANDS], ids=lambda command: command.name or "app")
def test_every_option_of_every_command_is_completed(completed, command) -> None:
    offered = completed("streamtui", *command.name.split(), "--")
    for option in command.options:
        assert option.flag in offered
