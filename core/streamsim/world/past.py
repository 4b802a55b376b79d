"""The invented past of a token: every day of it up to the moment the market opened for the token."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Protocol

from streamsim.world.listings import Listing
from streamsim.world.spans import DAY, MINUTE, Divider, Span, fifteen_digits, still

REVERSION = 0.012
"""By how much a day pulls a price back to that of its listing, so that a year's chart stays plausible."""
_UNEVEN_DAYS = 0.25
"""Standard deviation of the logarithm of a day's volume."""
_USD_A_TRADE = 400
_FEWEST_TRADES = 96
"""A day of any token has as many."""
_BOUGHT = (0.42, 0.58)
"""The share of a day's volume that was bought is between these."""


class Leader(Protocol):
    """What is needed of the history of a token that another one follows."""

    def spans(self, start: float, end: float, size: int) -> Iterator[Span]:
        """Yield what lies from ``start`` to ``end``, oldest first, in spans of at most ``size`` seconds."""
        ...

    def price_at(self, moment: float) -> float:
        """Return the price at a moment."""
        ...


class Past:
    """The days before the market opened for a token.

    Equal names, listings and moments give equal pasts. A day is invented when it is first asked for.

    Args:
        listing: The token's figures; the past varies around its price and its volume.
        price: The price at which the past ends, USD.
        until: When it ends, Unix seconds.
        since: When the token was listed, Unix seconds; there is nothing before.
        divider: Divides its days.
        micros_a_lot: Millionths of a dollar that the smallest amount of it costs at a price of 1 USD.
    """

    def __init__(
        self,
        listing: Listing,
        price: float,
        until: float,
        since: float,
        divider: Divider,
        micros_a_lot: float,
    ) -> None:
        self.until = until
        self.since = min(since, until)
        self._listing = listing
        self._price = price
        self._divider = divider
        self._micros_a_lot = micros_a_lot
        self._days: list[Span] = []
        self._asked: Span | None = None
        """The minute of the last price that was asked for: the next one is mostly from it, too."""

    def spans(self, start: float, end: float, size: int) -> Iterator[Span]:
        """Yield what lies from ``start`` to ``end``, oldest first, in spans of at most ``size`` seconds."""
        for day in reversed(self._days_from(start)):
            if day.start < end and day.end > start:
                yield from self._divider.within(day, start, end, size)

    def price_at(self, moment: float) -> float:
        """Return the price at a moment; before the listing, the price at that."""
        asked = self._asked
        if asked is not None and asked.start <= moment < asked.end:
            return price_within(asked, moment)
        if moment < self.since:
            days = self._days_from(self.since)
            return days[-1].open if days else self._price
        minute = moment // MINUTE * MINUTE
        self._asked = next(self.spans(minute, minute + MINUTE, MINUTE), None)
        return self._price if self._asked is None else price_within(self._asked, moment)

    def _days_from(self, start: float) -> list[Span]:
        days, begun = self._days, self._days[-1].start if self._days else self.until
        while begun > start and begun > self.since:
            days.append(self._day(begun, days[-1].open if days else self._price))
            begun = days[-1].start
        return days

    def _day(self, end: float, close: float) -> Span:
        number = math.ceil(end / DAY) - 1
        start = max(number * DAY, self.since)
        share = (end - start) / DAY
        rng = self._divider.seeded(number * DAY, 0)
        listing, busy = self._listing, rng.lognormvariate(0.0, _UNEVEN_DAYS)
        usual = float(listing.price)
        deviation = listing.volatility * math.sqrt(share * busy)
        at_end = math.log(close / usual)
        at_start = at_end * (1 - REVERSION * share) + deviation * rng.gauss(0.0, 1.0)
        volume = float(listing.volume_24h) * share * busy
        trades = int(max(_FEWEST_TRADES * share, volume / _USD_A_TRADE))
        if trades <= 2:
            return still(start, end, close, int(DAY))
        reaches = [
            math.sqrt((at_end - at_start) ** 2 - 2 * deviation**2 * math.log(1.0 - rng.random()))
            for _ in range(2)
        ]
        opened = fifteen_digits(usual * math.exp(at_start))
        middle = (at_start + at_end) / 2
        high = fifteen_digits(usual * math.exp(middle + reaches[0] / 2))
        low = fifteen_digits(usual * math.exp(middle - reaches[1] / 2))
        high, low = max(high, opened, close), min(low, opened, close)
        micros = int(volume * 1_000_000)
        lots = int(micros / ((opened + high + low + close) / 4 * self._micros_a_lot))
        bought = rng.uniform(*_BOUGHT)
        return Span(
            start,
            end,
            opened,
            high,
            low,
            close,
            trades=trades,
            buys=int(trades * bought),
            lots=lots,
            buy_lots=int(lots * bought),
            micros=micros,
            buy_micros=int(micros * bought),
        )


class Followed:
    """The past of a token that follows another one: the same course at another price and volume.

    Args:
        leader: The history of the other one. What happens to it from now on does not change this past.
        ratio: The token's price in prices of the other.
        volume: Its volume in volumes of the other, USD.
        lots: The same in lots.
        until: When it ends, Unix seconds: now.
        since: When the token was listed, Unix seconds; there is nothing before.
    """

    def __init__(
        self, leader: Leader, ratio: float, volume: float, lots: float, until: float, since: float
    ) -> None:
        self.until = until
        self.since = min(since, until)
        self._leader = leader
        self._ratio, self._volume, self._lots = ratio, volume, lots
        self._cut = until // MINUTE * MINUTE
        # the minute of the other one that goes on, as it is now
        self._rest = [self._scaled(span) for span in leader.spans(self._cut, math.inf, MINUTE)]

    def spans(self, start: float, end: float, size: int) -> Iterator[Span]:
        """Yield what lies from ``start`` to ``end``, oldest first, in spans of at most ``size`` seconds."""
        for span in self._leader.spans(max(start, self.since), min(end, self._cut), size):
            yield self._scaled(span)
        if end > self._cut:
            yield from self._rest

    def price_at(self, moment: float) -> float:
        """Return the price at a moment."""
        return fifteen_digits(self._leader.price_at(moment) * self._ratio)

    def _scaled(self, span: Span) -> Span:
        return Span(
            span.start,
            span.end,
            fifteen_digits(span.open * self._ratio),
            fifteen_digits(span.high * self._ratio),
            fifteen_digits(span.low * self._ratio),
            fifteen_digits(span.close * self._ratio),
            trades=_scaled_count(span.trades, self._volume),
            buys=_scaled_count(span.buys, self._volume),
            lots=round(span.lots * self._lots),
            buy_lots=round(span.buy_lots * self._lots),
            micros=round(span.micros * self._volume),
            buy_micros=round(span.buy_micros * self._volume),
            size=span.size,
        )


def _scaled_count(count: int, ratio: float) -> int:
    return max(1, round(count * ratio)) if count else 0


def price_within(span: Span, moment: float) -> float:
    """Return the price at a moment of a span, in which it moves evenly from open to close."""
    if moment <= span.start:
        return span.open
    if moment >= span.end or span.open == span.close:
        return span.close
    passed = (moment - span.start) / (span.end - span.start)
    return fifteen_digits(span.open + (span.close - span.open) * passed)
