from __future__ import annotations

import pytest
from sample_events import transaction

from streamcore.events import TokenChange, TransactionType
from streamcore.events import WalletTransaction as Tx
from streamtui.model.transaction_list import TransactionList
from streamtui.model.transaction_order import TransactionSort


def of_two_wallets(**more: int) -> TransactionList:
    return TransactionList(lambda wallet: {"w": "main", "v": "cold"}.get(wallet, wallet), **more)


def signatures(entries: list[Tx]) -> list[str]:
    return [entry.signature for entry in entries]


def test_what_is_recovered_takes_its_place_in_the_chain() -> None:
    transactions = of_two_wallets()
    for signature, slot in (("a", 1), ("c", 3), ("b", 2)):
        transactions.add(transaction(signature, slot=slot))
    assert signatures(transactions.shown()) == ["c", "b", "a"]


def test_one_signature_of_two_wallets_is_two_rows() -> None:
    transactions = of_two_wallets()
    transactions.add(transaction("a", wallet="w"))
    transactions.add(transaction("a", wallet="v"))
    assert len(transactions) == 2


def test_a_pause_loses_nothing() -> None:
    transactions = of_two_wallets()
    transactions.add(transaction("a", slot=1))
    transactions.set_paused(True)
    for number in range(12):
        transactions.add(transaction(f"n{number}", slot=number + 2))
    assert (len(transactions), transactions.held) == (1, 12)
    transactions.set_paused(False)
    assert (len(transactions), transactions.held) == (13, 0)


def test_the_oldest_go_when_it_is_full() -> None:
    transactions = of_two_wallets(capacity=2)
    for slot in (1, 2, 3):
        transactions.add(transaction(f"s{slot}", slot=slot))
    assert signatures(transactions.shown()) == ["s3", "s2"]


def test_it_can_be_ordered_by_age_and_by_wallet() -> None:
    transactions = of_two_wallets()
    transactions.add(transaction("a", wallet="w", slot=1))
    transactions.add(transaction("b", wallet="v", slot=2))
    transactions.add(transaction("c", wallet="w", slot=3))
    transactions.sort_by(TransactionSort.NEWEST_LAST)
    assert signatures(transactions.shown()) == ["a", "b", "c"]
    transactions.sort_by(TransactionSort.WALLET)
    assert signatures(transactions.shown()) == ["b", "a", "c"]


def test_a_filter_finds_what_a_person_would_look_for() -> None:
    transactions = of_two_wallets()
    change = TokenChange(mint="m", symbol="BONK", amount=transaction().sol_change)
    transactions.add(transaction("sigA", wallet="w", token_changes=(change,), program="Jupiter"))
    transactions.add(transaction("sigB", wallet="v", type=TransactionType.FAILED, summary="failed: slippage"))
    for wanted, found in {
        "bonk": ["sigA"], "JUPITER": ["sigA"], "cold": ["sigB"], "slip": ["sigB"], "failed": ["sigB"],
        "sig": ["sigB", "sigA"], "nothing": [],
    }.items():  # fmt: skip
        transactions.select(text=wanted)
        assert signatures(transactions.shown()) == found


def test_a_wallet_can_be_forgotten_also_during_a_pause() -> None:
    transactions = of_two_wallets()
    transactions.add(transaction("a", wallet="w"))
    transactions.set_paused(True)
    transactions.add(transaction("b", wallet="w"))
    transactions.add(transaction("c", wallet="v"))
    transactions.forget("w")
    assert (len(transactions), transactions.held) == (0, 1)


def test_hidden_dust_is_counted_and_comes_back() -> None:
    transactions = TransactionList(str)
    transactions.add(transaction("a"))
    transactions.add(transaction("b", type=TransactionType.MENTIONED))
    transactions.select(without_dust=True)
    assert [tx.signature for tx in transactions.shown()] == ["a"]
    assert transactions.hidden == 1
    transactions.select(without_dust=False)
    assert len(transactions.shown()) == 2
    assert transactions.hidden == 0


def test_wallet_and_type_can_be_chosen() -> None:
    transactions = TransactionList(str)
    transactions.add(transaction("a", wallet="one"))
    transactions.add(transaction("b", wallet="two", type=TransactionType.SENT))
    assert transactions.types() == [TransactionType.RECEIVED, TransactionType.SENT]
    transactions.select(wallet="two")
    assert [tx.signature for tx in transactions.shown()] == ["b"]
    transactions.select(type=TransactionType.RECEIVED)
    assert transactions.shown() == []
    transactions.forget("two")
    assert [tx.signature for tx in transactions.shown()] == ["a"]


def test_a_long_pause_counts_what_it_let_go() -> None:
    transactions = of_two_wallets(capacity=5)
    transactions.set_paused(True)
    for number in range(7):
        transactions.add(transaction(f"n{number}", slot=number))
    assert (transactions.held, transactions.dropped) == (5, 2)
    transactions.set_paused(False)
    assert signatures(transactions.shown()) == ["n6", "n5", "n4", "n3", "n2"]
    assert transactions.dropped == 0


def test_the_oldest_of_a_pause_go_whenever_they_came() -> None:
    transactions = of_two_wallets(capacity=2)
    transactions.set_paused(True)
    for slot in (9, 1, 8):  # 1 was recovered after a gap
        transactions.add(transaction(f"s{slot}", slot=slot))
    transactions.set_paused(False)
    assert signatures(transactions.shown()) == ["s9", "s8"]


@pytest.mark.parametrize("rows", [100, 5000])
def test_a_transaction_costs_the_same_in_a_full_list_as_in_a_short_one(rows: int) -> None:
    asked: list[str] = []
    transactions = TransactionList(lambda wallet: (asked.append(wallet), wallet)[1], capacity=rows)
    transactions.select(text="received")
    for number in range(rows):
        transactions.add(transaction(f"s{number}", slot=number))
    transactions.update()
    asked.clear()
    transactions.add(transaction("newest", slot=rows))
    changes = transactions.update()
    assert len(asked) == 1, "only the new one was looked at"
    assert (len(changes.new), len(changes.gone), changes.first) == (1, 1, 0)
    assert len(transactions.rows) == rows


def test_changes_name_the_first_row_that_differs() -> None:
    transactions = of_two_wallets()
    for slot in (1, 3, 5):
        transactions.add(transaction(f"s{slot}", slot=slot))
    assert transactions.update().first == 0
    assert not transactions.changed
    assert transactions.update().first is None
    transactions.add(transaction("s2", slot=2))
    assert transactions.changed
    assert transactions.update().first == 2
    transactions.sort_by(TransactionSort.NEWEST_LAST)
    changes = transactions.update()
    assert changes.reselected
    assert not changes.new


def test_a_transaction_that_comes_again_takes_the_place_of_the_first() -> None:
    transactions = of_two_wallets()
    transactions.add(transaction("a", slot=1))
    transactions.update()
    transactions.add(transaction("a", slot=1, summary="corrected"))
    changes = transactions.update()
    assert [one.summary for one in transactions.shown()] == ["corrected"]
    assert changes.gone, "what was drawn of it is drawn again"


def test_what_came_and_went_between_two_looks_is_no_news() -> None:
    transactions = of_two_wallets(capacity=1)
    transactions.add(transaction("a", slot=1))
    transactions.add(transaction("b", slot=2))
    assert {key.split()[0] for key in transactions.update().new} == {"b"}
