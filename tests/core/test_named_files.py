"""What a person names in the place of a file or a folder is refused before it is waited for."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from streamcore.named_files import LARGEST, check_file, check_folder, read_file, reason_of


def test_a_file_is_read_and_the_null_device_is_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"text")
    assert read_file(tmp_path / "file") == b"text"
    assert read_file(os.devnull) == b""


def named(folder: Path, what: str) -> str:
    path = folder / "named"
    match what:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "device":
            return "/dev/zero"
        case "huge":
            with path.open("wb") as file:
                file.truncate(LARGEST + 1)
        case "loop":
            path.symlink_to(path)
        case "dangling":
            path.symlink_to("nothing")
        case "no name":
            return "a\0b"
        case "long":
            return str(folder / ("x" * 300))
    return str(path)


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("folder", "it is a folder, not a file"),
        ("pipe", "it is not a file"),
        ("device", "it is not a file"),
        ("huge", "it is larger than 16 MB"),
        ("loop", "Too many levels of symbolic links"),
        ("dangling", "No such file or directory"),
        ("missing", "No such file or directory"),
        ("no name", "that is no name of a file"),
        ("long", "File name too long"),
    ],
)
def test_anything_else_is_refused_at_once(tmp_path: Path, what: str, reason: str) -> None:
    with pytest.raises(OSError) as raised:  # noqa: PT011 - the reason is checked
        check_file(named(tmp_path, what))
    assert reason_of(raised.value) == reason


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "file").touch()
    monkeypatch.setattr(Path, "open", refuse)  # root may read everything
    with pytest.raises(PermissionError):
        check_file(tmp_path / "file")


def test_a_folder_may_be_there_or_yet_be_made(tmp_path: Path) -> None:
    check_folder(tmp_path)
    check_folder(tmp_path / "a" / "b")
    (tmp_path / "link").symlink_to(tmp_path)
    check_folder(tmp_path / "link" / "c")


def test_what_is_no_folder_or_lies_in_none_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(NotADirectoryError) as raised:
        check_folder(file)
    assert reason_of(raised.value) == "it is not a folder"
    with pytest.raises(NotADirectoryError) as raised:
        check_folder(file / "a" / "b")
    assert reason_of(raised.value) == f"{file} is not a folder"
    (tmp_path / "dangling").symlink_to("nothing")
    with pytest.raises(NotADirectoryError):
        check_folder(tmp_path / "dangling")
    with pytest.raises(OSError, match="no name of a folder"):
        check_folder(Path("a\0b"))


def test_only_a_file_is_read_and_nothing_is_changed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o640)
    with pytest.raises(OSError, match="not a file"):
        read_file(tmp_path / "pipe")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
