"""The history of a token on the emulated market: its invented past, and what was traded since.

Every figure over a span of time, and every candle, is computed from this, so that all of them agree.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from streamsim.wire import exact
from streamsim.world.past import Followed, Past, price_within
from streamsim.world.spans import DAY, MINUTE, Divider, Span, fifteen_digits, total

__all__ = ["DAY", "MICROS", "MINUTE", "Bar", "History", "decimal_price"]

_HOUR = 3600
_MINUTES_KEPT = 26 * _HOUR
"""Seconds for which minutes are remembered as they were; what is older is summed in hours."""

MICROS = Decimal(1_000_000)
"""Millionths of a dollar."""
_CENT = Decimal("0.01")


class Bar(msgspec.Struct, frozen=True):
    """What was traded in a span of time."""

    low: Decimal
    """USD; the lowest price there was, traded or carried over from before."""
    high: Decimal
    buy_usd: Decimal
    sell_usd: Decimal
    buy_tokens: Decimal
    sell_tokens: Decimal
    buys: int
    sells: int

    @property
    def usd(self) -> Decimal:
        """USD traded, in whole cents."""
        return exact((self.buy_usd + self.sell_usd).quantize(_CENT))

    @property
    def tokens(self) -> Decimal:
        """Whole tokens traded."""
        return self.buy_tokens + self.sell_tokens

    @property
    def trades(self) -> int:
        """How many trades there were."""
        return self.buys + self.sells


def decimal_price(price: float) -> Decimal:
    """Return a price of a span as every provider sends it."""
    return Decimal(f"{price:.15g}")


class History:
    """All that happened to the price of one token.

    Args:
        past: What was before the market opened for it.
        price: The price at that time, USD.
        lot: The smallest amount of it, in whole tokens.
        divider: Divides what was traded since into shorter spans than are kept.
    """

    def __init__(self, past: Past | Followed, price: Decimal, lot: Decimal, divider: Divider) -> None:
        self.lot = lot
        self.past = past
        self._divider = divider
        self._hours: list[Span] = []
        """Hours with trades, oldest first; without the present minute."""
        self._minutes: list[Span] = []
        """The same in minutes, not as far back."""
        self._current: Span | None = None
        """The minute of the last trade."""
        self._last = float(price)
        self._traded_at = past.until
        self._sums: dict[float, Span | None] = {}
        """What was traded from some moment until the minute of the last trade."""

    # What happens

    def trade(self, unix: float, price: Decimal, usd: Decimal, *, bought: bool) -> None:
        """Count a trade at ``unix`` seconds, which is not before the last one."""
        self._traded_at = unix
        current = self._current
        if current is None or unix >= current.end:
            current = self._begin_minute(unix)
        to = float(price)
        lots, micros = int(usd / price / self.lot), int(usd * MICROS)
        current.high = max(current.high, to)
        current.low = min(current.low, to)
        current.close = self._last = to
        current.trades += 1
        current.lots += lots
        current.micros += micros
        if bought:
            current.buys += 1
            current.buy_lots += lots
            current.buy_micros += micros

    def _begin_minute(self, unix: float) -> Span:
        if self._current is not None:
            self._finish_minute(self._current)
        start = unix // MINUTE * MINUTE
        price = self._last
        begun = max(start, self.past.until)
        self._current = Span(begun, start + MINUTE, price, price, price, price, size=MINUTE)
        self._sums.clear()
        return self._current

    def _finish_minute(self, minute: Span) -> None:
        self._minutes.append(minute)
        hours, start = self._hours, minute.start // _HOUR * _HOUR
        if hours and hours[-1].start // _HOUR * _HOUR == start:
            hours[-1].add(minute)
        else:
            hour = minute.copy()
            hour.size = _HOUR
            hours.append(hour)
        # an hour's minutes go together, so that each time is told by the one or by the other
        cut = (minute.start - _MINUTES_KEPT) // _HOUR * _HOUR
        if self._minutes[0].start < cut - _HOUR:
            del self._minutes[: bisect_right(self._minutes, cut, key=lambda span: span.end)]

    # What happened

    def spans(self, start: float, end: float, size: int) -> Iterator[Span]:
        """Yield what lies from ``start`` to ``end``, oldest first, in spans of at most ``size`` seconds.

        Every span lies within one stretch of ``size`` seconds, counted from the epoch. Hours and minutes
        without trades may be left out. Both ends are whole minutes, or infinite.
        """
        if start < self.past.until:
            yield from self.past.spans(start, min(end, self.past.until), size)
        for hour in self._hours[max(0, bisect_right(self._hours, start, key=_start_of) - 1) :]:
            if hour.start >= end:
                break
            if hour.end <= start:
                continue
            yield from self._of_hour(hour, start, end, size)
        current = self._current
        if current is not None and current.start < end and current.end > start:
            if size < MINUTE:
                for part in self._divider.parts(current, keep=False):
                    yield from self._divider.within(part, start, end, size)
            else:
                yield current

    def _of_hour(self, hour: Span, start: float, end: float, size: int) -> Iterator[Span]:
        ends = hour.start // _HOUR * _HOUR + _HOUR
        if size >= _HOUR and start <= hour.start and hour.end <= end:
            yield hour
            return
        minutes = self._minutes
        first = bisect_right(minutes, hour.start - 1, key=_start_of)
        if first < len(minutes) and minutes[first].start == hour.start:
            for minute in minutes[first : bisect_right(minutes, ends - 1, key=_start_of)]:
                if minute.start < end and minute.end > start:
                    if size < MINUTE:
                        yield from self._divider.within(minute, start, end, size)
                    else:
                        yield minute
        else:
            yield from self._divider.within(hour, start, end, size)

    def price_at(self, moment: float) -> float:
        """Return the price at a moment that is not in the future, USD.

        Within a minute it moves evenly from open to close.
        """
        if moment < self.past.until:
            return self.past.price_at(moment)
        current = self._current
        if current is None or moment >= self._traded_at:
            return self._last
        if moment >= current.start:
            passed = (moment - current.start) / (self._traded_at - current.start)
            return fifteen_digits(current.open + (current.close - current.open) * passed)
        index = bisect_right(self._hours, moment, key=_start_of) - 1
        if index < 0:
            return current.open if not self._hours else self._hours[0].open
        minute = moment // MINUTE * MINUTE
        before = None
        for span in self._of_hour(self._hours[index], -math.inf, minute + MINUTE, MINUTE):
            before = span
        if before is None:
            return self._hours[index].open
        return price_within(before, moment)

    def window(self, start: float, end: float) -> Bar:
        """Return what was traded from ``start`` to ``end``, both rounded down to a minute; or until now.

        Args:
            start: Unix seconds.
            end: The same; infinite for all there is.
        """
        start = start // MINUTE * MINUTE
        current = self._current
        if end < math.inf or current is None or start >= current.start:
            whole = total(self.spans(start, end if end == math.inf else end // MINUTE * MINUTE, int(DAY)))
        else:
            if start not in self._sums:
                self._sums[start] = total(self.spans(start, current.start, int(DAY)))
            known = self._sums[start]
            whole = current if known is None else known.copy()
            if known is not None and whole is not None:
                whole.add(current)
        return self._bar(whole, start)

    def _bar(self, span: Span | None, start: float) -> Bar:
        if span is None:
            price = decimal_price(self.price_at(start))
            none = Decimal(0)
            return Bar(price, price, none, none, none, none, 0, 0)
        return Bar(
            decimal_price(span.low),
            decimal_price(span.high),
            span.buy_micros / MICROS,
            (span.micros - span.buy_micros) / MICROS,
            span.buy_lots * self.lot,
            (span.lots - span.buy_lots) * self.lot,
            span.buys,
            span.trades - span.buys,
        )


def _start_of(span: Span) -> float:
    return span.start
