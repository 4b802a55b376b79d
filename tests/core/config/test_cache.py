"""What is remembered from one run to the next: whole files that nobody else may read."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from streamcore.config.cache import MOST_BYTES, CacheFolder
from streamcore.config.locations import cache_folder


async def test_what_was_written_is_read_again_and_the_last_one_counts(tmp_path: Path) -> None:
    folder = CacheFolder(tmp_path / "deep" / "down")
    await folder.write("a.json", b"1")
    await folder.write("a.json", b"22")
    assert await CacheFolder(tmp_path / "deep" / "down").read("a.json") == b"22"
    assert [path.name for path in (tmp_path / "deep" / "down").iterdir()] == ["a.json"]


async def test_nobody_else_may_read_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    await CacheFolder(folder).write("a.json", b"1")
    assert stat.S_IMODE((folder / "a.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_what_is_not_there_or_cannot_be_read_is_nothing(tmp_path: Path) -> None:
    folder = CacheFolder(tmp_path)
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "huge.json").write_bytes(b" " * (MOST_BYTES + 1))
    assert [await folder.read(name) for name in ("none.json", "folder.json", "huge.json")] == [None] * 3


async def test_a_folder_that_cannot_be_made_is_an_error_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        await CacheFolder(tmp_path / "file" / "below").write("a.json", b"1")


def test_the_folder_is_the_platforms_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder().name == "streamtui"
