"""A file that is changed keeps its owner, its mode, and how it is written."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from streamtui.model.file_replacement import FileText, read, write


def test_a_file_that_is_not_there_is_empty_and_made_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    assert read(path) == FileText("")
    write(path, b"x")
    assert path.read_bytes() == b"x"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "data", [b"a\nb\n", b"a\r\nb\r\n", b"\xef\xbb\xbfa\nb\n", b"\xef\xbb\xbfa\r\nb\r\n", b""]
)
def test_line_ends_and_a_byte_order_mark_stay(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    file = read(path)
    assert "\r" not in file.text
    assert "\ufeff" not in file.text
    assert file.encoded(file.text) == data


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o664])
def test_the_mode_stays(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "file"
    path.touch()
    path.chmod(mode)
    write(path, b"new")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", mode)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")
def test_the_owner_and_the_group_stay_when_root_saves(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch(0o640)
    os.chown(path, 1234, 2345)
    write(path, b"new")
    now = path.stat()
    assert (now.st_uid, now.st_gid, stat.S_IMODE(now.st_mode)) == (1234, 2345, 0o640)


def test_a_file_of_two_names_keeps_both(tmp_path: Path) -> None:
    path, other = tmp_path / "file", tmp_path / "other"
    path.write_bytes(b"a much longer text than before")
    other.hardlink_to(path)
    write(path, b"new")
    assert other.read_bytes() == b"new"


def test_where_no_new_file_can_be_made_the_old_one_is_written_over(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = folder / "file"
    path.write_bytes(b"a much longer text than before")
    inode = path.stat().st_ino
    folder.chmod(0o500)
    try:
        write(path, b"new")
    finally:
        folder.chmod(0o700)
    assert path.read_bytes() == b"new"
    assert os.geteuid() == 0 or path.stat().st_ino == inode
