"""The reading of a transaction against what it was made to mean: thousands of the simulator's, all kinds."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from manual_clock import ManualClock
from scenario_needs import happen

from streamcore.events import TransactionType
from streamcore.solana.interpretation import Meaning, SolanaTransaction, interpret
from streamcore.solana.programs import NAMES
from streamsim.helius.messages import fetched
from streamsim.world.catalog import CATALOG, listing_of
from streamsim.world.chain import Transaction
from streamsim.world.holders import decimals_of
from streamsim.world.scenarios import SCENARIOS
from streamsim.world.truth import TransactionTruth
from streamsim.world.wallets import WalletChain

pytestmark = pytest.mark.long

WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
OTHER = "9NyDcAEUByTTNosYMzuWQEuUSfgXCHTNhwQmSWEf5fXq"
READINGS = 60
"""In one example of the property test."""


def chain(seed: int = 7) -> WalletChain:
    made = WalletChain(ManualClock(), seed, lambda mint: listing_of(mint).price)
    made.know(WALLET)
    return made


def read(transaction: Transaction, wallet: str) -> Meaning:
    wire = msgspec.json.encode(fetched(transaction, 1))
    return interpret(msgspec.json.decode(wire, type=SolanaTransaction), wallet, symbol)


def symbol(mint: str) -> str | None:
    return CATALOG[mint].symbol if mint in CATALOG else None


def sol(lamports: int) -> Decimal:
    return Decimal(lamports).scaleb(-9)


def whole(mint: str, units: int) -> Decimal:
    is_nft = abs(units) == 1 and mint not in CATALOG
    return Decimal(units).scaleb(0 if is_nft else -decimals_of(mint))


def compare(transaction: Transaction, truth: TransactionTruth) -> None:
    """Fail where the reading says something else than the truth, or less."""
    meaning = read(transaction, truth.wallet)
    what = (truth, meaning)
    assert meaning.type in truth.types, what
    assert meaning.sol_change == sol(truth.sol), what
    assert meaning.fee == sol(truth.fee), what
    assert meaning.rent == sol(truth.rent), what
    assert meaning.tip == sol(truth.tip), what
    changes = {change.mint: change.amount for change in meaning.token_changes}
    assert changes == {mint: whole(mint, units) for mint, units in truth.tokens.items()}, what
    assert truth.action in (None, meaning.action), what
    assert truth.program is None or meaning.program == NAMES[truth.program], what
    if len(truth.parties) > 1:
        assert meaning.counterparty is None, what
        assert sorted(meaning.counterparties) == sorted(truth.parties), what
    else:
        assert meaning.counterparties == (), what
    if len(truth.parties) == 1:
        assert meaning.counterparty == truth.parties[0], what
    for words in truth.says:
        assert words in meaning.summary, what
    assert ("withheld)" in meaning.summary) is bool(truth.withheld), what
    assert meaning.summary.isprintable(), what
    assert len(meaning.summary) < 400, what
    assert (meaning.type is TransactionType.FAILED) is (meaning.error is not None), what


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_every_kind_of_transaction_is_read_as_it_was_meant(scenario: Any, seed: int) -> None:
    book = chain(seed)
    book.swap(WALLET)  # so that there is a token to sell
    signature = happen(book, WALLET, scenario, random.Random(seed))
    transaction = book.transaction(signature)
    assert transaction is not None
    truths = book.truths(signature)
    assert WALLET in {truth.wallet for truth in truths}
    for truth in truths:
        compare(transaction, truth)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 2**32), st.sampled_from([WALLET, OTHER]))
def test_thousands_of_random_transactions_are_read_as_they_were_meant(seed: int, wallet: str) -> None:
    book = chain(seed)
    for _ in range(READINGS):
        signature = book.live(wallet)
        transaction = book.transaction(signature)
        assert transaction is not None
        gone = sum(transaction.balances_before) - sum(transaction.balances_after)
        assert gone == transaction.fee
        for truth in book.truths(signature):
            compare(transaction, truth)


def test_a_long_life_has_every_kind_in_it() -> None:
    book, seen = chain(), Counter[str | None]()
    for _ in range(1500):
        for truth in book.truths(book.live(WALLET)):
            if truth.wallet == WALLET:
                seen.update([*truth.types, truth.action])
    types = {"received", "sent", "bought", "sold", "swapped", "failed", "account", "called"}
    placed = {"order placed", "order filled", "order cancelled"}
    assert types | placed | {"stake", "unstake", "mint", "list", "bridge"} <= set(seen)
