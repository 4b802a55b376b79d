"""What a capture would keep, in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from streamcore.clock import Clock
from streamcore.recording.lines import Line


class KeptInMemory:
    """A `streamcore.recording.transport.LineSink`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock.monotonic()
        self._made: list[Callable[[], Iterable[Line]]] = []
        self._connections = 0

    @property
    def lines(self) -> list[Line]:
        return [line for made in self._made for line in made()]

    def now(self) -> float:
        return self._clock.monotonic() - self._began

    def next_connection(self) -> int:
        self._connections += 1
        return self._connections

    def note(self, lines: Callable[[], Iterable[Line]], size: int = 0) -> None:
        self._made.append(lines)
