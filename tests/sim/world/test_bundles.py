"""Several things in one transaction: what they come to is the sum of the parts."""

from __future__ import annotations

import random
from contextlib import suppress
from decimal import Decimal

from emulated import WALLET, wallet_chain

from streamsim.world.bundles import bundle


def test_what_a_bundle_comes_to_is_what_the_wallet_has_more_or_less() -> None:
    book, kinds, tips, rents = wallet_chain(), set(), set(), set()
    for seed in range(150):
        book.fund(WALLET, Decimal(5))
        before = book.balance(WALLET)
        held = {account.mint: account.amount for account in book.token_accounts_of(WALLET).values()}
        with suppress(ValueError):
            (truth,) = book.truths(bundle(book, WALLET, random.Random(seed), 0.0))
            assert book.balance(WALLET) - before == truth.sol + truth.rent - truth.fee
            now = {account.mint: account.amount for account in book.token_accounts_of(WALLET).values()}
            for mint, units in truth.tokens.items():
                assert now[mint] - held.get(mint, 0) == units
            kinds |= truth.types
            tips.add(truth.tip > 0)
            rents.add((truth.rent > 0) - (truth.rent < 0))
    assert kinds == {"sent", "bought", "sold"}
    assert tips == {True, False}
    assert rents == {-1, 0, 1}
