"""The lowest and the highest price of the last minutes, in bounded memory."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from decimal import Decimal

BUCKETS = 60
"""Stretches of time the window is divided into; of each the lowest and the highest price are kept."""


@dataclass(slots=True)
class _Bucket:
    start: float
    low: Decimal
    low_at: float
    high: Decimal
    high_at: float


class PriceWindow:
    """The prices of a span of time that ends with the newest.

    At its beginning it forgets a price up to one bucket too early, never too late.
    """

    def __init__(self, seconds: float) -> None:
        """Make an empty window of so many seconds."""
        self._seconds = seconds
        self._buckets: deque[_Bucket] = deque()

    def __len__(self) -> int:
        """Return how many stretches of time hold a price."""
        return len(self._buckets)

    def add(self, at: float, price: Decimal) -> None:
        """Take the price ``at`` (Unix seconds), and forget what is out of the window then."""
        buckets, since = self._buckets, at - self._seconds
        while buckets and max(buckets[0].low_at, buckets[0].high_at) < since:
            buckets.popleft()
        newest = buckets[-1] if buckets else None
        if newest is None or at - newest.start >= self._seconds / BUCKETS:
            buckets.append(_Bucket(at, price, at, price, at))
            return
        if price <= newest.low:
            newest.low, newest.low_at = price, at
        if price >= newest.high:
            newest.high, newest.high_at = price, at

    def set_back(self, by: float) -> None:
        """Move everything back by so many seconds, because the clock that it was dated by has been."""
        for bucket in self._buckets:
            bucket.start -= by
            bucket.low_at -= by
            bucket.high_at -= by

    def restart(self, at: float, price: Decimal) -> None:
        """Forget all prices but this one."""
        self._buckets.clear()
        self.add(at, price)

    def change(self, at: float, price: Decimal) -> Decimal:
        """Return the largest change in percent from any price of the window to this one."""
        since = at - self._seconds
        lows = [bucket.low for bucket in self._buckets if bucket.low_at >= since and bucket.low > 0]
        highs = [bucket.high for bucket in self._buckets if bucket.high_at >= since and bucket.high > 0]
        rise = (price / min(lows) - 1) * 100 if lows else Decimal(0)
        fall = (price / max(highs) - 1) * 100 if highs else Decimal(0)
        return rise if rise >= -fall else fall
