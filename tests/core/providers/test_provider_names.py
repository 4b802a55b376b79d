"""A provider is named in its own folder, and nowhere else in the engine and the app.

So a new one needs no change elsewhere, and a search for its name finds its folder.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streamcore.providers import HISTORY_SOURCES, PROVIDERS

ROOT = Path(__file__).parents[3]
ENGINE = ROOT / "core" / "streamcore"
APP = ROOT / "tui" / "streamtui"

ALLOWED = {
    "core/streamcore/providers/__init__.py": "the registry",
    "core/streamcore/config/model.py": "the typed settings, a section for each",
    "core/streamcore/config/sources.py": "those sections",
    "core/streamcore/cluster/team_settings.py": "whose settings the relays of one team must have in common",
    "core/streamcore/assets/listings.py": "where the listings of tickers are from",
    "core/streamcore/assets/tokens.py": "a token that is called so",
    "core/streamcore/solana": "programs and services on the chain that are called so",
    "tui/streamtui/options.py": "ports of emulators: options are read before the engine is imported",
}
"""Where a name may stand, and why."""


def folder_of(name: str) -> Path:
    """Return the folder of a provider: that of the module its descriptor makes it from."""
    make = PROVIDERS[name].make if name in PROVIDERS else HISTORY_SOURCES[name].make
    return ENGINE.joinpath(*make.__module__.split(".")[1:-1])


ALSO_SOMETHING_ELSE = {"solana", "jupiter"}
"""The chain, and programs on it, are called so as well."""


def words_of(name: str) -> re.Pattern[str]:
    """Return what finds a provider's name, and of one with another meaning only what can be no other."""
    if name in ALSO_SOMETHING_ELSE:
        return re.compile(rf"""["']{name}["']|settings\.{name}|{name}_rpc|{name.title()}Provider""")
    return re.compile(name, re.IGNORECASE)


@pytest.mark.parametrize("name", [*PROVIDERS, *HISTORY_SOURCES])
def test_a_provider_is_named_in_its_own_folder_alone(name: str) -> None:
    home = folder_of(name)
    assert (home / "descriptor.py").is_file()
    # what one provider builds on another's folder for is its own business
    homes = [folder_of(other) for other in PROVIDERS] if name == "solana" else [home]
    found = [
        f"{path.relative_to(ROOT).as_posix()}:{number}: {line.strip()}"
        for package in (ENGINE, APP)
        for path in sorted(package.rglob("*.py"))
        if not any(path.is_relative_to(ROOT / where) for where in ALLOWED)
        and not any(path.is_relative_to(h) for h in homes)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if words_of(name).search(line)
    ]
    assert found == []


def text_of(path: Path) -> str:
    """Return the text of a file, or of all files in a folder."""
    files = [path] if path.is_file() else sorted(path.rglob("*.py"))
    return "".join(file.read_text(encoding="utf-8") for file in files)


def test_every_exception_is_still_one() -> None:
    texts = {where: text_of(ROOT / where) for where in ALLOWED}
    words = [words_of(name) for name in (*PROVIDERS, *HISTORY_SOURCES)]
    assert [where for where, text in texts.items() if not any(one.search(text) for one in words)] == []
