"""What an examination of the way to a server finds: one line for each thing that was tried."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    """How one check ended."""

    PASSED = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    subject: str
    """The provider, or what else was looked at."""
    name: str
    result: Result
    seconds: float | None
    """How long it took; ``None`` when nothing was waited for."""
    detail: str
    needed: bool = True
    """Whether its failure means that the examination has failed."""
