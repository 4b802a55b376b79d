"""Payments to several, tips, odd memos, and tokens that keep a fee."""

from __future__ import annotations

import random

import pytest
from emulated import WALLET, wallet_chain

from streamsim.world import payments
from streamsim.world.catalog import USDC
from streamsim.world.holders import FEE_TOKEN
from streamsim.world.programs import TIP_ACCOUNTS


@pytest.mark.parametrize("seed", range(6))
def test_each_of_several_gets_what_the_truth_says(seed: int) -> None:
    book = wallet_chain()
    sent, *got = book.truths(payments.pay_several(book, WALLET, random.Random(seed), 0.0))
    assert sent.sol == -sum(truth.sol for truth in got)
    assert set(sent.parties) == {truth.wallet for truth in got}
    assert [book.balance(truth.wallet) for truth in got] == [truth.sol for truth in got]
    amounts = {truth.wallet: truth.sol for truth in got}
    assert [amounts[party] for party in sent.parties] == sorted(amounts.values(), reverse=True)


def test_strangers_get_equal_dollars_and_accounts_that_the_wallet_pays_for() -> None:
    book = wallet_chain()
    sent, *got = book.truths(payments.pay_tokens_to_several(book, WALLET, random.Random(1), 0.0))
    assert {truth.tokens[USDC] for truth in got} == {-sent.tokens[USDC] // len(got)}
    assert sent.rent == -len(got) * 2_039_280


def test_a_tip_goes_to_a_tip_account() -> None:
    book = wallet_chain()
    signature = payments.tip(book, WALLET, random.Random(1), 0.0)
    (truth,) = book.truths(signature)
    transaction = book.transaction(signature)
    assert transaction is not None
    assert set(transaction.keys) & set(TIP_ACCOUNTS)
    assert truth.tip == -truth.sol > 0
    account, lamports = payments.some_tip(book, random.Random(1))
    assert account in TIP_ACCOUNTS
    assert 0 < lamports <= 1_000_000


def test_a_fee_token_arrives_less_its_fee() -> None:
    book, seen = wallet_chain(), set()
    for seed in range(20):
        sent, got = book.truths(payments.send_with_fee(book, WALLET, random.Random(seed), 0.0))
        ((mint, given),) = sent.tokens.items()
        fee = -given // payments.FEE_IN if mint == FEE_TOKEN else 0
        assert got.tokens == {mint: -given - fee}
        assert sent.withheld == got.withheld == fee
        seen.add((mint == FEE_TOKEN, sent.wallet == WALLET))
    assert seen == {(fee, out) for fee in (True, False) for out in (True, False)}


def test_memos_hold_whatever_somebody_wrote() -> None:
    book = wallet_chain()
    memos = set()
    for seed in range(60):
        transaction = book.transaction(payments.odd_memo(book, WALLET, random.Random(seed), 0.0))
        assert transaction is not None
        memos.add(transaction.memo)
    assert memos == {f"[{len(text.encode())}] {text}" for text in payments.ODD_MEMOS}
