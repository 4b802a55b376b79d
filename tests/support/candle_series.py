"""Made-up series of candles."""

from __future__ import annotations

import random
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from streamcore.candles import Candle, CandleSeries, ChartRange, VolumeUnit

END = 1_793_311_200
"""Unix seconds at which they end, unless something else is said: the start of `manual_clock`."""

INTERVALS = {
    ChartRange.HOUR: 60,
    ChartRange.DAY: 900,
    ChartRange.WEEK: 900,
    ChartRange.MONTH: 3600,
    ChartRange.YEAR: 86_400,
}
"""Seconds of a candle in each range, as at Kraken."""


def candle(start: int, *prices: float | str, volume: float | str | None = None) -> Candle:
    """Return a candle of its open, high, low and close, or of one price."""
    opened, high, low, close = [Decimal(str(price)) for price in (prices if len(prices) == 4 else prices * 4)]
    amount = None if volume is None else Decimal(str(volume))
    return Candle(start=start, open=opened, high=high, low=low, close=close, volume=amount)


def series_of(*candles: Candle, interval: int = 60, **more: Any) -> CandleSeries:
    """Return a series of these candles."""
    fields: dict[str, Any] = {
        "symbol": "SOL",
        "address": None,
        "range": ChartRange.HOUR,
        "provider": "kraken",
        "market": "SOL/USD",
        "interval": interval,
        "candles": candles,
        "running": True,
        "begin": candles[0].start if candles else 0,
        "fetched_at": float(END),
        "volume_unit": VolumeUnit.BASE,
    }
    return CandleSeries(**{**fields, **more})


def wandering(
    span: ChartRange,
    *,
    price: float = 150.0,
    seed: int = 1,
    end: int = END,
    holes: Collection[int] = (),
    volumes: bool = True,
    **more: Any,
) -> CandleSeries:
    """Return the whole range of a price that wanders at random, always the same way for the same seed.

    ``holes`` are the numbers of candles that are missing.
    """
    chance, interval = random.Random(seed), INTERVALS[span]
    count = span.seconds // interval
    start = (end // interval - count + 1) * interval
    step = 0.002 * (interval / 900) ** 0.3
    candles = []
    for number in range(count):
        course = [price]
        for _ in range(8):
            price *= 1 + chance.gauss(0, step)
            course.append(price)
        volume = chance.expovariate(1) * 1000 if volumes else None
        if number not in holes:
            figures = [f"{one:.6g}" for one in (course[0], max(course), min(course), price)]
            candles.append(candle(start + number * interval, *figures, volume=volume and round(volume, 2)))
    fields: dict[str, Any] = {"begin": end - span.seconds, "fetched_at": float(end), "range": span, **more}
    return series_of(*candles, interval=interval, **fields)


_prices = st.decimals(min_value=Decimal("1e-12"), max_value=Decimal("1e9"), allow_nan=False, places=12)


@st.composite
def any_series(draw: st.DrawFn) -> CandleSeries:
    """Any series: with holes, without volumes, of any price."""
    interval = draw(st.sampled_from([60, 900, 3600, 86_400]))
    slots = draw(st.lists(st.integers(20_000, 21_000), min_size=1, max_size=60, unique=True))
    made: list[Candle] = []
    for slot in sorted(slots):
        opened, close, one, other = (draw(_prices) for _ in range(4))
        volume = draw(st.none() | st.decimals(min_value=0, max_value=10**9, places=3))
        high, low = max(opened, close, one, other), min(opened, close, one, other)
        made.append(
            Candle(start=slot * interval, open=opened, high=high, low=low, close=close, volume=volume)
        )
    return series_of(*made, interval=interval)
