"""Candles of the market: where they begin, and what they begin with."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from manual_clock import START, ManualClock

from streamsim.world.candles import bucket_start
from streamsim.world.catalog import SOL
from streamsim.world.market import Market


def market(seed: int = 7) -> tuple[Market, ManualClock]:
    clock = ManualClock()
    return Market(clock, seed), clock


@pytest.mark.parametrize(
    ("chart", "start"),
    [
        ("1s", "2026-10-29T22:41:47"),
        ("3m", "2026-10-29T22:39:00"),
        ("1H", "2026-10-29T22:00:00"),
        ("1D", "2026-10-29T00:00:00"),
        ("1W", "2026-10-26T00:00:00"),
        ("1M", "2026-10-01T00:00:00"),
    ],
)
def test_a_candle_begins_where_the_calendar_says(chart: str, start: str) -> None:
    moment = datetime(2026, 10, 29, 22, 41, 47, tzinfo=UTC).timestamp() + 0.5
    assert bucket_start(chart, moment) == datetime.fromisoformat(f"{start}+00:00").timestamp()


async def test_a_new_candle_begins_with_the_last_price_of_the_old_one() -> None:
    one, clock = market()
    token = one.token(SOL)
    assert token is not None
    token.candle("1m", clock.time())
    one.trade(SOL, price=Decimal(180), volume_usd=Decimal(180))
    await clock.advance(60)
    one.trade(SOL, price=Decimal(179), volume_usd=Decimal(179))
    candle = token.candle("1m", clock.time())
    assert (candle.open, candle.high, candle.low, candle.close) == (180, 180, 179, 179)
    assert (candle.start, candle.volume) == (START + 60, 1)
