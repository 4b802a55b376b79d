"""What docs/architecture.md leads a reader to is there: files, classes and methods."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
CODE = [path for folder in ("core", "tui") for path in (ROOT / folder).rglob("*.py")]
TOOLS = {"mypy", "ruff"}


def named(pattern: str) -> set[str]:
    found = set(re.findall(pattern, TEXT))
    assert len(found) > 5, "the text is written in another way now"
    return found


def test_the_files_it_names_are_there() -> None:
    assert [path for path in named(r"`((?:core|tui|tests)/[\w/.]+)`") if not (ROOT / path).exists()] == []


def test_the_files_it_names_by_their_last_part_are_there() -> None:
    there = [path.as_posix() for path in CODE]
    names = named(r"`(?!core/|tui/|tests/)([\w/]+\.py)`")
    assert [name for name in names if not any(path.endswith(f"/{name}") for path in there)] == []


def test_the_classes_and_methods_it_names_are_in_the_code() -> None:
    words = {word for path in CODE for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}
    assert named(r"`(?:[A-Z]\w+\.)?(\w+)`") - TOOLS - words == set()
