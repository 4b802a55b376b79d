from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

import base58
import pytest

from streamcore.errors import SettingsError
from streamtui.commands.logging import FILE_ONLY, log_lines

log = logging.getLogger("somewhere")


def fail_with(text: str) -> None:
    raise ValueError(text)


@pytest.fixture(autouse=True)
def levels_as_before():
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    yield
    assert (root.level, list(root.handlers)) == before


def test_without_a_file_warnings_go_to_standard_error_and_nothing_less(capsys):
    with log_lines(level=None, file=None, on_screen=True):
        log.info("quiet")
        log.warning("loud")
    assert capsys.readouterr().err == "WARNING: somewhere: loud\n"


def test_the_app_has_its_screen_to_itself(capsys):
    with log_lines(level="debug", file=None, on_screen=False):
        log.critical("not on the screen")
    assert capsys.readouterr() == ("", "")


def test_the_level_is_that_of_the_file_when_there_is_one(tmp_path, capsys):
    file = tmp_path / "log"
    with log_lines(level="DeBuG", file=file, on_screen=True):
        log.debug("detail")
        log.error("trouble")
    assert "DEBUG somewhere: detail" in file.read_text()
    assert capsys.readouterr().err == "ERROR: somewhere: trouble\n"


def test_the_file_is_made_for_its_owner_alone_and_appended_to(tmp_path):
    file = tmp_path / "log"
    for text in ("first", "second"):
        with log_lines(level=None, file=file, on_screen=False):
            log.warning(text)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [line.rpartition(" ")[2] for line in file.read_text().splitlines()] == ["first", "second"]


def test_no_secret_is_written_not_even_by_a_library_or_in_a_traceback(tmp_path, capsys):
    file = tmp_path / "log"
    with log_lines(level="debug", file=file, on_screen=True, secrets=["geheim-1234"]):
        logging.getLogger("httpcore").debug("GET https://x/?api-key=%s", "geheim-1234")
        logging.getLogger("websockets.client").warning("> x-api-key: other-secret")
        try:
            fail_with("geheim-1234")
        except ValueError:
            log.exception("failed with %r", "geheim-1234")
    written = file.read_text() + capsys.readouterr().err
    assert "geheim-1234" not in written
    assert "other-secret" not in written
    assert "ValueError: ***" in written


def test_tracebacks_are_for_the_file_alone(tmp_path, capsys):
    file = tmp_path / "log"
    with log_lines(level=None, file=file, on_screen=True):
        try:
            fail_with("inside")
        except ValueError:
            log.exception("outside")
            log.critical("details", extra=FILE_ONLY)
    assert capsys.readouterr().err == "ERROR: somewhere: outside\n"
    assert "Traceback" in file.read_text()
    assert "details" in file.read_text()


def test_a_record_is_one_line_whatever_is_in_it(tmp_path, capsys, monkeypatch):
    file = tmp_path / "log"
    with monkeypatch.context() as patch:
        # a test report with a lone surrogate in it could not be passed from one process to another
        patch.setattr(logging.getLogger(), "handlers", [])
        with log_lines(level=None, file=file, on_screen=True):
            log.warning("one\nCRITICAL: forged\x1b[2J \ud800")
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert len(file.read_text().splitlines()) == 1
    assert "\x1b" not in file.read_text()


def test_a_level_that_does_not_exist_is_named():
    with (
        pytest.raises(SettingsError, match="debug, info, warning, error, critical"),
        log_lines(level="loud", file=None, on_screen=True),
    ):
        pass


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    with (
        pytest.raises(SettingsError, match="No such file or directory"),
        log_lines(level=None, file=tmp_path / "missing" / "log", on_screen=True),
    ):
        pass


def test_a_full_disk_never_stops_the_work_and_is_told_once(capsys):
    with log_lines(level="info", file=Path("/dev/full"), on_screen=True):
        for number in range(3):
            logging.getLogger("x").info("line %s", number)
    assert capsys.readouterr().err == (
        "streamtui: warning: log lines are lost: /dev/full: No space left on device\n"
    )


def test_a_log_file_that_was_renamed_is_opened_anew(tmp_path):
    file = tmp_path / "log"
    with log_lines(level="info", file=file, on_screen=False):
        logging.getLogger("x").info("before")
        file.rename(tmp_path / "log.1")
        logging.getLogger("x").info("after")
    assert "before" in (tmp_path / "log.1").read_text()
    assert file.read_text().splitlines()[0].endswith("after")


SECRET_KEY = "2PaScuqSuAzbxAh8KkYezizTra2HJLSw2zrhUCTmwHGBqqGHFPMZjtWEdHw5dWWmSDp35rUmToscBsbohZCToaih"
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"


@pytest.mark.parametrize("secret", [SECRET_KEY, PHRASE, str(list(range(64, 128))), "5e" * 64])
def test_row_1_a_wallets_secret_is_in_no_line_and_in_no_traceback(tmp_path, capsys, secret):
    file = tmp_path / "log"
    with log_lines(level="debug", file=file, on_screen=True):
        log.debug("got %s", secret)
        try:
            fail_with(f"what is {secret}?")
        except ValueError:
            log.exception("failed")
    written = file.read_text() + capsys.readouterr().err
    for piece in (SECRET_KEY[:12], "sausage", "65, 66", "5e5e5e"):
        assert piece not in written
    assert written.count("looks like a wallet's secret") == 2
    assert "in fail_with" in written


def test_a_signature_stays_in_the_log(tmp_path):
    file = tmp_path / "log"
    signature = base58.b58encode(bytes(range(1, 64)) + b"\x05").decode()  # the last byte of each is small
    with log_lines(level="debug", file=file, on_screen=False):
        log.debug("left out %s", signature)
    assert signature in file.read_text()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_that_nobody_reads_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with (
        pytest.raises(SettingsError, match="nobody reads from it"),
        log_lines(level=None, file=tmp_path / "pipe", on_screen=True),
    ):
        pass
