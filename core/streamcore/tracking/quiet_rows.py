"""Prices that a living stream has not told for long: nobody trades, or the subscription is dead.

A connection that beats and brings other prices does not tell which of the two it is. HTTP does: what is asked
for now and then is either confirmed, or found to have moved without a word from the stream.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from streamcore.assets.instruments import Instrument
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.status import Health
from streamcore.streams.reporting import ReportSource
from streamcore.tracking.price_state import NEVER

LATE = 10.0
"""Seconds within which the stream may still tell a price that HTTP has told first."""


class QuietSource(ReportSource, Protocol):
    """Where a row is streamed and asked for."""

    @property
    def health(self) -> Health:
        """How well it delivers."""
        ...

    def refresh(self, topics: Sequence[str]) -> None:
        """Ask for the present state of some topics, over HTTP and at once."""
        ...


@dataclass(frozen=True, slots=True)
class StreamedRow:
    """A row whose price a stream should tell."""

    source: QuietSource
    topic: str
    told_at: float
    """Monotonic seconds of the stream's last word about the price; minus infinity: there was none."""

    def left_out(self) -> ProviderError:
        """Return what a person is told when its price has moved without a word from the stream."""
        text = f"{self.source.name} streamed on but left out trades of {self.topic}; subscribing anew"
        return ProviderError(ErrorKind.GAP, text)


def streamed_rows(
    streams: Iterable[QuietSource],
    instruments: Mapping[str, Instrument],
    sources: Mapping[str, str | None],
    told_at: Mapping[str, float],
) -> dict[str, StreamedRow]:
    """Return the rows whose source is a living stream that would not say itself what it leaves out.

    Args:
        streams: All sources.
        instruments: All rows by their keys.
        sources: The name of each row's source.
        told_at: Monotonic seconds of the stream's last word about the price of each, where there was one.
    """
    living = {
        stream.name: stream
        for stream in streams
        if stream.health is Health.UP
        and stream.provider.endpoint() is not None
        and not stream.provider.tells_gaps
    }
    rows: dict[str, StreamedRow] = {}
    for key, instrument in instruments.items():
        stream = living.get(sources.get(key) or "")
        topic = None if stream is None else stream.provider.topic(instrument)
        if stream is not None and topic is not None:
            rows[key] = StreamedRow(stream, topic, told_at.get(key, NEVER))
    return rows


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

    def left_out(self, rows: Mapping[str, StreamedRow], now: float) -> list[StreamedRow]:
        """Return the rows whose price has moved, and which the stream has not told in its time for that.

        Arguments as for `ask`. What is returned is forgotten.
        """
        late = [key for key, at in self._moved_at.items() if key in rows and now - at >= LATE]
        return [rows[key] for key in late if rows[key].told_at < self._moved_at.pop(key)]
