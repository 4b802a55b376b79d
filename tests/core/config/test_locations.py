from __future__ import annotations

import sys

import pytest

from streamcore.config.locations import config_file


def test_the_file_is_in_a_folder_of_this_program_alone() -> None:
    assert (config_file().parent.name, config_file().name) == ("streamtui", "config.toml")


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the XDG base directories")
def test_the_users_configuration_folder_can_be_moved(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config_file() == tmp_path / "streamtui" / "config.toml"
