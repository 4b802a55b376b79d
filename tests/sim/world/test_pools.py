"""The pools of the emulated market."""

from __future__ import annotations

from manual_clock import ManualClock

from streamsim.world.catalog import BONK, SOL, USDC, USDT
from streamsim.world.market import Market

MINT = "HdTMykwfPCmz8HE9A8qcNQiTGGv6Wp3VCMLXtmKUmdMQ"


def test_a_token_has_three_pools_the_deepest_first_and_the_second_the_oldest() -> None:
    pools = Market(ManualClock(), 7).pools.of(BONK)
    assert [pool.base for pool in pools] == [BONK] * 3
    assert pools[0].share > pools[1].share > pools[2].share
    assert sum(pool.share for pool in pools) == 1
    assert pools[1].opened < pools[0].opened < pools[2].opened
    assert len({pool.address for pool in pools}) == 3


def test_the_deepest_pool_of_a_stable_coin_is_one_of_sol() -> None:
    pools = Market(ManualClock(), 7).pools
    for mint in (USDC, USDT):
        deepest = pools.of(mint)[0]
        assert (deepest.base, deepest.quote) == (SOL, mint)
        assert deepest in pools.of(SOL)
        assert deepest.other(mint) == SOL


def test_a_pool_is_found_by_its_address_if_its_token_has_a_name_or_was_asked_for() -> None:
    market = Market(ManualClock(), 7)
    unasked = Market(ManualClock(), 7).pools.of(MINT)[0]
    assert market.pools.at(unasked.address) is None
    assert market.pools.at(market.pools.of(MINT)[0].address) == unasked
    bonk = Market(ManualClock(), 7).pools.of(BONK)[1]
    assert market.pools.at(bonk.address) == bonk
    assert market.pools.at(BONK) is None


def test_what_is_no_token_has_no_price_or_trades_on_a_bonding_curve_has_no_pool() -> None:
    market = Market(ManualClock(), 7)
    market.pools.none.add(BONK)
    market.unpriced.add(MINT)
    assert [market.pools.of(mint) for mint in ("exchange:BTC", BONK, MINT)] == [[], [], []]
