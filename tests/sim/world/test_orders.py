"""Limit orders: what was given waits with the order, and the rent comes back when it ends."""

from __future__ import annotations

import random

import pytest
from emulated import WALLET, wallet_chain

from streamsim.world import orders
from streamsim.world.catalog import USDC
from streamsim.world.chain import RENT
from streamsim.world.programs import rent_of


def test_an_order_holds_what_was_given_until_it_is_cancelled_and_then_all_is_as_before() -> None:
    book, rng = wallet_chain(), random.Random(1)
    book.know(WALLET)
    sol, usdc = book.balance(WALLET), book.holding(WALLET, USDC)
    opened = book.transaction(orders.place(book, WALLET, rng, 0.0))
    (order,) = book.orders[WALLET]
    assert book.token_accounts[order.escrow].amount == order.units
    assert book.balance(order.key) == rent_of(orders.ORDER_SPACE)
    assert book.holding(WALLET, USDC) < usdc
    cancelled = book.transaction(orders.cancel(book, WALLET, rng, 0.0))
    assert opened is not None
    assert cancelled is not None
    assert book.holding(WALLET, USDC) == usdc
    assert order.escrow not in book.token_accounts
    assert book.balance(order.key) == 0
    kept = RENT  # of the account opened for what was to be bought
    assert book.balance(WALLET) == sol - opened.fee - cancelled.fee - kept
    assert book.orders[WALLET] == []


def test_a_filled_order_brings_what_was_wanted_and_the_keeper_pays_the_fee() -> None:
    book, rng = wallet_chain(), random.Random(2)
    orders.place(book, WALLET, rng, 0.0)
    (order,) = book.orders[WALLET]
    sol, held = book.balance(WALLET), book.holding(WALLET, order.take)
    filled = book.transaction(orders.fill(book, WALLET, rng, 0.0))
    assert filled is not None
    assert filled.keys[0] != WALLET
    assert book.holding(WALLET, order.take) > held
    assert book.balance(WALLET) == sol + RENT + rent_of(orders.ORDER_SPACE)


@pytest.mark.parametrize("ending", [orders.fill, orders.cancel])
def test_what_was_not_placed_cannot_end(ending: object) -> None:
    with pytest.raises(ValueError, match="no order"):
        ending(wallet_chain(), WALLET, random.Random(1), 0.0)  # type: ignore[operator]
