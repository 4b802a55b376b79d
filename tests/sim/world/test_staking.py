"""Stake accounts come, rest and are emptied; liquid stake is a token."""

from __future__ import annotations

import random
from typing import Any

import pytest
from emulated import WALLET, wallet_chain

from streamsim.world import staking
from streamsim.world.programs import rent_of


def test_what_is_staked_comes_back_to_the_lamport() -> None:
    book, rng = wallet_chain(), random.Random(1)
    book.know(WALLET)
    before, fees = book.balance(WALLET), 0
    for step in (staking.stake, staking.deactivate, staking.withdraw):
        transaction = book.transaction(step(book, WALLET, rng, 0.0))
        assert transaction is not None
        fees += transaction.fee
        if step is staking.stake:
            (key,) = book.stakes[WALLET]
            assert book.balance(key) > rent_of(staking.STAKE_SPACE)
            assert book.balance(WALLET) == before - fees - book.balance(key)
    assert book.balance(WALLET) == before - fees
    assert book.stakes[WALLET] == []


def test_liquid_stake_is_made_for_the_wallet_at_its_price() -> None:
    book = wallet_chain()
    staking.stake_liquid(book, WALLET, random.Random(1), 0.0)
    assert book.holding(WALLET, staking.MSOL) > 0


@pytest.mark.parametrize("step", [staking.deactivate, staking.withdraw])
def test_without_stake_nothing_ends(step: Any) -> None:
    with pytest.raises(ValueError, match="no stake"):
        step(wallet_chain(), WALLET, random.Random(1), 0.0)


@pytest.mark.parametrize("step", [staking.stake, staking.stake_liquid])
def test_the_poor_do_not_stake(step: Any) -> None:
    book = wallet_chain()
    book.know(WALLET)
    book.lamports[WALLET] = 1_000_000
    with pytest.raises(ValueError, match="too little"):
        step(book, WALLET, random.Random(1), 0.0)
