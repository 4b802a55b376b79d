"""What a relay counts and times of itself while it works; `streamcore.relay.metrics` shows it."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

TICK_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25)
"""Seconds: from what a tick takes to what would hold up everybody."""

AGE_BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
"""Seconds: from a frame of 100 ms to what a backfill after an outage brings."""


class Histogram:
    """How often a measured value fell between which bounds."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """One for each bound, which is the most that falls there, and one for what is beyond."""
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def cumulative(self) -> list[tuple[str, float]]:
        """Return for each bound how many values were not above it, as Prometheus has it."""
        found, count = [], 0
        for bound, more in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            count += more
            found.append((bound, float(count)))
        return found


@dataclass(slots=True)
class Traffic:
    """What a relay has sent, for its metrics."""

    frames: dict[str, int] = field(default_factory=dict)
    """By encoding."""
    payload: dict[str, int] = field(default_factory=dict)
    """Bytes before compression, by encoding."""
    skipped: int = 0
    """Frames that were not sent to terminals that took nothing."""
    ticks: Histogram = field(default_factory=lambda: Histogram(TICK_BOUNDS))
    """Seconds that telling one group what is new took."""
    price_ages: Histogram = field(default_factory=lambda: Histogram(AGE_BOUNDS))
    """Seconds from when the engine had a price until a group was told, of the newest price of each row."""
    transaction_ages: Histogram = field(default_factory=lambda: Histogram(AGE_BOUNDS))
    """The same for transactions, without those that a terminal is told once more when it comes back."""

    def count(self, encoding: str, length: int, terminals: int) -> None:
        """Count a frame that was sent to that many terminals."""
        self.frames[encoding] = self.frames.get(encoding, 0) + terminals
        self.payload[encoding] = self.payload.get(encoding, 0) + length * terminals
