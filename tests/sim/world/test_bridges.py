"""The token bridge: tokens leave into custody, or are made for the wallet."""

from __future__ import annotations

import random

from emulated import WALLET, wallet_chain

from streamsim.world import bridges
from streamsim.world.catalog import BONK, USDC
from streamsim.world.programs import rent_of


def test_what_is_sent_rests_with_the_bridge_and_a_message_account_is_paid_for() -> None:
    book = wallet_chain()
    book.know(WALLET)
    before, custody = book.holding(WALLET, USDC), book.holding(book.pool_owner, USDC)
    (truth,) = book.truths(bridges.send(book, WALLET, random.Random(1), 0.0))
    assert before - book.holding(WALLET, USDC) == book.holding(book.pool_owner, USDC) - custody > 0
    assert truth.rent == -rent_of(bridges.MESSAGE_SPACE) == -2_477_760  # as in a real one of 2021
    assert (truth.sol, truth.fee) == (-200, 10_000)


def test_what_arrives_is_made_for_the_wallet_and_a_claim_is_paid_for() -> None:
    book = wallet_chain()
    book.account_of(WALLET, BONK)
    before = book.holding(WALLET, BONK)
    (truth,) = book.truths(bridges.redeem(book, WALLET, random.Random(1), 0.0))
    assert book.holding(WALLET, BONK) > before
    assert truth.rent == -rent_of(bridges.CLAIM_SPACE) == -897_840
