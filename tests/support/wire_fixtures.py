"""Example messages of every provider, one per file, by file name."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

_FIXTURES = Path(__file__).parent.parent / "fixtures"


def birdeye(name: str) -> str:
    return (_FIXTURES / "birdeye" / f"{name}.json").read_text(encoding="utf-8")


def helius(name: str) -> str:
    return (_FIXTURES / "helius" / f"{name}.json").read_text(encoding="utf-8")


def public(source: str, name: str) -> str:
    return (_FIXTURES / "public" / source / f"{name}.json").read_text(encoding="utf-8")


def history(source: str, name: str) -> str:
    return (_FIXTURES / "history" / source / f"{name}.json").read_text(encoding="utf-8")


def names(provider: str) -> list[str]:
    return sorted(path.stem for path in (_FIXTURES / provider).glob("*.json"))


def shape(value: Any) -> Any:
    """Return the structure of a message with types in place of values; all numbers count as one type."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return "number" if is_number else type(value)


def history_bytes(source: str, name: str) -> bytes:
    return history(source, name).encode()


def history_names(source: str, pattern: str) -> list[str]:
    return sorted(path.stem for path in (_FIXTURES / "history" / source).glob(f"{pattern}.json"))
