"""The order of the transactions: from a row to its key and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamtui.model.transaction_order import Rank, TransactionOrder


def rank(slot: int, key: str, *, arrived: int = 0, label: str = "") -> Rank:
    return Rank(label, slot, arrived, key)


def order(*slots: int, newest_first: bool = False) -> TransactionOrder:
    made = TransactionOrder()
    made.newest_first = newest_first
    for slot in slots:
        made.add(rank(slot, f"s{slot}"))
    return made


def test_the_slot_decides_and_in_a_slot_the_arrival() -> None:
    made = order(3, 1)
    made.add(rank(2, "second", arrived=2))
    made.add(rank(2, "first", arrived=1))
    assert made.keys() == ["s1", "first", "second", "s3"]


def test_wallets_stand_together_where_they_are_ranked_by_name() -> None:
    made = TransactionOrder()
    made.replace([rank(1, "a", label="main"), rank(2, "b", label="cold"), rank(3, "c", label="main")])
    assert made.keys() == ["b", "a", "c"]


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_row_and_its_key_are_found_from_each_other(newest_first: bool) -> None:
    made = order(5, 1, 4, 2, 3, newest_first=newest_first)
    assert made.keys()[0] == ("s5" if newest_first else "s1")
    assert [made.row(key) for key in made.keys()] == [0, 1, 2, 3, 4]  # noqa: SIM118 - not a dict
    assert [made.key(row) for row in range(5)] == made.keys()
    assert made.keys(1, 3) == made.keys()[1:3]
    assert made.row("nobody") is None


def test_what_is_taken_out_is_gone_and_says_whether_it_was_there() -> None:
    made = order(1, 2, 3)
    assert made.discard("s2")
    assert not made.discard("s2")
    assert made.keys() == ["s1", "s3"]
    assert "s2" not in made
    assert len(made) == 2


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20)), max_size=60), st.booleans())
def test_it_is_always_what_sorting_from_the_beginning_would_give(
    steps: list[tuple[bool, int]], newest_first: bool
) -> None:
    made = TransactionOrder()
    made.newest_first = newest_first
    there: set[int] = set()
    for add, slot in steps:
        if add and slot not in there:
            made.add(rank(slot, f"s{slot}"))
            there.add(slot)
        elif not add:
            made.discard(f"s{slot}")
            there.discard(slot)
    assert made.keys() == [f"s{slot}" for slot in sorted(there, reverse=newest_first)]
