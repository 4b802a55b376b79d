"""What moves by itself, and what does not."""

from __future__ import annotations

from manual_clock import ManualClock

from streamsim.world.activity import MarketActivity
from streamsim.world.catalog import BONK, SOL
from streamsim.world.market import Market, Trade


def market(seed: int = 7) -> tuple[Market, ManualClock]:
    clock = ManualClock()
    return Market(clock, seed), clock


async def test_a_watched_token_moves_within_a_fraction_of_a_second_and_goes_on() -> None:
    one, clock = market()
    trades: list[Trade] = []
    one.listen(trades.append)
    activity = MarketActivity(one, clock, 4.0, 7)
    activity.watch([SOL, BONK])
    await clock.advance(0.3)
    assert {trade.mint for trade in trades} == {SOL, BONK}
    await clock.advance(60)
    assert 180 < len(trades) < 320
    await activity.close()


async def test_a_market_without_a_rate_stands_still() -> None:
    one, clock = market()
    activity = MarketActivity(one, clock, 0.0, 7)
    activity.watch([SOL])
    await clock.advance(60)
    token, fresh = one.token(SOL), market()[0].token(SOL)
    assert token is not None
    assert fresh is not None
    assert (token.trades, token.price) == (0, fresh.price)
    assert clock.sleeping == 0
    await activity.close()
