from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_transactions import FRIEND, PAYER, POOL_MAKER, SELLER, UNKNOWN_PROGRAM, WALLET, make, movement

from streamcore.solana.balances import in_units
from streamcore.solana.programs import SYSTEM


@given(
    st.lists(st.tuples(st.integers(0, 2**40), st.integers(0, 2**40)), min_size=1, max_size=6),
    st.integers(0, 10**6),
)
def test_what_all_wallets_gained_and_lost_adds_up_to_nothing(moves: list[tuple[int, int]], fee: int) -> None:
    addresses = [PAYER, WALLET, FRIEND, SELLER, POOL_MAKER, UNKNOWN_PROGRAM]
    balances = dict(zip(addresses, moves, strict=False))
    surplus = sum(before - after for before, after in moves)
    balances[SYSTEM] = (max(-surplus, 0), max(surplus, 0))
    transaction = make(balances, fee=fee)
    movements = [movement(transaction, wallet) for wallet in balances]
    assert sum(moved.core for moved in movements) == 0
    assert sum(moved.fee for moved in movements) == fee


@pytest.mark.parametrize(
    ("amount", "decimals", "text"),
    [
        (1_500_000, 6, "1.5"),
        (-10, 0, "-10"),
        (1, 11, "1E-11"),
        (0, 9, "0"),
        (1000, 2, "10"),
        (-1500, 3, "-1.5"),
    ],
)
def test_amounts_become_exact_decimals(amount: int, decimals: int, text: str) -> None:
    assert str(in_units(amount, decimals)) == text
