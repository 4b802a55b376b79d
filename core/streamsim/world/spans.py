"""What happened to a price within a span of time, and how a span is divided into shorter ones.

The past of the emulated market is made from the top: a day is invented as a whole, and only when somebody
asks for its hours is it divided, an hour into quarters, and so on to the second. The parts of a span always
add up to it exactly: the first opens where it opened, one of them reaches its high and one its low, the last
closes where it closed, and trades and volumes sum up. So candles of any length agree with those of any other,
and a year of a thousand tokens costs nothing until it is looked at.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from itertools import pairwise

import msgspec

DAY = 86_400.0
"""Seconds."""
MINUTE = 60

SIZES = (86_400, 21_600, 3_600, 900, 300, 60, 15, 1)
"""The lengths of spans in seconds, longest first. All but the first and the last begin at their multiples."""

_PARTS = dict(pairwise(SIZES))
"""Seconds of a span to seconds of the parts it is divided into."""

_FEW = 32
"""So many trades and fewer are told one by one."""
_RANGE = 1.6
"""How far from low to high a random walk gets, in standard deviations of where it ends."""
_TRIES = 5
_FITS = 1.0
"""Random walks are made until one fits so well, or the best of them is taken; stretching one makes leaps."""
_UNEVEN = 0.35
"""Standard deviation of the logarithm of how busy the parts of a span are."""
_KEPT = 400
"""Divided spans that are remembered of each token."""
_MASK = 2**64 - 1


class Single(msgspec.Struct, frozen=True):
    """One trade of the past."""

    unix: float
    price: float
    lots: int
    micros: int


class Span(msgspec.Struct):
    """A stretch of time. Prices are USD; each is a decimal number of at most fifteen digits as a float."""

    start: float
    """Unix seconds."""
    end: float
    """Unix seconds; the first moment that is no longer part of it."""
    open: float
    """The price at its start, which is where the span before closed."""
    high: float
    low: float
    close: float
    trades: int = 0
    buys: int = 0
    lots: int = 0
    """How much was traded, in the smallest amounts of the token's market."""
    buy_lots: int = 0
    micros: int = 0
    """The same in millionths of a dollar."""
    buy_micros: int = 0
    size: int = 86_400
    """Seconds between the starts of spans of this kind. The first and the last may be shorter."""
    singles: tuple[Single, ...] | None = None
    """Its trades one by one, where they are known."""

    def add(self, later: Span) -> None:
        """Take in what happened in a later span."""
        self.end = later.end
        self.close = later.close
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.trades += later.trades
        self.buys += later.buys
        self.lots += later.lots
        self.buy_lots += later.buy_lots
        self.micros += later.micros
        self.buy_micros += later.buy_micros
        self.singles = None

    def copy(self) -> Span:
        """Return a span that `add` may change."""
        return copy(self)


def still(start: float, end: float, price: float, size: int) -> Span:
    """Return a span in which nothing is traded."""
    return Span(start, end, price, price, price, price, size=size)


def total(spans: Iterator[Span]) -> Span | None:
    """Return one span in place of all; ``None`` for none."""
    first = next(spans, None)
    if first is None:
        return None
    whole = first.copy()
    for span in spans:
        whole.add(span)
    return whole


