"""``--capture``: where it may be given, what it refuses, and what it says when it ends early."""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path

import pytest
from command_line import run
from replayed_network import read_capture

from streamcore import SettingsError
from streamcore.recording import Capture
from streamcore.recording.lines import Exchange, Received, Start
from streamtui.cli import main
from streamtui.commands.capture import capturing
from streamtui.options import APP, CAPTURE, COMMANDS
from streamtui.programs import Programs

KEY = "geheim-of-the-reporter-1234"


def test_the_app_the_stream_and_the_doctor_can_be_captured_and_nothing_else() -> None:
    takes = {command.name for command in (APP, *COMMANDS) if CAPTURE in command.options}
    assert takes == {"", "stream", "doctor"}


@pytest.mark.parametrize("command", ["app", "stream", "doctor"])
def test_a_command_is_handed_the_capture_of_the_file_that_was_named(command: str, tmp_path: Path) -> None:
    file = tmp_path / "capture.jsonl"
    handed: list[Capture | None] = []

    def take(*arguments: object) -> int:
        capture = arguments[-1]
        assert capture is None or isinstance(capture, Capture)
        handed.append(capture)
        return 0

    programs = Programs(app=take, stream=take, doctor=take, has_terminal=lambda: True)
    words = [] if command == "app" else [command]
    for more in (["--capture", str(file)], []):
        with pytest.raises(SystemExit) as end:
            main([*words, "--demo", "-s", "SOL", *more], programs)
        assert end.value.code == 0
    first, second = handed
    assert first is not None
    assert (first.path, second) == (file, None)
    (start,) = read_capture(file)
    assert isinstance(start, Start)
    assert start.program.startswith("streamtui ")


def test_a_capture_of_the_stream_has_frames_and_answers_and_no_key(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIRDEYE_API_KEY", KEY)
    file = tmp_path / "capture.jsonl"
    ran = run(capfd, "stream", "--demo", "-s", "SOL", "--count", "2", "--capture", str(file))
    assert ran.status == 0
    assert len([line for line in ran.out.splitlines() if json.loads(line)["event"] == "price"]) == 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert KEY not in file.read_text()
    assert {line.provider for line in read_capture(file) if isinstance(line, Received)} == {"birdeye"}


def test_a_capture_of_the_doctor_has_what_each_source_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "capture.jsonl"
    ran = run(capsys, "doctor", "--demo", "--prices", "public", "-s", "SOL", "--capture", str(file))
    assert ran.status == 0
    asked = {line.provider for line in read_capture(file) if isinstance(line, Exchange) and line.answer}
    assert {"kraken", "coinbase", "jupiter", "dexscreener"} <= asked


def test_a_file_that_is_there_already_is_refused_and_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "capture.jsonl"
    file.write_text("mine")
    ran = run(capsys, "stream", "--demo", "-s", "SOL", "--capture", str(file))
    assert ran.status == 2
    assert ran.errors == (
        f"streamtui: capture = '{file}' (option --capture): "
        "is there already, and is never overwritten: name another file\n"
    )
    assert file.read_text() == "mine"


def test_a_path_that_cannot_be_written_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = run(capsys, "doctor", "--demo", "--capture", str(tmp_path / "no folder" / "x"))
    assert ran.status == 2
    assert ran.errors.endswith("(option --capture): cannot be written: No such file or directory\n")


def test_without_a_screen_for_it_an_early_end_is_told_when_the_app_has_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    for number, (on_screen, told) in enumerate(((False, True), (True, False))):
        with (
            caplog.at_level(logging.CRITICAL),
            capturing(tmp_path / str(number), on_screen=on_screen) as capture,
        ):
            assert capture is not None
            capture.note(lambda: [1 / 0])  # type: ignore[list-item]
            capture.close()
            assert capture.ended
        assert capsys.readouterr().err == (f"streamtui: warning: {capture.ended}\n" if told else "")


def test_the_refusal_names_the_option() -> None:
    with pytest.raises(SettingsError, match="option --capture"), capturing(Path("/"), on_screen=True):
        raise AssertionError
