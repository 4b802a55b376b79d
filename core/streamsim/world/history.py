"""The last two days of a token on the emulated market: its prices, and what was traded.

Every 24 hour figure that an emulated provider sends is computed from this, so that all of them agree. Times
are monotonic seconds of the market's clock.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from decimal import Decimal

from streamsim.wire import exact

BAR_SECONDS = 1800.0
"""Trades are summed in half hours; of one that is only partly inside a span, that share is counted."""

DAY = 86_400.0
"""Seconds."""

STEP = 10.0
"""Seconds between the prices that are kept. Between two of them the price is interpolated, so that changes
measured against it move smoothly."""

_BARS_KEPT = int(2 * DAY / BAR_SECONDS) + 2
_CENT = Decimal("0.01")


@dataclass(slots=True)
class Bar:
    """What was traded in half an hour, or in any other span."""

    low: Decimal
    """USD; the lowest price there was, traded or carried over from before."""
    high: Decimal
    buy_usd: Decimal = Decimal(0)
    sell_usd: Decimal = Decimal(0)
    buy_tokens: Decimal = Decimal(0)
    sell_tokens: Decimal = Decimal(0)
    buys: int = 0
    sells: int = 0

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

    def copy(self) -> Bar:
        """Return a bar with the same figures."""
        return Bar(
            self.low,
            self.high,
            self.buy_usd,
            self.sell_usd,
            self.buy_tokens,
            self.sell_tokens,
            self.buys,
            self.sells,
        )

    def trade(self, price: Decimal, usd: Decimal, *, bought: bool) -> None:
        """Count a trade."""
        self.low = min(self.low, price)
        self.high = max(self.high, price)
        if bought:
            self.buy_usd += usd
            self.buy_tokens += usd / price
            self.buys += 1
        else:
            self.sell_usd += usd
            self.sell_tokens += usd / price
            self.sells += 1

    def add(self, other: Bar, share: float = 1.0) -> None:
        """Add ``share`` of the trades of another bar; its lowest and highest price count fully."""
        self.low = min(self.low, other.low)
        self.high = max(self.high, other.high)
        if share == 1.0:
            self.buy_usd += other.buy_usd
            self.sell_usd += other.sell_usd
            self.buy_tokens += other.buy_tokens
            self.sell_tokens += other.sell_tokens
        else:
            part = Decimal(share)
            self.buy_usd += other.buy_usd * part
            self.sell_usd += other.sell_usd * part
            self.buy_tokens += other.buy_tokens * part
            self.sell_tokens += other.sell_tokens * part
        # rounded up: as long as there is volume there must be a trade
        self.buys += math.ceil(other.buys * share)
        self.sells += math.ceil(other.sells * share)


class PricePath:
    """The price of a token at every time of the last day.

    Args:
        moments: Times of the invented past, oldest first; the last one is the opening of the market.
        prices: The prices at those times, USD.
    """

    def __init__(self, moments: list[float], prices: list[Decimal]) -> None:
        self._moments = moments
        self._prices = prices
        self._opened = moments[-1]

    def moving(self, now: float, price: Decimal) -> None:
        """Note that the price, which is ``price`` until ``now``, is about to move."""
        step = self._opened + (now - self._opened) // STEP * STEP
        last = self._moments[-1]
        if last >= step:
            return
        if last + STEP < step:  # it stood still in between
            self._append(last + STEP, price)
        self._append(step, price)
        cut = len(self._moments) // 2
        if cut > 1000 and self._moments[cut] < now - DAY - 2 * 3600:
            del self._moments[:cut], self._prices[:cut]

    def _append(self, moment: float, price: Decimal) -> None:
        self._moments.append(moment)
        self._prices.append(price)

    def at(self, moment: float, price: Decimal) -> Decimal:
        """Return the price at a moment of the last day, USD; ``price`` is the present one."""
        after = bisect_right(self._moments, moment)
        if after == 0:
            return self._prices[0]
        start, begun_with = self._moments[after - 1], self._prices[after - 1]
        if after < len(self._moments):
            end, ended_with = self._moments[after], self._prices[after]
        else:
            end, ended_with = start + STEP, price
        if begun_with == ended_with or moment >= end:
            return ended_with
        return exact(begun_with + (ended_with - begun_with) * Decimal((moment - start) / (end - start)))


class TradeHistory:
    """The trades of the last two days, in half hours.

    Args:
        bars: Those of the invented past, oldest first.
        opened: The time at which the last of them ended.
        price: The price at that time, USD.
    """

    def __init__(self, bars: list[Bar], opened: float, price: Decimal) -> None:
        self._bars = [*bars, Bar(price, price)]
        self._open_since = opened
        self._sums: dict[tuple[int, int], Bar] = {}

    def advance(self, now: float, price: Decimal) -> None:
        """Append a bar, at the present ``price``, for every half hour that has begun since the last call."""
        late = now - self._open_since
        if late < BAR_SECONDS:
            return
        begun = int(late // BAR_SECONDS)
        self._open_since += begun * BAR_SECONDS
        self._bars += [Bar(price, price) for _ in range(min(begun, _BARS_KEPT))]
        del self._bars[:-_BARS_KEPT]
        self._sums.clear()

    def trade(self, price: Decimal, usd: Decimal, *, bought: bool) -> None:
        """Count a trade that happens now; call `advance` first."""
        self._bars[-1].trade(price, usd, bought=bought)

    def window(self, start: float, end: float, now: float) -> Bar:
        """Return what was traded from ``start`` to ``end``; call `advance` first.

        The beginning is rounded down to steps of ten seconds, as exchanges do.
        """
        start = self._open_since + (start - self._open_since) // STEP * STEP
        newest = len(self._bars) - 1
        first = max(0, newest + math.floor((start - self._open_since) / BAR_SECONDS))
        last = newest if end >= now else newest + math.floor((end - self._open_since) / BAR_SECONDS)
        total = Bar(self._bars[first].low, self._bars[first].high)
        if first + 1 < last:
            total.add(self._sum(first + 1, last))
        for index in {first, max(first, last)}:
            began = self._open_since - (newest - index) * BAR_SECONDS
            ended = now if index == newest else began + BAR_SECONDS
            covered = min(end, ended) - max(start, began)
            if covered >= ended - began:
                total.add(self._bars[index])
            elif covered > 0:
                total.add(self._bars[index], covered / (ended - began))
        return total

    def _sum(self, first: int, end: int) -> Bar:
        """Return the sum of finished bars, ``end`` excluded; kept until the next half hour begins."""
        known = self._sums.get((first, end))
        if known is None:
            known = self._bars[first].copy()
            for bar in self._bars[first + 1 : end]:
                known.add(bar)
            self._sums[first, end] = known
        return known
