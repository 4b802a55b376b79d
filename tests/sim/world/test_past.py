"""The past of the emulated market: candles of every length tell the same, and it ends in the present."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from manual_clock import ManualClock
from properties import quick

from streamsim.world.candles import CHART_SECONDS, Candle, bucket_start, filled
from streamsim.world.catalog import BONK, SOL, listing_of
from streamsim.world.history import DAY
from streamsim.world.market import Market, Token

pytestmark = pytest.mark.long

QUIET = "4mQuietQuietQuietQuietQuietQuietQuietQuietx"
"""A token of which nobody has heard: some hundred trades a day."""
MINTS = (SOL, BONK, QUIET, "exchange:BTC", "J1toso1uCk3RLmjorhTtrVwY9HJ7X8V9yYac6Y7kGCPn")
LENGTHS = (1, 15, 60, 180, 300, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400)
YEAR = 365 * 86_400


def opened(mint: str, at: float = 12_345.678, seed: int = 7) -> Token:
    """Return a token of a market that opened so many seconds after the start of a test."""
    clock = ManualClock()
    asyncio.run(clock.advance(at))
    return token_of(Market(clock, seed), mint)


def token_of(market: Market, mint: str) -> Token:
    token = market.token(mint)
    assert token is not None
    return token


def gathered(candles: list[Candle], length: int) -> list[Candle]:
    """Return longer candles made of shorter ones."""
    longer: list[Candle] = []
    for candle in candles:
        start = bucket_start(length, candle.start)
        if longer and longer[-1].start == start:
            last = longer[-1]
            last.high, last.low = max(last.high, candle.high), min(last.low, candle.low)
            last.close = candle.close
            last.volume += candle.volume
            last.volume_usd += candle.volume_usd
            last.trades += candle.trades
        else:
            fresh = Candle(start, candle.open, candle.high, candle.low, candle.close)
            fresh.volume, fresh.volume_usd, fresh.trades = candle.volume, candle.volume_usd, candle.trades
            longer.append(fresh)
    return longer


def trade(token: Token, market: Market, moves: list[tuple[float, str, str]]) -> None:
    clock = token.clock
    assert isinstance(clock, ManualClock)
    for seconds, factor, usd in moves:
        asyncio.run(clock.advance(seconds))
        market.trade(token.listing.mint, price=token.price * Decimal(factor), volume_usd=Decimal(usd))


MOVES = st.lists(
    st.tuples(
        st.one_of(st.floats(0, 50), st.floats(0, 5000), st.floats(0, 100_000)),
        st.sampled_from(["1", "1.01", "0.99", "1.2"]),
        st.sampled_from(["0", "0.01", "1234.56"]),
    ),
    max_size=30,
)


@quick
@given(
    st.sampled_from(MINTS),
    st.floats(0, 2 * DAY),
    st.integers(1, len(LENGTHS) - 1),
    st.floats(0, YEAR),
    MOVES,
)
def test_longer_candles_are_made_of_the_shorter_ones_exactly(
    mint: str, at: float, which: int, ago: float, moves: list[tuple[float, str, str]]
) -> None:
    market = Market(ManualClock(), 7)
    clock = market.clock
    assert isinstance(clock, ManualClock)
    asyncio.run(clock.advance(at))
    token = token_of(market, mint)
    trade(token, market, moves)
    short = next(size for size in reversed(LENGTHS[:which]) if LENGTHS[which] % size == 0)
    length = LENGTHS[which]
    start = bucket_start(length, clock.time() - ago)
    longer = token.candles(length, start, start + 8 * length)
    made = gathered(token.candles(short, start, start + 8 * length), length)
    assert [candle.start for candle in made] == [candle.start for candle in longer]
    for ours, theirs in zip(made, longer, strict=True):
        if mint != MINTS[-1]:
            assert ours == theirs
        else:  # a token that follows another has that one's volumes, scaled and rounded
            assert (ours.open, ours.high, ours.low, ours.close) == (
                theirs.open,
                theirs.high,
                theirs.low,
                theirs.close,
            )
            assert ours.volume == pytest.approx(theirs.volume, abs=Decimal("1e-5"))


@quick
@given(st.sampled_from(MINTS), st.floats(0, YEAR), st.sampled_from(LENGTHS), MOVES)
def test_every_candle_is_one(mint: str, ago: float, length: int, moves: list[tuple[float, str, str]]) -> None:
    market = Market(ManualClock(), 7)
    token = token_of(market, mint)
    trade(token, market, moves)
    start = bucket_start(length, token.now() - ago)
    candles = token.candles(length, start, start + 40 * length)
    for candle in candles:
        assert candle.start % length == 0
        assert candle.low <= min(candle.open, candle.close) <= max(candle.open, candle.close) <= candle.high
        assert candle.low <= candle.average <= candle.high
        assert candle.trades > 0
        assert candle.volume >= 0
        for price in (candle.open, candle.high, candle.low, candle.close):
            assert Decimal(repr(float(price))) == price > 0
    for one, after in pairwise(candles):
        assert one.start < after.start
        assert one.close == after.open, "between two trades a price stands still"


@quick
@given(st.sampled_from(MINTS), st.floats(0, 2 * DAY), st.sampled_from(LENGTHS), MOVES)
def test_the_last_candle_closes_at_the_live_price(
    mint: str, at: float, length: int, moves: list[tuple[float, str, str]]
) -> None:
    market = Market(ManualClock(), 7)
    asyncio.run(market.clock.advance(at))  # type: ignore[attr-defined]
    token = token_of(market, mint)
    trade(token, market, moves)
    assert token.candles(length, token.now() - 20 * max(length, 300))[-1].close == token.price


@quick
@given(st.sampled_from(MINTS), st.floats(0, 2 * DAY), MOVES, st.floats(0, 50 * 3600))
def test_the_figures_of_a_day_are_those_of_its_minutes(
    mint: str, at: float, moves: list[tuple[float, str, str]], later: float
) -> None:
    market = Market(ManualClock(), 7)
    clock = market.clock
    assert isinstance(clock, ManualClock)
    asyncio.run(clock.advance(at))
    token = token_of(market, mint)
    trade(token, market, moves)
    asyncio.run(clock.advance(later))
    start = bucket_start(60, clock.time() - DAY)
    minutes, day = token.candles(60, start), token.window(DAY)
    if not minutes:
        assert (day.trades, day.low, day.high) == (0, token.price, token.price)
        return
    if mint != MINTS[-1]:
        assert day.tokens == sum(minute.volume for minute in minutes)
        assert day.trades == sum(minute.trades for minute in minutes)
        assert day.usd == sum(minute.volume_usd for minute in minutes).quantize(Decimal("0.01"))
    assert day.high == max(minute.high for minute in minutes)
    assert day.low == min(minute.low for minute in minutes)
    assert day.low <= token.price_ago(DAY) <= day.high


def test_equal_seeds_give_equal_pasts_and_others_do_not() -> None:
    def year(seed: int) -> list[Candle]:
        token = opened(SOL, seed=seed)
        return token.candles(86_400, token.now() - YEAR)

    assert year(1) == year(1)
    assert [candle.close for candle in year(1)[:-1]] != [candle.close for candle in year(2)[:-1]]


def test_what_is_asked_first_changes_nothing() -> None:
    one, other = opened(QUIET), opened(QUIET)
    begun = one.now() - 40 * DAY
    minutes = one.candles(60, begun, begun + DAY)
    other.candles(86_400, other.now() - YEAR)
    for ago in range(1000):
        other.price_ago(ago * 5000.0)
    assert other.candles(60, begun, begun + DAY) == minutes


def test_a_past_does_not_change_when_the_market_goes_on() -> None:
    clock = ManualClock()
    market = Market(clock, 7)
    token = token_of(market, QUIET)
    start = bucket_start(3600, clock.time() - 30 * 3600)
    before = token.candles(300, start, clock.time() - 600)
    for _ in range(3 * 24 * 60):
        market.trade(QUIET)
        asyncio.run(clock.advance(60))
    assert token.candles(300, start, start + 30 * 3600 - 600) == before
    # and what was traded three days ago still adds up, though its minutes were summed
    begun = bucket_start(3600, clock.time() - 70 * 3600)
    assert gathered(token.candles(60, begun, begun + 3600), 3600) == token.candles(3600, begun, begun + 3600)


def test_there_is_nothing_before_a_token_was_listed() -> None:
    clock = ManualClock()
    market = Market(clock, 7)
    market.listed_since[SOL] = clock.time() - 10.5 * DAY
    token = token_of(market, SOL)
    year = token.candles(86_400, clock.time() - YEAR)
    assert len(year) in (11, 12)
    assert token.candles(60, clock.time() - 12 * DAY, clock.time() - 11 * DAY) == []
    assert token.price_ago(YEAR) == year[0].open
    assert token.candles(60, clock.time() - 11 * DAY)[0].start == bucket_start(60, clock.time() - 10.5 * DAY)


@pytest.mark.parametrize("mint", MINTS[:-1])
def test_a_year_varies_like_the_asset_and_stays_plausible(mint: str) -> None:
    token, listing = opened(mint), listing_of(mint)
    year = token.candles(86_400, token.now() - 200 * DAY)
    moves = [float(abs(one.close / one.open - 1)) for one in year]
    assert 0.2 < sum(moves) / len(moves) / listing.volatility < 2
    assert all(listing.price / 50 < candle.close < listing.price * 50 for candle in year)
    usual = sum(candle.volume_usd for candle in year[:-1]) / len(year[:-1])
    assert usual == pytest.approx(listing.volume_24h, rel=Decimal("0.3"))


def test_a_quiet_token_has_minutes_without_trades_which_can_be_filled() -> None:
    token = opened(QUIET)
    start = bucket_start(60, token.now() - 6 * 3600)
    known = token.candles(60, start, start + 3600)
    assert 0 < len(known) < 60
    before = token.price_ago(token.now() - start)
    every = filled(known, range(start, start + 3600, 60), before)
    assert len(every) == 60
    assert [candle for candle in every if candle.trades] == known
    for one, after in pairwise(every):
        assert after.open == one.close
        assert after.trades or (after.high, after.low, after.volume) == (one.close, one.close, 0)


@pytest.mark.parametrize("chart", CHART_SECONDS)
def test_candles_of_every_chart_type_begin_where_the_calendar_says(chart: str) -> None:
    token = opened(BONK)
    candles = token.candles(chart, token.now() - min(20 * CHART_SECONDS[chart], 200 * DAY))
    assert len(candles) >= 6
    assert [candle.start for candle in candles] == [bucket_start(chart, candle.start) for candle in candles]
    assert candles[-1].close == token.price


def test_a_thousand_tokens_open_without_inventing_their_pasts() -> None:
    market = Market(ManualClock(), 7)
    for number in range(1000):
        token_of(market, f"exchange:T{number}")
    days = [len(token_of(market, f"exchange:T{number}").history.past._days) for number in range(1000)]  # type: ignore[union-attr]
    assert max(days) == 0


async def test_a_wall_clock_set_back_does_not_turn_the_market_back() -> None:
    clock = ManualClock()
    market = Market(clock, 7)
    market.trade(SOL, price=Decimal(100))
    clock.wall_offset = -5000
    market.trade(SOL, price=Decimal(101))
    token = token_of(market, SOL)
    last = token.candles(60, token.now() - 120)[-1]
    assert (last.close, last.low) == (101, 100)
