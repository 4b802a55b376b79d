"""Prices that a living stream has not told for long: nobody trades, or the subscription is dead.

A connection that beats and brings other prices does not tell which of the two it is. HTTP does: what is asked
for now and then is either confirmed, or found to have moved without a word from the stream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

LATE = 10.0
"""Seconds within which the stream may still tell a price that HTTP has told first."""


class Refreshed(Protocol):
    """Where a row is asked for."""

    def refresh(self, topics: Sequence[str]) -> None:
        """Ask for the present state of some topics, over HTTP and at once."""
        ...


@dataclass(frozen=True, slots=True)
class StreamedRow:
    """A row whose price a stream should tell."""

    source: Refreshed
    topic: str
    told_at: float
    """Monotonic seconds of the stream's last word about the price; minus infinity: there was none."""


class QuietRows:
    """When each row was last asked for over HTTP, and what came of it. Call `ask` every few seconds."""

    def __init__(self, after: float) -> None:
        """``after``: seconds without a word about a price after which it is asked for, and asked again."""
        self._after = after
        self._asked_at: dict[str, float] = {}
        """Row to the monotonic seconds at which it was asked for last, at first those of its first look."""
        self._moved_at: dict[str, float] = {}
        """Row to the monotonic seconds at which HTTP told another price than the stream had."""

    def ask(self, rows: Mapping[str, StreamedRow], now: float) -> None:
        """Ask for the rows that are due, those of one source together.

        Args:
            rows: All rows that a living stream should tell, by their keys; others are forgotten.
            now: Monotonic seconds.
        """
        self._asked_at = {key: self._asked_at.get(key, now) for key in rows}
        self._moved_at = {key: at for key, at in self._moved_at.items() if key in rows}
        due: dict[int, list[StreamedRow]] = {}
        for key, row in rows.items():
            if now - max(row.told_at, self._asked_at[key]) >= self._after:
                self._asked_at[key] = now
                due.setdefault(id(row.source), []).append(row)
        for together in due.values():
            together[0].source.refresh([row.topic for row in together])

    def moved(self, key: str, now: float) -> None:
        """Take note that HTTP has told another price of a row; ``now``: monotonic seconds."""
        if key in self._asked_at:
            self._moved_at.setdefault(key, now)

    def left_out(self, rows: Mapping[str, StreamedRow], now: float) -> list[str]:
        """Return the rows whose price has moved, and which the stream has not told in its time for that.

        Arguments as for `ask`. What is returned is forgotten.
        """
        late = [key for key, at in self._moved_at.items() if key in rows and now - at >= LATE]
        return [key for key in late if rows[key].told_at < self._moved_at.pop(key)]
