"""What the market remembers of what was traded: prices at every moment, trades of every span."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from streamsim.world.catalog import SOL, listing_of
from streamsim.world.history import DAY, History
from streamsim.world.past import Past
from streamsim.world.spans import Divider

D = Decimal
OPENED = 1_793_311_200.0


def history(listed: float = OPENED) -> History:
    """Return a history that begins at a price of 100, unless the token was listed earlier."""
    divider = Divider("test")
    past = Past(listing_of(SOL), 100.0, OPENED, listed, divider, 0.01)
    return History(past, D(100), D("1E-8"), divider)


def test_a_price_that_stands_still_is_the_same_at_every_moment_until_it_moves() -> None:
    one = history()
    one.trade(OPENED + 5000, D(110), D(1), bought=True)
    for at in (0, 7, 2500, 4979):
        assert one.price_at(OPENED + at) == 100, at
    assert one.price_at(OPENED + 5000) == one.price_at(OPENED + 9000) == 110


def test_within_a_minute_the_price_moves_evenly_and_at_its_ends_it_is_exact() -> None:
    one = history()
    for at, price in ((0, 110), (12, 120), (60, 60)):
        one.trade(OPENED + at, D(price), D(1), bought=True)
    assert [one.price_at(OPENED + at) for at in (0, 15, 30, 45, 60, 75)] == [100, 105, 110, 115, 60, 60]
    one.trade(OPENED + 90, D(30), D(1), bought=False)
    assert one.price_at(OPENED + 75) == 75, "half of the way that the minute has made so far"


def test_within_the_present_minute_the_price_moves_evenly_to_the_last_trade() -> None:
    one = history()
    one.trade(OPENED + 20, D(120), D(1), bought=True)
    assert [one.price_at(OPENED + at) for at in (0, 5, 10, 20, 25)] == [100, 105, 110, 120, 120]


def test_the_past_ends_exactly_where_the_market_opens() -> None:
    one = history(listed=OPENED - 10 * DAY)
    assert one.price_at(OPENED) == one.price_at(OPENED + 100) == 100
    assert one.price_at(OPENED - 1e-6) == pytest.approx(100, rel=1e-6)
    assert one.price_at(OPENED - 5 * DAY) != 100


def test_a_span_is_rounded_down_to_minutes_at_both_ends() -> None:
    one = history()
    for minute in range(10):
        one.trade(OPENED + 60 * minute + 30, D(100), D(7), bought=minute % 2 == 0)
    ends = OPENED + 600
    assert one.window(ends - 120, math.inf).trades == 2
    assert one.window(ends - 119, math.inf).trades == 2
    assert one.window(ends - 179, math.inf).trades == 3
    before = one.window(ends - 240, ends - 61)
    assert (before.trades, before.usd, before.buys) == (2, 14, 1)


def test_a_trade_counts_at_once_in_full_and_falls_out_with_time() -> None:
    one = history()
    one.trade(OPENED + 600, D(120), D(24), bought=True)
    bar = one.window(OPENED, math.inf)
    assert (bar.buys, bar.sells, bar.usd, bar.tokens) == (1, 0, 24, D("0.2"))
    assert (bar.low, bar.high) == (100, 120), "the price it started from counts"
    later = one.window(OPENED + 660, math.inf)
    assert (later.usd, later.trades, later.low, later.high) == (0, 0, 120, 120)


def test_a_span_includes_the_invented_past() -> None:
    one = history(listed=OPENED - 10 * DAY)
    day = one.window(OPENED - DAY, math.inf)
    one.trade(OPENED + 1, D(100), D("0.25"), bought=True)
    assert one.window(OPENED - DAY, math.inf).usd == day.usd + D("0.25")
    assert day.usd > 0
    assert day.low < 100 < day.high


def test_days_of_trades_take_bounded_memory_and_the_last_day_is_known_by_the_minute() -> None:
    one, last = history(), 4 * 24 * 60
    for minute in range(last):
        one.trade(OPENED + 60 * minute, D(100 + minute), D(1), bought=True)
    assert len(one._minutes) <= 29 * 60
    ago = 24 * 60
    assert one.window(OPENED + 60 * (last - ago), math.inf).trades == ago
    assert one.price_at(OPENED + 60 * (last - ago)) == 100 + last - ago - 1
    whole = one.window(OPENED, math.inf)
    assert (whole.trades, whole.low) == (last, 100)
    part = one.window(OPENED + 1800, OPENED + 3600 * 5 + 1800)
    assert part.trades == pytest.approx(300, abs=30), "what was summed is divided again, about as it was"


@pytest.mark.parametrize("days", [1, 400])
def test_after_days_of_silence_the_present_price_is_high_and_low(days: int) -> None:
    one = history(listed=OPENED - 10 * DAY)
    one.trade(OPENED, D(101), D(5), bought=True)
    now = OPENED + days * DAY * 2.5
    quiet = one.window(now - DAY, math.inf)
    assert (quiet.usd, quiet.trades, quiet.low, quiet.high) == (0, 0, 101, 101)
    assert one.price_at(now - DAY) == 101
