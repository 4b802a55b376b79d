"""Accounts opened and closed, for oneself and for others."""

from __future__ import annotations

import json
import random

import pytest
from emulated import WALLET, wallet_chain

from streamsim.world import accounts
from streamsim.world.catalog import BONK, CATALOG, SOL
from streamsim.world.chain import RENT


def test_an_account_is_opened_once_for_every_token_and_then_no_more() -> None:
    book, rng = wallet_chain(), random.Random(1)
    book.know(WALLET)
    had = {account.mint for account in book.token_accounts_of(WALLET).values()}
    for _ in CATALOG.keys() - had - {SOL}:
        before = book.balance(WALLET)
        (truth,) = book.truths(accounts.open_own(book, WALLET, rng, 0.0))
        assert book.balance(WALLET) == before + truth.rent - truth.fee
    assert {account.mint for account in book.token_accounts_of(WALLET).values()} >= CATALOG.keys() - {SOL}
    with pytest.raises(ValueError, match="every token"):
        accounts.open_own(book, WALLET, rng, 0.0)


def test_rent_goes_to_whom_the_owner_says() -> None:
    book, rng = wallet_chain(), random.Random(1)
    book.know(WALLET)
    before = book.balance(WALLET)
    transaction = book.transaction(accounts.close_for_another(book, WALLET, rng, 0.0))
    assert transaction is not None
    assert book.balance(WALLET) == before - transaction.fee
    assert book.balance(transaction.keys[-1]) or RENT in transaction.balances_before
    (truth,) = book.truths(accounts.close_several(book, WALLET, rng, 0.0))
    assert truth.rent % RENT == 0
    assert truth.rent >= 2 * RENT


def test_many_accounts_are_closed_in_one_batch_and_few_by_an_instruction_each() -> None:
    book, rng = wallet_chain(), random.Random(1)
    seen = set()
    for _ in range(20):
        transaction = book.transaction(accounts.close_several(book, WALLET, rng, 0.0))
        assert transaction is not None
        (truth,) = book.truths(transaction.signature)
        instructions = json.loads(bytes(transaction.message))["message"]["instructions"]
        kinds = [instruction["parsed"]["type"] for instruction in instructions]
        closed = truth.rent // RENT
        seen.add(closed > accounts.MOST_ONE_BY_ONE)
        assert kinds == (["batch"] if closed > accounts.MOST_ONE_BY_ONE else ["closeAccount"] * closed)
    assert seen == {True, False}


def test_tokens_are_burned_out_of_and_made_into_an_account() -> None:
    book, rng = wallet_chain(), random.Random(1)
    (claimed,) = book.truths(accounts.claim(book, WALLET, rng, 0.0))
    assert book.holding(WALLET, BONK) > 0
    assert claimed.tokens[BONK] > 0
    (burned,) = book.truths(accounts.burn(book, WALLET, rng, 0.0))
    assert all(units < 0 for units in burned.tokens.values())
