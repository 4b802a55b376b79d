"""Trades in which what is traded is small beside the rent, or takes a long way."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest
from emulated import WALLET, wallet_chain

from streamsim.world import trades
from streamsim.world.catalog import BONK, SOL, USDC
from streamsim.world.chain import RENT
from streamsim.world.holders import decimals_of, token_address


def test_a_tiny_purchase_costs_less_than_the_rent_it_pays() -> None:
    book, rng = wallet_chain(1), random.Random(1)
    book.token_accounts.pop(token_address(WALLET, BONK), None)
    book.know(WALLET)
    book.token_accounts.pop(token_address(WALLET, BONK), None)
    before = book.balance(WALLET)
    (truth,) = book.truths(trades.buy_little(book, WALLET, rng, 0.0))
    assert 0 < -truth.sol < -truth.rent == RENT
    assert book.balance(WALLET) == before + truth.sol + truth.rent - truth.fee


def test_selling_all_closes_the_account() -> None:
    book, rng = wallet_chain(), random.Random(1)
    book.know(WALLET)
    before = book.balance(WALLET)
    (truth,) = book.truths(trades.sell_all(book, WALLET, rng, 0.0))
    ((mint, units),) = truth.tokens.items()
    assert units < 0
    assert token_address(WALLET, mint) not in book.token_accounts
    assert book.balance(WALLET) == before + truth.sol + RENT - truth.fee


def test_sol_can_stay_wrapped_and_the_token_in_the_middle_is_gone() -> None:
    book, rng = wallet_chain(), random.Random(1)
    (truth,) = book.truths(trades.sell_into_wrapped(book, WALLET, rng, 0.0))
    assert book.token_accounts[token_address(WALLET, SOL)].amount == truth.sol
    (truth,) = book.truths(trades.swap_over_two_pools(book, WALLET, rng, 0.0))
    assert len(truth.tokens) == 2
    assert truth.tokens[USDC] < 0


@pytest.mark.parametrize(
    "trade",
    [trades.buy_little, trades.sell_into_wrapped, trades.swap_over_two_pools, trades.buy_from_curve],
)
@pytest.mark.parametrize("seed", range(4))
def test_what_is_got_is_worth_a_little_less_than_what_is_given(trade: Any, seed: int) -> None:
    book, rng = wallet_chain(seed), random.Random(seed)
    (truth,) = book.truths(trade(book, WALLET, rng, 0.0))
    worth = [
        Decimal(units).scaleb(-decimals_of(mint)) * book.price(mint)
        for mint, units in (*truth.tokens.items(), (SOL, truth.sol))
    ]
    given, got = -sum(value for value in worth if value < 0), sum(value for value in worth if value > 0)
    assert Decimal("0.97") * given < got < given


@pytest.mark.parametrize("trade", [trades.sell_all, trades.swap_over_two_pools, trades.add_liquidity])
def test_who_has_nothing_trades_nothing(trade: object) -> None:
    book = wallet_chain()
    book.know(WALLET)
    for account in book.token_accounts_of(WALLET).values():
        account.amount = 0
    with pytest.raises(ValueError, match="has no"):
        trade(book, WALLET, random.Random(1), 0.0)  # type: ignore[operator]
