"""What the market remembers: prices at every moment, trades of every span."""

from __future__ import annotations

from decimal import Decimal

import pytest

from streamsim.world.history import BAR_SECONDS, DAY, STEP, Bar, PricePath, TradeHistory

D = Decimal


def path() -> PricePath:
    """Return a path that rose from 80 to 100 in the hour before it was opened at 0."""
    return PricePath([-3600.0, 0.0], [D(80), D(100)])


def test_the_made_up_past_is_a_straight_line_between_what_is_known() -> None:
    assert [path().at(at, D(100)) for at in (-3600, -1800, -900, 0)] == [80, 90, 95, 100]
    assert path().at(-7200, D(100)) == 80, "before that it was what it was first"


def test_a_price_that_stands_still_is_the_same_at_every_moment_until_it_moves() -> None:
    prices = path()
    prices.moving(5000.0, D(100))
    for at in (0, 7, 2500, 4990, 4999, 5000):
        assert prices.at(at, D(110)) == 100, at
    assert prices.at(5000 + STEP, D(110)) == 110


def test_within_a_step_it_moves_in_a_line_and_at_its_ends_it_is_exact() -> None:
    prices = path()
    for at, old in ((21.0, 100), (24.0, 101), (33.0, 104)):
        prices.moving(at, D(old))
    # 101 since 21, 104 since 24, 108 since 33
    assert [prices.at(at, D(108)) for at in (20, 25, 30, 35, 40, 50)] == [100, 102, 104, 106, 108, 108]


def test_days_of_moves_take_bounded_memory_and_the_last_day_is_still_known() -> None:
    prices = path()
    for step in range(30_000):
        prices.moving(step * STEP, D(step))
    assert len(prices._moments) < 2 * (DAY + 3 * 3600) / STEP
    now = 30_000 * STEP
    assert prices.at(now - DAY, D(0)) == (now - DAY) / STEP


def history() -> TradeHistory:
    """Return one of two half hours in each of which 100 USD were traded, opened at 0."""
    bars = [Bar(D(9), D(11), D(60), D(40), D(6), D(4), 6, 4) for _ in range(2)]
    return TradeHistory(bars, 0.0, D(10))


def test_a_span_takes_the_part_of_the_half_hour_in_which_it_begins() -> None:
    trades = history()
    assert trades.window(-1800, 0, 0).usd == 100
    assert trades.window(-3600, 0, 0).usd == 200
    half = trades.window(-2700, 0, 0)
    assert (half.usd, half.tokens, half.trades) == (150, 15, 15)
    assert (half.low, half.high) == (9, 11)
    assert trades.window(-2700, -900, 0).usd == 100


def test_a_trade_counts_at_once_in_full_and_falls_out_with_time() -> None:
    trades = history()
    trades.advance(600.0, D(10))
    trades.trade(D(12), D(24), bought=True)
    day = trades.window(600 - 1800, 600, 600)
    assert (day.buys, day.high, day.usd) == (4 + 1, 12, D("66.67") + 24)
    trades.advance(4 * BAR_SECONDS, D(12))
    assert trades.window(3 * BAR_SECONDS, 4 * BAR_SECONDS, 4 * BAR_SECONDS).usd == 0
    assert trades.window(0, 4 * BAR_SECONDS, 4 * BAR_SECONDS).usd == 24


def test_where_a_span_begins_moves_in_steps() -> None:
    trades = history()
    assert {trades.window(at - 1800, at, at).usd for at in (0.0, 3.0, 9.99)} == {100}
    assert trades.window(10 - 1800, 10, 10).usd < 100


@pytest.mark.parametrize("days", [1, 400])
def test_after_days_of_silence_the_present_price_is_high_and_low(days: int) -> None:
    trades = history()
    now = days * DAY * 2.5
    trades.advance(now, D(10))
    quiet = trades.window(now - DAY, now, now)
    assert (quiet.usd, quiet.trades, quiet.low, quiet.high) == (0, 0, 10, 10)
