"""The one-message examples of every provider, by the name of their file."""

from __future__ import annotations

from pathlib import Path

_FIXTURES = Path(__file__).parent.parent / "fixtures"


def birdeye(name: str) -> str:
    return (_FIXTURES / "birdeye" / f"{name}.json").read_text(encoding="utf-8")


def helius(name: str) -> str:
    return (_FIXTURES / "helius" / f"{name}.json").read_text(encoding="utf-8")


def public(source: str, name: str) -> str:
    return (_FIXTURES / "public" / source / f"{name}.json").read_text(encoding="utf-8")


def names(provider: str) -> list[str]:
    return sorted(path.stem for path in (_FIXTURES / provider).glob("*.json"))
