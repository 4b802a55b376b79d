"""Who there is, and what they hold."""

from __future__ import annotations

import random
from decimal import Decimal

from emulated import WALLET, wallet_chain

from streamsim.world.catalog import SOL, USDC
from streamsim.world.holders import FEE_TOKEN, PLAIN_2022, raw_amount, token_account, token_address
from streamsim.world.programs import JUPITER, TOKEN, TOKEN_2022

OTHER = "9NyDcAEUByTTNosYMzuWQEuUSfgXCHTNhwQmSWEf5fXq"


def test_a_wallet_is_known_from_when_it_is_asked_for_and_a_program_or_mint_never_is() -> None:
    book = wallet_chain()
    assert not book.is_wallet(OTHER)
    for name in (OTHER, JUPITER, SOL, USDC):
        book.know(name)
    assert [book.is_wallet(name) for name in (OTHER, JUPITER, SOL, USDC)] == [True, False, False, False]
    book.know(token_address(WALLET, USDC))
    assert not book.is_wallet(token_address(WALLET, USDC))
    assert book.holding(OTHER) > 0
    assert book.holding(OTHER, USDC) > 0


def test_what_is_given_out_of_thin_air_is_held() -> None:
    book = wallet_chain()
    book.know(WALLET)
    sol, usdc = book.holding(WALLET), book.holding(WALLET, USDC)
    book.fund(WALLET, Decimal("1.5"))
    book.fund(WALLET, Decimal("2.25"), USDC)
    assert (book.holding(WALLET), book.holding(WALLET, USDC)) == (
        sol + Decimal("1.5"),
        usdc + Decimal("2.25"),
    )
    assert book.holding("nobody", USDC) == 0


def test_a_stranger_has_at_least_what_is_asked() -> None:
    book, rng = wallet_chain(), random.Random(1)
    friend = book.friend(rng)
    book.provide(friend, Decimal(7))
    book.provide(friend, Decimal(9), USDC)
    assert book.holding(friend) >= 7
    assert book.holding(friend, USDC) >= 9
    assert book.known_or_friend(OTHER, rng) == OTHER
    assert book.is_wallet(OTHER)


def test_an_account_is_of_the_kind_its_mint_demands() -> None:
    kinds = {mint: token_account(WALLET, mint) for mint in (USDC, PLAIN_2022, FEE_TOKEN)}
    assert [account.program for account in kinds.values()] == [TOKEN, TOKEN_2022, TOKEN_2022]
    assert [account.rent for account in kinds.values()] == [2_039_280, 2_074_080, 2_157_600]


def test_amounts_are_rounded_down_to_the_smallest_unit() -> None:
    assert raw_amount(Decimal("1.2345678"), 6) == 1_234_567
