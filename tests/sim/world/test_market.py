"""The emulated market: what a trade changes, and what time does."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from manual_clock import ManualClock

from streamsim.world.catalog import BONK, CATALOG, FOLLOWS, SOL, listing_of
from streamsim.world.market import Market

UNKNOWN = "7qbRF6YsyGuLUVs6Y1q64bdVrfe4ZcUUz1JRdoVNUJnm"


def market(seed: int = 7) -> tuple[Market, ManualClock]:
    clock = ManualClock()
    return Market(clock, seed), clock


def test_equal_seeds_give_equal_markets() -> None:
    (one, _), (same, _), (other, _) = market(1), market(1), market(2)
    prices = [[each.trade(SOL).price for _ in range(5)] for each in (one, same, other)]
    assert prices[0] == prices[1] != prices[2]


def test_an_unknown_mint_has_a_plausible_price_and_always_the_same() -> None:
    listing = listing_of(UNKNOWN)
    assert listing == listing_of(UNKNOWN)
    assert listing.price > 0
    assert listing.volume_24h > 0


def test_every_figure_survives_a_double() -> None:
    one, _ = market()
    for mint in (*CATALOG, UNKNOWN):
        for _ in range(20):
            one.trade(mint)
        truth = one.truth(mint)
        assert truth is not None
        for figure in (truth.price, truth.change_24h, truth.volume_24h):
            assert Decimal(repr(float(figure))) == figure


def test_a_trade_changes_price_change_and_volume_as_it_says() -> None:
    one, _ = market()
    before = one.truth(SOL)
    assert before is not None
    one.trade(SOL, price=before.price * 2, volume_usd=Decimal(1000))
    after = one.truth(SOL)
    assert after is not None
    assert after.price == before.price * 2
    assert after.volume_24h == before.volume_24h + 1000
    assert after.change_24h == pytest.approx(before.change_24h * 2 + 100, rel=Decimal("1e-12"))


async def test_a_day_later_the_old_trades_no_longer_count() -> None:
    one, clock = market()
    one.trade(SOL, price=Decimal(200), volume_usd=Decimal(500))
    await clock.advance(24.5 * 3600)
    truth = one.truth(SOL)
    assert truth is not None
    assert truth.change_24h == 0
    assert truth.volume_24h == 0


async def test_a_market_that_slept_for_years_wakes_up_at_once() -> None:
    one, clock = market()
    one.token(SOL)
    await clock.advance(10 * 365 * 86_400)
    assert one.truth(SOL) is not None


def test_an_unpriced_token_has_no_truth_and_cannot_be_traded() -> None:
    one, _ = market()
    one.unpriced.add(BONK)
    assert one.truth(BONK) is None
    with pytest.raises(ValueError, match="no price"):
        one.trade(BONK)
    with pytest.raises(ValueError, match="positive"):
        one.trade(SOL, price=Decimal(0))


async def test_a_token_that_stands_for_something_else_follows_it_now_and_in_the_past() -> None:
    """So a row of bitcoin moves on as before when an exchange gives it away to a source of tokens."""
    one, clock = market()
    one.trade("exchange:BTC", price=Decimal(90_000))
    for wrapped, leader in FOLLOWS.items():
        await clock.advance(100)
        for _ in range(20):
            one.trade(leader)
        one.trade(wrapped)
        await clock.advance(20)
        follows, leads = one.token(wrapped), one.token(leader)
        assert follows is not None
        assert leads is not None
        ratio = listing_of(wrapped).price / listing_of(leader).price
        for ago in (0, 3600, 86_400):
            assert follows.price_ago(ago) / leads.price_ago(ago) == pytest.approx(ratio, rel=Decimal("0.002"))
        assert follows.change(86_400) == pytest.approx(leads.change(86_400), abs=Decimal("0.2"))


@pytest.mark.long
async def test_the_market_goes_on_as_wild_as_its_past_however_often_it_trades() -> None:
    for seconds, hours in ((0.5, 2), (30, 24)):
        one, clock = market()
        token = one.token(SOL)
        assert token is not None
        for _ in range(int(hours * 3600 / seconds)):
            await clock.advance(seconds)
            one.trade(SOL)
        moves = [
            abs(math.log(candle.close / candle.open))
            for candle in token.candles(300, token.now() - hours * 3600)
        ]
        of_a_walk = token.listing.volatility * math.sqrt(300 / 86_400 * 2 / math.pi)
        assert 0.6 < sum(moves) / len(moves) / of_a_walk < 1.6, seconds
