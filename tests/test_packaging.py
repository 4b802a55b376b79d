"""The files for running a relay as a service are what they say."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from streamcore.config.keys import setting_keys
from streamtui.options import COMMANDS

PACKAGING = Path(__file__).parent.parent / "packaging"
UNIT = PACKAGING / "streamtui-relay.service"
CONTAINER = (PACKAGING / "Containerfile").read_text(encoding="utf-8")

VARIABLES = {
    variable for key in setting_keys().values() for variable in (*key.variables, *key.file_variables)
}


class _Repeated(dict[str, str]):
    """A section of a unit, in which a key may stand several times."""

    def __setitem__(self, key: str, value: object) -> None:
        if isinstance(value, list) and key in self:
            value = [*self[key], *value]  # type: ignore[list-item]
        super().__setitem__(key, value)  # type: ignore[assignment]


def service() -> dict[str, str]:
    unit = configparser.RawConfigParser(dict_type=_Repeated, strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(UNIT, encoding="utf-8")
    assert unit.sections() == ["Unit", "Service", "Install"]
    return dict(unit["Service"])


def test_every_variable_of_the_unit_and_the_container_is_one_of_ours() -> None:
    named = set(re.findall(r"\b(STREAMTUI_[A-Z_]+)=", UNIT.read_text(encoding="utf-8") + CONTAINER))
    assert named
    assert named <= VARIABLES


def test_the_unit_starts_the_command_and_uses_what_it_offers() -> None:
    found = service()
    words = found["ExecStart"].split()
    (relay,) = [command for command in COMMANDS if command.name == "relay"]
    flags = {flag for option in relay.options for flag in option.flags}
    assert words[0].endswith("/streamtui")
    assert words[1] == "relay"
    assert {word for word in words if word.startswith("--")} <= flags
    assert (found["Type"], found["ExecReload"]) == ("notify", "/bin/kill -HUP $MAINPID")
    assert int(found["WatchdogSec"]) >= 10
    assert int(found["TimeoutStopSec"]) > 10
    assert found["StateDirectory"] == "streamtui"


def test_every_credential_that_is_loaded_is_handed_over() -> None:
    loaded = set(service()["LoadCredential"].split())
    names = {one.partition(":")[0] for one in loaded}
    assert names == set(re.findall(r"%d/(\w+)", service()["Environment"]))


def test_a_reload_sees_changed_tokens_because_they_are_no_copy() -> None:
    found = service()
    assert "tokens" not in found["LoadCredential"]
    assert "STREAMTUI_RELAY_TOKENS_FILE=/etc/streamtui/relay_tokens" in found["Environment"]


def test_the_container_runs_without_root_and_asks_for_its_health() -> None:
    assert re.search(r"^USER 10001$", CONTAINER, re.MULTILINE)
    assert '"streamtui", "relay", "--check"' in CONTAINER
    assert re.findall(r"^FROM (\S+)", CONTAINER, re.MULTILINE) == ["python:3.13-slim"] * 2


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here to judge the unit")
def test_systemd_finds_the_unit_hardened() -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(UNIT)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout[-500:] + found.stderr
