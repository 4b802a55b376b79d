"""The scales of a chart: prices at round numbers, and times at round local times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

PRICE_APART = (2, 4)
"""Lines between two prices of the scale at least: in a low chart, and in a high one."""
TIME_APART = 3
"""Cells between two times at least."""
_MOST_DECIMALS = 12
_LARGEST = Decimal("1e12")
_ROUND = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))


@dataclass(frozen=True, slots=True)
class PriceScale:
    """From prices to lines: the highest price is at the top, the lowest at the bottom."""

    low: float
    high: float
    height: int
    """Lines."""

    def place(self, value: float, steps: int) -> int:
        """Return where a price is when each line has ``steps`` steps: 0 is the highest, at the top."""
        total = self.height * steps
        if self.high <= self.low:
            return total // 2
        return min(total - 1, max(0, int((self.high - value) / (self.high - self.low) * total)))

    def ticks(self) -> list[tuple[int, str]]:
        """Return the lines that get a price, from the top, and the price of each as text."""
        if self.high <= self.low or self.height < 2:
            return []
        span = Decimal(repr(self.high)) - Decimal(repr(self.low))
        least, most = PRICE_APART
        step = _round_step(span * max(least, min(most, self.height // 9)) / self.height)
        number = (Decimal(repr(self.low)) / step).to_integral_value(rounding="ROUND_CEILING")
        found: dict[int, str] = {}
        while (value := number * step) <= Decimal(repr(self.high)) and len(found) <= self.height:
            found.setdefault(self.place(float(value), 1), scale_price(value, step))
            number += 1
        return sorted(found.items())


def _round_step(least: Decimal) -> Decimal:
    """Return the smallest round number that is not less."""
    power = Decimal(1).scaleb(least.adjusted())
    return next(factor * power for factor in _ROUND if factor * power >= least)


def scale_price(value: Decimal, step: Decimal) -> str:
    """Return a price of a scale with the decimals its steps need; a very small or large one in powers."""
    decimals = max(0, -int(step.normalize().as_tuple().exponent))
    if decimals > _MOST_DECIMALS or abs(value) >= _LARGEST:
        return f"{value:.3e}"
    return f"{value:,.{decimals}f}"


_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_STEPS: tuple[tuple[str, int], ...] = (
    *(("minute", minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)),
    *(("day", days) for days in (1, 2, 7, 14)),
    *(("month", months) for months in (1, 2, 3, 6, 12, 24, 60, 120)),
)
"""The distances between two times of the scale, from the smallest."""
_LENGTH = {"minute": _MINUTE, "day": _DAY, "month": 30 * _DAY}


def time_ticks(start: int, seconds: int, columns: Sequence[int], width: int) -> list[tuple[int, str]]:
    """Return where each time below a chart begins, in cells, and its text, in local time.

    The middle of a text is at the bar that the time is within, unless it would stand out of the chart.

    Args:
        start: Unix seconds at which the first bar begins.
        seconds: Of each bar.
        columns: The cell of each bar.
        width: Cells of the chart.
    """
    if not columns or seconds < 1:
        return []
    moments = [_local(start + bar * seconds) for bar in range(len(columns) + 1)]
    if None in moments:
        return []  # a time that no calendar has
    known = [moment for moment in moments if moment is not None]
    span = max(1, len(columns) * seconds)
    for unit, step in _STEPS:
        length = _LENGTH[unit] * step
        if length < seconds or span / length * (5 + TIME_APART) > width:
            continue  # a bar has several such times in it, or they cannot fit
        ticks = [
            (max(0, min(column - len(text) // 2, width - len(text))), text)
            for column, text in _ticks(known, columns, unit, step)
        ]
        if _fits(ticks):
            return ticks
    return []


def _ticks(
    moments: Sequence[datetime], columns: Sequence[int], unit: str, step: int
) -> list[tuple[int, str]]:
    # a round time is within a bar when the second before its end has another number than that before its
    # beginning
    second = timedelta(seconds=1)
    numbers = [_number(moment - second, unit, step) for moment in moments]
    ticks = []
    for bar, column in enumerate(columns):
        if numbers[bar + 1] != numbers[bar]:
            ticks.append((column, _text(moments[bar], moments[bar + 1] - second, unit, step)))
    return ticks


def _number(moment: datetime, unit: str, step: int) -> tuple[int, int]:
    """Return the number of the stretch of time that a moment is in, when it is cut at round local times."""
    if unit == "minute":
        return moment.toordinal(), (moment.hour * 60 + moment.minute) // step
    if unit == "day":
        return (moment.toordinal() - 1) // step, 0  # the first of January of the year 1 was a Monday
    return (moment.year * 12 + moment.month - 1) // step, 0


def _text(before: datetime, last: datetime, unit: str, step: int) -> str:
    """Return the text of the round time that a bar from ``before`` to ``last`` has in it."""
    if unit == "minute":
        _, number = _number(last, unit, step)
        if number == 0:
            return day(last)
        return f"{number * step // 60:02}:{number * step % 60:02}"
    if unit == "day":
        number, _ = _number(last, unit, step)
        return day(datetime.fromordinal(number * step + 1))
    months = (last.year * 12 + last.month - 1) // step * step
    first = datetime(months // 12, months % 12 + 1, 1)  # noqa: DTZ001 - a day of the calendar, not a moment
    return f"{first.year}" if first.month == 1 else f"{first:%b}"


def _fits(ticks: Sequence[tuple[int, str]]) -> bool:
    end = -TIME_APART
    for begin, text in ticks:
        if begin < end + TIME_APART:
            return False
        end = begin + len(text)
    return True


def day(moment: datetime) -> str:
    """Return a day: ``3 Sep``."""
    return f"{moment.day} {moment:%b}"


def _local(ts: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(ts)  # noqa: DTZ006 - local time is what is meant
    except (ValueError, OverflowError, OSError):
        return None
