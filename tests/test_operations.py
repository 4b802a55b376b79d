"""What docs/operations.md and the files beside it name exists: commands, settings, metrics, files."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from relay_bench import running

from streamcore.config.keys import setting_keys
from streamcore.config.loading import load
from streamtui.declarations import Command
from streamtui.options import APP, COMMANDS

pytest.importorskip("prometheus_client", reason="the metrics need streamtui[relay]")

from streamcore.relay.metrics import RelayCollector

ROOT = Path(__file__).parent.parent
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
RULES = (ROOT / "packaging" / "prometheus" / "streamtui.rules.yml").read_text(encoding="utf-8")
COMPOSE = (ROOT / "packaging" / "compose.yaml").read_text(encoding="utf-8")
NATS_SETTINGS = (ROOT / "packaging" / "nats" / "nats-server.conf").read_text(encoding="utf-8")
NATS = (ROOT / "packaging" / "nats" / "README.md").read_text(encoding="utf-8")

VARIABLES = {
    variable for key in setting_keys().values() for variable in (*key.variables, *key.file_variables)
}


def blocks(kind: str) -> list[str]:
    """Every block of code of a kind, without what indents it."""
    found = re.findall(rf"^( *)```{kind}\n(.*?)^ *```", OPERATIONS, re.MULTILINE | re.DOTALL)
    return ["\n".join(line.removeprefix(indent) for line in text.splitlines()) for indent, text in found]


def commands() -> Iterator[list[str]]:
    """Every command that begins with ``streamtui``, in blocks and in sentences, as words."""
    inline = re.findall(r"`(streamtui [^`]+)`", OPERATIONS)
    for line in [*inline, *(line for block in blocks("sh") for line in re.split(r"\n|&&", block))]:
        if line.strip().startswith("streamtui "):
            yield line.split("#")[0].split()[1:]


def meant(words: list[str]) -> Command:
    """Return the command that words begin with."""
    fitting = [one for one in (APP, *COMMANDS) if words[: len(one.name.split())] == one.name.split()]
    return max(fitting, key=lambda one: len(one.name))


def test_every_command_and_every_option_exists() -> None:
    found = list(commands())
    assert len(found) >= 5
    for words in found:
        command = meant(words)
        given = {word for word in words if word.startswith("--")}
        if not command.name:
            assert given, f"streamtui {words[0]} is no command"
        assert given <= {flag for option in command.options for flag in option.flags}, words


def test_every_option_in_a_sentence_exists() -> None:
    named = set(re.findall(r"`(--[a-z-]+)", OPERATIONS))
    assert named
    assert named <= {flag for one in (APP, *COMMANDS) for option in one.options for flag in option.flags}


def test_every_setting_exists_and_has_a_value_that_is_allowed(tmp_path: Path) -> None:
    files = blocks("toml")
    assert len(files) == 2
    for number, text in enumerate(files):
        named = dict(flattened(tomllib.loads(text)))
        assert set(named) <= set(setting_keys())
        file = tmp_path / f"{number}.toml"
        file.write_text(text, encoding="utf-8")
        loaded = load(file, environ={})
        for name, value in named.items():
            section, _, field = name.rpartition(".")
            kept = getattr(getattr(loaded.settings, section) if section else loaded.settings, field)
            assert kept in (value, tuple(value) if isinstance(value, list) else value)
    inline = set(re.findall(r"`(relay\.(?!toml)[a-z_]+)`", OPERATIONS))
    of_nats = set(re.findall(r"^\s*([a-z_]+):", NATS_SETTINGS, re.MULTILINE))
    alone = set(re.findall(r"`([a-z]+_[a-z]+)(?: = true)?`", OPERATIONS)) - of_nats
    assert inline | {f"relay.{name}" for name in alone} <= set(setting_keys())


def flattened(table: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from flattened(value, f"{name}.")
        else:
            yield before + name, value


def test_every_variable_exists() -> None:
    for text in (OPERATIONS, COMPOSE):
        named = set(re.findall(r"\b(STREAMTUI_[A-Z_]+)\b", text))
        assert named
        assert named <= VARIABLES


class Alone:
    """A relay that could share its engine, with nobody to share it with."""

    leads = True
    is_connected = True

    def troubles(self) -> list[str]:
        return []

    def notes(self) -> list[str]:
        return []

    async def caught_up(self) -> None:
        """There is nothing to catch up with."""


async def test_every_metric_exists(tmp_path: Path) -> None:
    async with running(tmp_path, membership=Alone()) as (relay, _):
        known = set()
        for family in RelayCollector(relay, "1.2").collect():
            ending = {"counter": ["_total"], "histogram": ["", "_count", "_sum", "_bucket"]}
            known |= {family.name + end for end in ending.get(family.type, [""])}
    for text in (OPERATIONS, RULES):
        named = set(re.findall(r"\b(streamtui_[a-z_]+)\b", text))
        assert len(named) >= 3
        assert named <= known


def test_every_file_exists() -> None:
    for text, folder in ((OPERATIONS, ROOT), (NATS, ROOT / "packaging" / "nats")):
        named = set(re.findall(r"\b(packaging/[a-zA-Z0-9./_-]*\w)", text))
        named |= set(re.findall(r"\]\(([^)#:]+)\)", text))
        for name in named:
            places = (ROOT / name, ROOT / "docs" / name, folder / name)
            assert any(one.exists() for one in places), name


def test_the_alerts_are_three_and_each_is_explained() -> None:
    alerts = re.findall(r"^ +- alert: (\w+)$", RULES, re.MULTILINE)
    assert len(alerts) == 3
    assert set(alerts) == set(re.findall(r"alert `(\w+)`", OPERATIONS))
    for part in ("expr:", "labels:", "annotations:", "summary:"):
        assert RULES.count(part) == len(alerts)
    assert "\t" not in RULES + COMPOSE


def test_the_containers_share_what_they_must_and_nothing_else() -> None:
    relays = re.findall(r"^  (relay-\w):\n    <<: \*relay\n((?:    .*\n)+)", COMPOSE, re.MULTILINE)
    assert len(relays) == 3
    for name, own in relays:
        assert f'volumes: ["{name}:/state"]' in own
    ports = re.findall(r'ports: \["([^"]+)"\]', COMPOSE)
    assert len({one.split(":")[1] for one in ports}) == 3
    assert all(one.startswith("127.0.0.1:") for one in ports)
    declared = set(re.findall(r"^  (\w+):\n    file: ", COMPOSE, re.MULTILINE))
    (used,) = re.findall(r"^  secrets: \[(.*)\]$", COMPOSE, re.MULTILINE)
    assert set(used.split(", ")) == declared
    assert set(re.findall(r"/run/secrets/(\w+)", COMPOSE)) == declared
    assert "dockerfile: packaging/Containerfile" in COMPOSE
