"""What the README says of the configuration is so."""

from __future__ import annotations

import re
from pathlib import Path

from streamcore.config.keys import setting_keys
from streamcore.config.loading import load

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
CONFIGURATION = README.partition("## Configuration")[2].partition("\n## ")[0]


def table_keys() -> list[str]:
    """Every key in the first column of the table; a name without a section is of the section before it."""
    found = []
    for row in re.findall(r"^\| (`.*?) \|", CONFIGURATION, re.MULTILINE):
        section = ""
        for name in re.findall(r"`([^`]+)`", row):
            if "." in name:
                section = name.rpartition(".")[0]
            found.append(name if "." in name or not section else f"{section}.{name}")
    return [re.sub(r"\.[A-Z]+$", "", name) for name in found]


def test_the_table_has_every_key_once_and_no_other() -> None:
    assert sorted(table_keys()) == sorted(setting_keys())


def test_every_key_but_the_alerts_can_be_set_by_a_variable(tmp_path: Path) -> None:
    without = {name for name, key in setting_keys().items() if not key.variables}
    assert without == {"alerts"}
    empty = tmp_path / "config.toml"
    empty.touch()
    loaded = load(
        empty,
        environ={
            "STREAMTUI_STREAM_STALE_AFTER": "20",
            "STREAMTUI_TOKENS_XYZ": "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263",
        },
    )
    assert loaded.settings.stream.stale_after == 20
    assert "XYZ" in loaded.settings.tokens
