"""Row 8 of issue 11: certificates that are not there were an internal error."""

from __future__ import annotations

import os
from pathlib import Path

import certifi
import pytest

from streamcore.config.surroundings import FILE_VARIABLE, FOLDER_VARIABLE, read_surroundings
from streamcore.errors import SettingsError


@pytest.mark.parametrize("variable", [FILE_VARIABLE, FOLDER_VARIABLE])
def test_what_is_not_there_is_a_settings_error(tmp_path: Path, variable: str) -> None:
    missing = str(tmp_path / "missing")
    with pytest.raises(SettingsError) as caught:
        read_surroundings({variable: missing})
    assert str(caught.value).startswith(
        f"{variable} = {missing!r} (environment): there is nothing of that name"
    )


@pytest.mark.parametrize("content", [b"", b"no certificates\n", b"\x00\xff" * 100])
def test_a_file_without_certificates_is_a_settings_error(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "odd.pem"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="there are no certificates in it"):
        read_surroundings({FILE_VARIABLE: str(file)})


def test_a_folder_for_a_file_and_a_file_for_a_folder_are_settings_errors(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"^{FILE_VARIABLE} .*cannot be read: it is a folder"):
        read_surroundings({FILE_VARIABLE: str(tmp_path)})
    with pytest.raises(SettingsError, match=f"^{FOLDER_VARIABLE} .*cannot be read: Not a directory"):
        read_surroundings({FOLDER_VARIABLE: certifi.where()})


def test_a_file_that_may_not_be_read_is_a_settings_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)  # root may read everything
    with pytest.raises(SettingsError, match="cannot be read: Permission denied"):
        read_surroundings({FILE_VARIABLE: "/etc/hostname"})


def test_every_folder_of_several_must_be_there(tmp_path: Path) -> None:
    several = os.pathsep.join([str(tmp_path), str(tmp_path / "missing")])
    with pytest.raises(SettingsError, match=f"{tmp_path}/missing"):
        read_surroundings({FOLDER_VARIABLE: several})


def test_what_is_there_is_taken_and_an_empty_variable_is_none(tmp_path: Path) -> None:
    found = read_surroundings({FILE_VARIABLE: certifi.where(), FOLDER_VARIABLE: ""})
    assert (found.certificate_file, found.certificate_folders) == (certifi.where(), None)


def test_the_environment_of_the_process_is_what_counts_by_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(FILE_VARIABLE, raising=False)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert read_surroundings().certificate_folders == str(tmp_path)