class Divider:
    """Divides the spans of one token, the same way every time.

    Args:
        name: Equal names give equal parts.
    """

    def __init__(self, name: str) -> None:
        self.random = random.Random(0)
        self._base = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
        self._parts: dict[tuple[float, int], list[Span]] = {}

    def seeded(self, start: float, size: int) -> random.Random:
        """Return random numbers that depend on the name, and on start and size of a span."""
        mixed = (self._base ^ (int(start) * 0x9E3779B97F4A7C15 + size * 0xC2B2AE3D27D4EB4F)) & _MASK
        self.random.seed(mixed)
        return self.random

    def within(self, span: Span, start: float, end: float, size: int) -> Iterator[Span]:
        """Yield what lies from ``start`` to ``end``, in order, in parts of at most ``size`` seconds.

        Both ends are cut to whole seconds.
        """
        if span.size == 1 or (span.size <= size and start <= span.start and span.end <= end):
            yield span
            return
        for part in self.parts(span):
            if part.start < end and part.end > start:
                yield from self.within(part, start, end, size)

    def parts(self, span: Span, *, keep: bool = True) -> list[Span]:
        """Return the parts of a span, which follow each other. ``keep``: the span never changes again."""
        key = (span.start, span.size)
        known = self._parts.get(key) if keep else None
        if known is None:
            known = self._divided(span, _PARTS[span.size])
            if keep:
                if len(self._parts) >= _KEPT:
                    self._parts.clear()
                self._parts[key] = known
        return known

    def _divided(self, span: Span, size: int) -> list[Span]:
        first = int(span.start // size + 1)
        inner = [number * float(size) for number in range(first, math.ceil(span.end / size))]
        edges = [span.start, *inner, span.end]
        if not span.trades:
            return [still(*ends, span.open, size) for ends in pairwise(edges)]
        rng = self.seeded(span.start, span.size)
        if span.singles is None and span.trades <= _FEW:
            span.singles = _singles(span, rng)
        if span.singles is not None:
            parts = _gathered(span, span.singles, edges, size)
        else:
            parts = _invented(span, edges, size, rng)
        _share_buys(span, parts)
        return parts


def _invented(span: Span, edges: list[float], size: int, rng: random.Random) -> list[Span]:
    busy = [(b - a) * rng.lognormvariate(0.0, _UNEVEN) for a, b in pairwise(edges)]
    trades = _whole_shares(span.trades, busy, rng.random())
    course, highs, lows = _fitting_walk(span, trades, rng)
    busiest = trades.index(max(trades))
    fit = _fitted(span, highs, lows, busiest, busiest)
    parts = [
        Span(*ends, fit(a), fit(high), fit(low), fit(b), trades=count, size=size)
        for ends, (a, b), high, low, count in zip(
            pairwise(edges), pairwise(course), highs, lows, trades, strict=True
        )
    ]
    weights = [weight if count else 0.0 for weight, count in zip(busy, trades, strict=True)]
    prices = [(part.open + part.high + part.low + part.close) / 4 for part in parts]
    volumes = _volumes(span, weights, prices)
    for part, (lots, micros) in zip(parts, volumes, strict=True):
        part.lots, part.micros = lots, micros
    return parts


def _singles(span: Span, rng: random.Random) -> tuple[Single, ...]:
    count = span.trades
    moments = sorted(rng.uniform(span.start, span.end) for _ in range(count))
    prices = _course(span, [1] * count, rng)[1:]
    high, low = rng.sample(range(count - 1), 2) if count > 2 else (0, 0)
    fit = _fitted(span, prices, prices, high, low)
    prices = [*(fit(price) for price in prices[:-1]), span.close]
    weights = [rng.lognormvariate(0.0, 1.0) for _ in range(count)]
    volumes = _volumes(span, weights, prices)
    return tuple(
        Single(moment, price, lots, micros)
        for moment, price, (lots, micros) in zip(moments, prices, volumes, strict=True)
    )


def _volumes(span: Span, weights: list[float], prices: list[float]) -> list[tuple[int, int]]:
    """Share out the volume of a span: lots, and millionths of a dollar in proportion to the prices.

    So the average price of a part may lie a little outside of its range: by what that of the whole differs
    from those of the parts. To avoid that, some parts would need many times the volume of others.
    """
    lots = _whole_shares(span.lots, weights, 0.5)
    worth = [each * price for each, price in zip(lots, prices, strict=True)]
    return list(zip(lots, _whole_shares(span.micros, worth if any(worth) else weights, 0.5), strict=True))


def _whole_shares(number: int, weights: Sequence[float], offset: float) -> list[int]:
    """Share out a number in whole parts by weight; the parts add up to it."""
    whole, passed, told = sum(weights), 0.0, 0
    shares = []
    for weight in weights[:-1]:
        passed += weight
        reached = min(number, int(number * (passed / whole) + offset)) if weight else told
        shares.append(max(0, reached - told))
        told = max(told, reached)
    if weights[-1]:
        return [*shares, number - told]
    shares[shares.index(max(shares))] += number - told
    return [*shares, 0]


def _course(span: Span, trades: Sequence[int], rng: random.Random) -> list[float]:
    """Return where a random walk from the open to the close of a span is after each group of its trades."""
    scale = (span.high - span.low) / _RANGE
    walk, passed = [0.0], [0]
    for count in trades:
        walk.append(walk[-1] + rng.gauss(0.0, math.sqrt(count / span.trades)))
        passed.append(passed[-1] + count)
    course = []
    for at, count in zip(walk, passed, strict=True):
        share = count / span.trades
        course.append(span.open + scale * (at - share * walk[-1]) + share * (span.close - span.open))
    first = next(index for index, count in enumerate(passed) if count)
    last = next(index for index, count in enumerate(passed) if count == span.trades)
    return [span.open] * first + course[first:last] + [span.close] * (len(course) - last)


_Walked = tuple[list[float], list[float], list[float]]
"""Where a walk is at the edges of the parts, and how high and how low it gets within each."""


def _walked(span: Span, trades: Sequence[int], rng: random.Random) -> _Walked:
    course = _course(span, trades, rng)
    scale = (span.high - span.low) / _RANGE
    highs, lows = [], []
    for (a, b), count in zip(pairwise(course), trades, strict=True):
        if count > 2:
            spread = scale * scale * count / span.trades
            highs.append((a + b + _reach(b - a, spread, rng)) / 2)
            lows.append((a + b - _reach(b - a, spread, rng)) / 2)
        else:  # so few cannot reach beyond where they begin and end
            highs.append(max(a, b))
            lows.append(min(a, b))
    return course, highs, lows


def _fitting_walk(span: Span, trades: Sequence[int], rng: random.Random) -> _Walked:
    best = _walked(span, trades, rng)
    least = _misfit(span, best)
    for _ in range(_TRIES):
        if least < _FITS:
            break
        walked = _walked(span, trades, rng)
        misfit = _misfit(span, walked)
        if misfit < least:
            best, least = walked, misfit
    return best


def _misfit(span: Span, walked: _Walked) -> float:
    """Return how much a walk must be stretched to get as high and as low as its span."""
    _, highs, lows = walked
    top, bottom = max(span.open, span.close), min(span.open, span.close)
    least = 0.02 * (span.high - span.low) or 1.0
    return sum(
        abs(math.log(max(least, wanted) / max(least, got)))
        for wanted, got in ((span.high - top, max(highs) - top), (bottom - span.low, bottom - min(lows)))
    )


def _reach(moved: float, spread: float, rng: random.Random) -> float:
    """Return by how much a random walk that ``moved`` so far went further than its ends, twice.

    The distribution is that of the maximum of a Brownian bridge.
    """
    return math.sqrt(moved * moved - 2 * spread * math.log(1.0 - rng.random()))


def _fitted(
    span: Span, highs: list[float], lows: list[float], to_high: int, to_low: int
) -> Callable[[float], float]:
    """Return a function that moves prices so that the highest is the high of a span and the lowest its low.

    What lies between open and close stays. Where nothing lies beyond them but should, the element ``to_high``
    of ``highs`` is raised and the element ``to_low`` of ``lows`` lowered.
    """
    top, bottom = max(span.open, span.close), min(span.open, span.close)
    if max(highs) <= top < span.high:
        highs[to_high] = span.high
    if min(lows) >= bottom > span.low:
        lows[to_low] = span.low
    highest, lowest = max(highs), min(lows)
    up = (span.high - top) / (highest - top) if highest > top else 0.0
    down = (bottom - span.low) / (bottom - lowest) if lowest < bottom else 0.0

    def fit(price: float) -> float:
        if price > top:
            moved = span.high if price >= highest else min(span.high, top + (price - top) * up)
        elif price < bottom:
            moved = span.low if price <= lowest else max(span.low, bottom - (bottom - price) * down)
        else:
            moved = price
        return fifteen_digits(moved)

    return fit


def fifteen_digits(price: float) -> float:
    """Return a price with no more digits than a decimal number keeps on its way through a double."""
    return float(f"{price:.15g}")


def _gathered(span: Span, singles: tuple[Single, ...], edges: list[float], size: int) -> list[Span]:
    parts, price, index = [], span.open, 0
    for start, end in pairwise(edges):
        first = index
        while index < len(singles) and (singles[index].unix < end or end == edges[-1]):
            index += 1
        mine = singles[first:index]
        prices = [price, *(single.price for single in mine)]
        parts.append(
            Span(
                start,
                end,
                price,
                max(prices),
                min(prices),
                prices[-1],
                trades=len(mine),
                lots=sum(single.lots for single in mine),
                micros=sum(single.micros for single in mine),
                size=size,
                singles=mine,
            )
        )
        price = prices[-1]
    return parts


def _share_buys(span: Span, parts: list[Span]) -> None:
    """Share out what was bought, evenly; the parts add up to it."""
    trades = lots = micros = 0
    for part in parts:
        part.buys = _share(trades + part.trades, span.buys, span.trades) - _share(
            trades, span.buys, span.trades
        )
        part.buy_lots = _share(lots + part.lots, span.buy_lots, span.lots) - _share(
            lots, span.buy_lots, span.lots
        )
        part.buy_micros = _share(micros + part.micros, span.buy_micros, span.micros) - _share(
            micros, span.buy_micros, span.micros
        )
        trades, lots, micros = trades + part.trades, lots + part.lots, micros + part.micros


def _share(number: int, some: int, all_of_them: int) -> int:
    return number * some // all_of_them if all_of_them else 0
