"""What each bar of a chart shows: candles of a series, as many drawn as one as the room demands.

All bars stand for stretches of the same length. They begin at multiples of that length, so that the same
candles are drawn as one while the chart moves on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from streamcore import Candle, CandleSeries
from streamtui.format.numbers import is_plausible

WIDEST = 7
"""Cells from one bar to the next at most: a few candles in a wide chart would look like blocks."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The bars of a chart and where they stand."""

    bars: tuple[Candle | None, ...]
    """Oldest first; ``None``: nothing was traded then. Without any candle there is no bar."""
    start: int
    """Unix seconds at which the first bar begins."""
    seconds: int
    """Of each bar."""
    merged: int
    """Candles that one bar stands for, holes counted."""
    columns: tuple[int, ...]
    """The cell in which the middle of each bar is; of bars that touch, the first cell."""
    pitch: int
    """Cells from one bar to the next; here and there they are one more."""
    width: int
    """Cells of the chart."""

    def begin_of(self, bar: int) -> int:
        """Return the Unix seconds at which a bar begins."""
        return self.start + bar * self.seconds

    def cells_of(self, bar: int) -> range:
        """Return the cells of a narrow bar: of bars that touch, some are two wide, so that no gap is left."""
        begin = self.columns[bar]
        if self.pitch > 1:
            return range(begin, begin + 1)
        end = self.columns[bar + 1] if bar + 1 < len(self.columns) else self.width
        return range(begin, min(end, begin + 2))

    def bar_at(self, column: int) -> int:
        """Return the bar whose middle is nearest to a cell; there must be one."""
        return min(range(len(self.columns)), key=lambda bar: abs(self.columns[bar] - column))

    @property
    def known(self) -> list[Candle]:
        """The bars in which something was traded."""
        return [bar for bar in self.bars if bar is not None]


def arranged(series: CandleSeries, width: int, until: float, *, fill: bool = False) -> Layout:
    """Return the bars of a series in a chart of ``width`` cells.

    They are spread over the whole width; a few stand in the middle of it.

    Args:
        series: What to draw. Candles with prices that cannot be true are left out.
        width: Cells there are; each bar has one at least.
        until: Unix seconds up to which the chart goes, at least to the last candle: where nothing has been
            traded lately, it ends with a hole.
        fill: Whether even a few are spread, for a line.
    """
    candles = drawable(series)
    if not candles or width < 1:
        return Layout((), 0, series.interval, 1, (), 1, max(0, width))
    interval = series.interval
    first = candles[0].start // interval
    last = max(candles[-1].start, int(until) if until < _FAR else 0) // interval
    merged = -(-(last - first + 1) // width)
    while last // merged - first // merged + 1 > width:
        merged += 1
    begin = first // merged
    bars: list[Candle | None] = [None] * (last // merged - begin + 1)
    for group in _grouped(candles, interval * merged):
        bars[group[0].start // interval // merged - begin] = as_one(group)
    count = len(bars)
    pitch = width // count if fill else min(width // count, WIDEST)
    taken = width if width // count == pitch else count * pitch
    left = (width - taken) // 2
    half = 1 if pitch > 1 or fill else 0
    columns = tuple([left + (2 * bar + half) * taken // (2 * count) for bar in range(count)])
    return Layout(tuple(bars), begin * merged * interval, merged * interval, merged, columns, pitch, width)


_FAR = 253_402_300_800.0
"""The year 10000: a clock that says so is not believed."""


def as_one(candles: Sequence[Candle]) -> Candle:
    """Return the candle of several that follow each other.

    It has the open of the first, the close of the last, the extremes of all, and the sum of the volumes that
    are known.
    """
    first, last = candles[0], candles[-1]
    if first is last:
        return first
    volumes = [candle.volume for candle in candles if candle.volume is not None]
    return Candle(
        start=first.start,
        open=first.open,
        high=max(candle.high for candle in candles),
        low=min(candle.low for candle in candles),
        close=last.close,
        volume=sum(volumes, Decimal(0)) if volumes else None,
    )


def _grouped(candles: Sequence[Candle], seconds: int) -> list[list[Candle]]:
    groups: list[list[Candle]] = []
    before = None
    for candle in candles:
        number = candle.start // seconds
        if number != before:
            groups.append([])
            before = number
        groups[-1].append(candle)
    return groups


def drawable(series: CandleSeries) -> list[Candle]:
    """Return the candles of a series without those whose prices or time cannot be true."""
    return [candle for candle in series.candles if _is_drawable(candle)]


def _is_drawable(candle: Candle) -> bool:
    prices = (candle.open, candle.high, candle.low, candle.close)
    return 0 <= candle.start < _FAR and all(map(is_plausible, prices))
