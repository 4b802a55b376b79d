from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from made_transactions import (
    ACCOUNT,
    BONK,
    FRIEND,
    JUPITER,
    OTHER_ACCOUNT,
    SOL,
    USDC,
    WALLET,
    make,
    parsed,
    tokens,
    told,
)

from streamcore.events import TransactionType
from streamcore.solana.programs import SYSTEM
from streamcore.solana.tips import JITO_TIP_ACCOUNTS, TIP_ACCOUNTS

JITO = "ADuUkR4vqLUMWXxW9gh6D6L8pMSawimctcNZ5pGwDcEt"
CALL = {"programId": JUPITER, "accounts": [], "data": "3"}


def transfer(to: str, lamports: int) -> dict[str, Any]:
    return parsed(SYSTEM, "transfer", source=WALLET, destination=to, lamports=lamports)


def swap(to: str, lamports: int) -> Any:
    """2.5 USDC for 10 BONK, and lamports to somebody (or from, if negative)."""
    return make(
        {
            WALLET: (SOL, SOL - lamports),
            ACCOUNT: (1, 1),
            OTHER_ACCOUNT: (1, 1),
            to: (SOL, SOL + lamports),
        },
        before=[tokens(1, BONK, WALLET, 0, 5), tokens(2, USDC, WALLET, 2_500_000)],
        after=[tokens(1, BONK, WALLET, 1_000_000, 5), tokens(2, USDC, WALLET, 0)],
        instructions=[CALL, *([transfer(to, lamports)] if lamports > 0 else [])],
    )


@pytest.mark.parametrize(
    ("to", "lamports", "tip"),
    [(JITO, 11_000_000, "0.011"), (FRIEND, 21_000, "0.000021"), (FRIEND, 1_000_000, "0.001")],
)
def test_a_tip_beside_a_swap_is_told_at_its_end(to: str, lamports: int, tip: str) -> None:
    meaning = told(swap(to, lamports))
    assert meaning.type is TransactionType.SWAPPED
    assert meaning.summary == f"swapped 2.5 USDC for 10 BONK on Jupiter, tip {tip} SOL"
    assert (meaning.tip, meaning.sol_change) == (Decimal(tip), -Decimal(tip))


def test_more_than_a_tip_to_somebody_unknown_is_a_leg_of_its_own() -> None:
    assert told(swap(FRIEND, 1_000_001)).type is TransactionType.MULTI


@pytest.mark.parametrize("lamports", [-8, -1_637, -900_000])
def test_a_little_sol_that_is_left_over_from_a_swap_is_no_third_leg(lamports: int) -> None:
    meaning = told(swap(FRIEND, lamports))
    assert (meaning.type, meaning.tip) == (TransactionType.SWAPPED, Decimal(0))
    assert meaning.sol_change == Decimal(-lamports) / SOL


def test_the_price_of_a_purchase_leaves_the_tip_out_and_the_change_of_sol_does_not() -> None:
    transaction = make(
        {WALLET: (2 * SOL, SOL - 2_000_000), ACCOUNT: (1, 1), FRIEND: (0, SOL), JITO: (5, 2_000_005)},
        before=[tokens(1, BONK, WALLET, 0, 5)],
        after=[tokens(1, BONK, WALLET, 1_000_000, 5)],
        instructions=[CALL, transfer(FRIEND, SOL), transfer(JITO, 2_000_000)],
    )
    meaning = told(transaction)
    assert meaning.summary == "bought 10 BONK for 1 SOL on Jupiter, tip 0.002 SOL"
    assert (meaning.sol_change, meaning.tip) == (Decimal("-1.002"), Decimal("0.002"))


def test_a_transaction_that_is_nothing_but_a_tip_says_so() -> None:
    transaction = make(
        {WALLET: (SOL, SOL - 11_000_000), JITO: (5, 11_000_005)}, instructions=[transfer(JITO, 11_000_000)]
    )
    meaning = told(transaction)
    assert meaning.summary == "tipped 0.011 SOL"
    assert (meaning.type, meaning.counterparty) == (TransactionType.SENT, None)
    assert told(transaction, JITO).summary == "received 0.011 SOL from Gfyz…eN6T"


@pytest.mark.parametrize("lamports", [72, 1_637, 4_999])
def test_crumbs_beside_a_token_are_no_leg_of_their_own(lamports: int) -> None:
    transaction = make(
        {
            FRIEND: (SOL, SOL - lamports),
            WALLET: (SOL, SOL + lamports),
            ACCOUNT: (1, 1),
            OTHER_ACCOUNT: (1, 1),
        },
        before=[tokens(2, USDC, WALLET, 0), tokens(3, USDC, FRIEND, 31_007)],
        after=[tokens(2, USDC, WALLET, 31_007), tokens(3, USDC, FRIEND, 0)],
        instructions=[CALL],
    )
    meaning = told(transaction)
    assert meaning.summary == "received 0.03101 USDC from DFK4…Pi4j, Jupiter"
    assert meaning.sol_change == Decimal(lamports) / SOL


def test_what_is_sold_for_next_to_nothing_is_sold() -> None:
    transaction = make(
        {WALLET: (SOL, SOL + 4_268), ACCOUNT: (1, 1), FRIEND: (SOL, SOL - 4_268)},
        before=[tokens(1, USDC, WALLET, 5_333_000_000)],
        after=[tokens(1, USDC, WALLET, 0)],
        instructions=[{"programId": JUPITER, "accounts": [], "data": "3"}],
    )
    meaning = told(transaction)
    assert meaning.summary == "sold 5,333 USDC for 0.000004268 SOL on Jupiter"
    assert meaning.sol_change == Decimal("0.000004268")


def test_the_tip_accounts_of_jito_are_among_those_known() -> None:
    assert len(JITO_TIP_ACCOUNTS) == 8
    assert JITO_TIP_ACCOUNTS < TIP_ACCOUNTS
