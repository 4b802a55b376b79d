"""The lowest and the highest price of the last minutes, in bounded memory."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

BUCKETS = 60
"""How many stretches of time the window is divided into; each keeps its lowest and highest price."""


class _Extreme(NamedTuple):
    price: Decimal
    at: float


@dataclass(slots=True)
class _Bucket:
    start: float
    low: Decimal
    low_at: float
    high: Decimal
    high_at: float


class PriceWindow:
    """The prices of a span of time that ends with the newest.

    A price is forgotten at the end of its time, or up to one bucket earlier; never later.
    """

    def __init__(self, seconds: float) -> None:
        """Make an empty window of so many seconds."""
        self._seconds = seconds
        self._buckets: deque[_Bucket] = deque()
        self._low: _Extreme | None = None
        self._high: _Extreme | None = None
        """Cache of the extremes of the buckets; computed again when ``None`` or out of the window."""

    def __len__(self) -> int:
        """Return how many stretches of time hold a price."""
        return len(self._buckets)

    def add(self, at: float, price: Decimal) -> None:
        """Take the price ``at`` (Unix seconds), and forget what is out of the window then."""
        buckets, since = self._buckets, at - self._seconds
        while buckets and max(buckets[0].low_at, buckets[0].high_at) < since:
            buckets.popleft()
        if self._low is not None and 0 < price <= self._low.price:
            self._low = _Extreme(price, at)
        if self._high is not None and price >= self._high.price:
            self._high = _Extreme(price, at)
        newest = buckets[-1] if buckets else None
        if newest is None or at - newest.start >= self._seconds / BUCKETS:
            buckets.append(_Bucket(at, price, at, price, at))
            return
        if price <= newest.low:
            newest.low, newest.low_at = price, at
        if price >= newest.high:
            newest.high, newest.high_at = price, at

    def set_back(self, by: float) -> None:
        """Date everything back by so many seconds, because the wall clock has been set back."""
        for bucket in self._buckets:
            bucket.start -= by
            bucket.low_at -= by
            bucket.high_at -= by
        self._low = self._high = None

    def restart(self, at: float, price: Decimal) -> None:
        """Forget all prices but this one."""
        self._buckets.clear()
        self._low = self._high = None
        self.add(at, price)

    def change(self, at: float, price: Decimal) -> Decimal:
        """Return the largest change in percent from any price of the window to this one."""
        since = at - self._seconds
        if self._low is None or self._low.at < since:
            lows = [_Extreme(one.low, one.low_at) for one in self._buckets if one.low > 0]
            self._low = min((low for low in lows if low.at >= since), default=None)
        if self._high is None or self._high.at < since:
            highs = [_Extreme(one.high, one.high_at) for one in self._buckets if one.high > 0]
            self._high = max((high for high in highs if high.at >= since), default=None)
        rise = (price / self._low.price - 1) * 100 if self._low is not None else Decimal(0)
        fall = (price / self._high.price - 1) * 100 if self._high is not None else Decimal(0)
        return rise if rise >= -fall else fall
