"""Pairs for tests where the whole of a table would cost more than it finds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def rotated(first: Sequence[A], second: Sequence[B]) -> list[tuple[A, B]]:
    """Return pairs in which every value of both occurs, as few as that takes."""
    return [
        (first[number % len(first)], second[number % len(second)])
        for number in range(max(len(first), len(second)))
    ]
