"""What an extra brings may be missing, there by half, too old, too new, or damaged: a sentence says so."""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from streamcore import extras
from streamcore.extras import EXTRAS, lacking, version_of

DECLARED = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]["optional-dependencies"]
PACKAGES = {
    "fast": ("picows", "picows"),
    "nats": ("nats-py", "nats"),
    "proto": ("protobuf", "google.protobuf.message"),
    "relay": ("prometheus-client", "prometheus_client"),
    "web": ("textual-serve", "textual_serve.server"),
}


def install(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: version)


def test_every_extra_that_is_declared_is_known() -> None:
    assert set(EXTRAS) == DECLARED.keys() - {"test"} == PACKAGES.keys()


@pytest.mark.parametrize("extra", EXTRAS)
def test_what_is_installed_for_the_tests_can_be_used(extra: str) -> None:
    assert lacking(extra) is None


@pytest.mark.parametrize("extra", EXTRAS)
def test_its_bounds_are_those_of_the_installation(extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (declared,) = DECLARED[extra]
    name, _, bounds = declared.partition(">=")
    assert name == PACKAGES[extra][0]
    least, *above = bounds.split(",<")
    install(monkeypatch, least)
    assert lacking(extra) is None
    for other in ("0.1", *above):
        install(monkeypatch, other)
        reason = lacking(extra)
        assert reason is not None
        assert reason.startswith(
            f"{name} {other} is installed, but it must be {least}".rstrip("0").rstrip(".")
        )
        assert reason.endswith(f"pip install 'streamtui[{extra}]'")


@pytest.mark.parametrize("version", ["2.3", "2.3.9", "2.3.1rc1", "2.3.post1"])
def test_any_version_within_the_bounds_is_taken(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, version)
    assert lacking("fast") is None


@pytest.mark.parametrize("version", ["2.30", "2.2.1", "3.0", "", "unknown"])
def test_no_other_version_is_taken(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, version)
    assert "must be 2.3" in (lacking("fast") or "")


@pytest.mark.parametrize("extra", EXTRAS)
def test_what_is_not_installed_is_said_to_be_so(extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, module = PACKAGES[extra]
    monkeypatch.setitem(sys.modules, module, None)
    assert lacking(extra) == f"{name} is not installed: pip install 'streamtui[{extra}]'"


def test_what_lacks_a_library_of_its_own_is_told_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "textual_serve.server", raising=False)
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    assert lacking("web") == (
        "textual-serve is installed without aiohttp, which it needs: pip install 'streamtui[web]'"
    )


def test_what_cannot_be_loaded_is_to_be_installed_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "picows.py").write_text("raise ImportError('wrong ELF class: ELFCLASS32')")
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if re.match(r"picows(\.|$)", name)]:
        monkeypatch.delitem(sys.modules, name)
    assert lacking("fast") == (
        "picows is installed, but cannot be loaded (wrong ELF class: ELFCLASS32):"
        " pip install --force-reinstall 'streamtui[fast]'"
    )


def test_what_was_copied_without_its_version_is_to_be_installed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    library = extras._LIBRARIES["fast"]._replace(name="never-installed", module="copied")
    monkeypatch.setitem(extras._LIBRARIES, "fast", library)
    monkeypatch.setitem(sys.modules, "copied", ModuleType("copied"))
    assert lacking("fast") == (
        "never-installed is installed, but of which version is not known:"
        " pip install --force-reinstall 'streamtui[fast]'"
    )
    assert version_of("never-installed") is None
