"""Everything that may happen to a wallet: each adds up, names its accounts and leaves the chain in order."""

from __future__ import annotations

import json
import random
from typing import Any

import base58
import pytest
from manual_clock import ManualClock
from scenario_needs import happen

from streamsim.helius.messages import streamed
from streamsim.world.catalog import BONK, listing_of
from streamsim.world.chain import Expansion, Transaction
from streamsim.world.programs import PROGRAMS
from streamsim.world.scenarios import SCENARIOS, act
from streamsim.world.wallets import WalletChain

WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
POOR = "9NyDcAEUByTTNosYMzuWQEuUSfgXCHTNhwQmSWEf5fXq"


def chain(seed: int = 7) -> WalletChain:
    made = WalletChain(ManualClock(), seed, lambda mint: listing_of(mint).price)
    made.know(WALLET)
    made.swap(WALLET, take=BONK)  # so that there is a token to sell
    return made


def happened(book: WalletChain, scenario: Any, rng: random.Random) -> Transaction:
    transaction = book.transaction(happen(book, WALLET, scenario, rng))
    assert transaction is not None
    return transaction


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_it_adds_up_and_names_every_account_it_touches(scenario: Any) -> None:
    for seed in range(3):
        transaction = happened(chain(seed), scenario, random.Random(seed))
        body = json.loads(streamed(transaction, full=True))["transaction"]
        meta, message = body["meta"], body["transaction"]["message"]
        assert sum(meta["preBalances"]) - sum(meta["postBalances"]) == meta["fee"]
        keys = [key["pubkey"] for key in message["accountKeys"]]
        assert len(set(keys)) == len(keys) == len(meta["preBalances"])
        assert all(len(base58.b58decode(key)) == 32 for key in keys)
        assert meta["fee"] >= 5000 * sum(key["signer"] for key in message["accountKeys"])
        inner = [made for group in meta["innerInstructions"] for made in group["instructions"]]
        for instruction in (*message["instructions"], *inner):
            assert instruction["programId"] in PROGRAMS
            assert instruction["programId"] in keys
            assert set(instruction.get("accounts", [])) <= set(keys), instruction
            info = instruction["parsed"]["info"] if isinstance(instruction.get("parsed"), dict) else {}
            moved = {
                info[name] for name in ("source", "destination", "account", "newAccount") if name in info
            }
            assert moved <= set(keys), instruction
        for balance in (*meta["preTokenBalances"], *meta["postTokenBalances"]):
            assert int(balance["uiTokenAmount"]["amount"]) >= 0
            assert balance["accountIndex"] < len(keys)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_its_accounts_are_in_the_order_of_every_message_and_only_writable_ones_change(scenario: Any) -> None:
    """The payer, signers, the rest, then those that are looked up; in each group the writable ones first."""
    for seed in range(3):
        transaction = happened(chain(seed), scenario, random.Random(seed))
        body = json.loads(streamed(transaction, full=True))["transaction"]
        meta, keys = body["meta"], body["transaction"]["message"]["accountKeys"]
        ranks = [(key["source"] == "lookupTable", not key["signer"], not key["writable"]) for key in keys]
        assert ranks == sorted(ranks)
        assert ranks[0] == (False, False, False)
        assert not any(key["signer"] and key["source"] == "lookupTable" for key in keys)
        amounts: dict[int, list[str]] = {}
        for side in ("preTokenBalances", "postTokenBalances"):
            for balance in meta[side]:
                amounts.setdefault(balance["accountIndex"], []).append(balance["uiTokenAmount"]["amount"])
        for index, key in enumerate(keys):
            is_same = meta["preBalances"][index] == meta["postBalances"][index]
            is_same &= len(set(amounts.get(index, ["0"]))) == 1
            assert is_same or key["writable"], key


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_it_concerns_the_wallet_and_its_truth_is_known(scenario: Any) -> None:
    book = chain()
    transaction = happened(book, scenario, random.Random(1))
    assert transaction in book.transactions(WALLET, Expansion.BALANCE_CHANGED)
    assert WALLET in {truth.wallet for truth in book.truths(transaction.signature)}


def test_a_wallet_with_nothing_left_is_helped_out() -> None:
    book = chain()
    book.lamports[POOR] = 0
    book.know(POOR)
    book.lamports[POOR] = 0
    for account in book.token_accounts_of(POOR).values():
        account.amount = 0
    rng = random.Random(3)
    made = [act(book, POOR, rng, 0.0) for _ in range(30)]
    assert len(set(made)) == 30
    assert book.balance(POOR) > 0


def test_equal_chance_gives_an_equal_life() -> None:
    one, same = ([act(book, WALLET, rng, 0.0) for _ in range(50)] for book, rng in _two())
    assert one == same


def _two() -> list[tuple[WalletChain, random.Random]]:
    return [(chain(), random.Random(5)) for _ in range(2)]


def test_the_truth_of_a_forgotten_transaction_is_forgotten() -> None:
    book = WalletChain(ManualClock(), 7, lambda mint: listing_of(mint).price, keep=10)
    first = book.sol_in(WALLET)
    assert book.truths(first)
    for _ in range(20):
        book.live(WALLET)
    assert book.truths(first) == ()
    assert book.transaction(first) is None
