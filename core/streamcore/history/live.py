"""What live prices add to a series of candles: they move its last candle and begin new ones by the clock.

All of it is pure. A candle made of live prices has no volume, and misses what happened while the stream was
interrupted, so a series should be asked for anew now and then: see `needs_refill`.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from streamcore.candles import Candle, CandleSeries
from streamcore.events import PriceUpdate


def with_price(series: CandleSeries, update: PriceUpdate) -> CandleSeries:
    """Return the series as a live price leaves it; the same object if the price does not belong to it.

    Only prices of the very market move it: those of the same provider, symbol and address. A price from
    before the series was fetched changes nothing, and neither does any where there are no candles, only
    prices. When a candle begins, the range moves on by as much, and what it leaves behind is dropped.

    Args:
        series: As it was fetched, or as this function left it.
        update: Any price event.
    """
    price = update.price
    if price is None or not series.candles or series.line or not _is_of(series, update):
        return series
    if update.ts < series.fetched_at:
        return series  # the source knew it
    last = series.candles[-1]
    steps = (int(update.ts) - last.start) // series.interval
    if steps < 0:
        return series
    if steps == 0:
        moved = _moved(last, price)
        return series if moved is last else _with_candles(series, (*series.candles[:-1], moved), series.begin)
    start = last.start + steps * series.interval
    begin = max(series.begin, start + series.interval - series.range.seconds)
    kept = tuple(one for one in series.candles if one.start >= begin)
    new = Candle(start=start, open=price, high=price, low=price, close=price)
    return _with_candles(series, (*kept, new), begin)


def with_present(series: CandleSeries, latest: PriceUpdate | None) -> CandleSeries:
    """Return a series that may be some minutes old with the present price in it, if they meet.

    ``latest``: the last price event of its row; ``None``: there is none.
    """
    if latest is None or needs_refill(series, latest.ts):
        return series
    return with_price(series, latest)


def needs_refill(series: CandleSeries, now: float) -> bool:
    """Return whether a whole interval has passed without a candle, so that the series should be asked anew.

    That is after a gap in the stream, or where nothing was traded: ask at most once an interval.
    ``now`` is Unix seconds.
    """
    return not series.candles or now >= series.candles[-1].start + 2 * series.interval


def _is_of(series: CandleSeries, update: PriceUpdate) -> bool:
    return (
        update.provider == series.provider
        and update.symbol == series.symbol
        and update.address == series.address
        and update.demo is series.demo
    )


def _moved(candle: Candle, price: Decimal) -> Candle:
    if price == candle.close:
        return candle
    return msgspec.structs.replace(
        candle, high=max(candle.high, price), low=min(candle.low, price), close=price
    )


def _with_candles(series: CandleSeries, candles: tuple[Candle, ...], begin: int) -> CandleSeries:
    return msgspec.structs.replace(series, candles=candles, begin=begin, running=True)
