"""What a price did while this session watched it: candles of several lengths in bounded memory.

Candles are for drawing, not for computing: they hold floats, five to a candle, in arrays of at most
`CAPACITY` candles. The exact highest and lowest price of the session are kept in the row.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

CAPACITY = 90
"""Candles kept of each length."""
_FIELDS = 5


class Candle(NamedTuple):
    """The course of a price in one stretch of time. ``start`` is Unix seconds."""

    start: float
    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True, slots=True)
class Frame:
    """A time frame to choose: how far back it goes, and how long each of its candles is."""

    name: str
    seconds: int
    """Of one candle."""
    length: str
    """The same for people."""


FRAMES = (Frame("6 min", 4, "4 s"), Frame("1 h", 40, "40 s"), Frame("24 h", 960, "16 min"))


class Candles:
    """The candles of one token, in all frames. A longer candle is built from finished shorter ones."""

    __slots__ = ("_live", "_rings", "since")

    def __init__(self) -> None:
        self.since: float | None = None
        """Unix seconds of the first price."""
        self._rings = [array("d") for _ in FRAMES]
        self._live: list[list[float] | None] = [None for _ in FRAMES]

    def add(self, at: float, price: float) -> None:
        """Take the price at Unix seconds ``at``; one older than the growing candle is ignored."""
        live = self._live[0]
        seconds = FRAMES[0].seconds
        if live is not None and live[0] <= at < live[0] + seconds:
            if price > live[2]:
                live[2] = price
            elif price < live[3]:
                live[3] = price
            live[4] = price
            return
        if live is not None:
            if at < live[0]:
                return
            self._close(0)
        else:
            self.since = at
        self._live[0] = [at - at % seconds, price, price, price, price]

    def set_back(self, by: float) -> None:
        """Date everything back by so many seconds, because the wall clock has been set back."""
        if self.since is not None:
            self.since -= by
        for frame, ring, live in zip(FRAMES, self._rings, self._live, strict=True):
            whole = -(-by // frame.seconds) * frame.seconds  # candles begin at multiples of their length
            for at in range(0, len(ring), _FIELDS):
                ring[at] -= whole
            if live is not None:
                live[0] -= whole

    def of(self, frame: int) -> list[Candle]:
        """Return the candles of `FRAMES` [frame], oldest first; the last one may still be growing."""
        ring = self._rings[frame]
        found = [Candle(*ring[at : at + _FIELDS]) for at in range(0, len(ring), _FIELDS)]
        growing: list[list[float]] = []
        for level in range(frame, -1, -1):
            live = self._live[level]
            if live is not None:
                _merge(growing, live, FRAMES[frame].seconds)
        return [*found, *(Candle(*candle) for candle in growing)][-CAPACITY:]

    def __iter__(self) -> Iterator[list[Candle]]:
        return (self.of(frame) for frame in range(len(FRAMES)))

    def _close(self, level: int) -> None:
        live = self._live[level]
        assert live is not None  # noqa: S101 - only a growing candle is closed
        ring = self._rings[level]
        ring.extend(live)
        if len(ring) > CAPACITY * _FIELDS:
            del ring[:_FIELDS]
        above = level + 1
        if above == len(FRAMES):
            return
        longer = self._live[above]
        start = live[0] - live[0] % FRAMES[above].seconds
        if longer is not None and longer[0] == start:
            _widen(longer, live)
            return
        if longer is not None:
            self._close(above)
        self._live[above] = [start, *live[1:]]


def _merge(candles: list[list[float]], candle: list[float], seconds: int) -> None:
    start = candle[0] - candle[0] % seconds
    if candles and candles[-1][0] == start:
        _widen(candles[-1], candle)
    else:
        candles.append([start, *candle[1:]])


def _widen(candle: list[float], by: list[float]) -> None:
    candle[2] = max(candle[2], by[2])
    candle[3] = min(candle[3], by[3])
    candle[4] = by[4]
