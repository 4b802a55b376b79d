from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from made_transactions import (
    ACCOUNT,
    BONK,
    FEE,
    FRIEND,
    JUPITER,
    OTHER_ACCOUNT,
    PAYER,
    POOL_MAKER,
    RENT,
    SELLER,
    SOL,
    USDC,
    WALLET,
    fixture,
    make,
    movement,
    parsed,
    tokens,
    told,
)
from real_transactions import decode

from streamcore.solana.interpretation import SolanaTransaction, wallets_touched
from streamcore.solana.programs import SYSTEM, TOKEN


def test_two_watched_wallets_each_see_their_side() -> None:
    transaction = fixture("synthetic_sol_out")
    assert wallets_touched(transaction, {FRIEND, WALLET, PAYER}) == [WALLET, FRIEND]
    assert told(transaction, WALLET).sol_change == Decimal("-0.25")
    friend = told(transaction, FRIEND)
    assert (friend.sol_change, friend.fee, friend.counterparty) == (Decimal("0.25"), Decimal(0), WALLET)


def test_a_wallet_is_touched_by_its_token_account_alone() -> None:
    transaction = fixture("synthetic_spl_in_wallet_not_in_keys")
    assert WALLET not in transaction.addresses()
    assert wallets_touched(transaction, (WALLET, SELLER)) == [WALLET]


def test_keys_from_lookup_tables_count_with_plain_keys_too() -> None:
    transaction = decode(
        {
            "transaction": {
                "signatures": ["s"],
                "message": {
                    "header": {"numRequiredSignatures": 2},
                    "accountKeys": [PAYER, FRIEND],
                    "instructions": [{"programIdIndex": 3, "accounts": [0, 2], "data": "3Bxs"}],
                },
            },
            "meta": {
                "err": None,
                "fee": FEE,
                "preBalances": [SOL + FEE, 0, 0, 1],
                "postBalances": [0, 0, SOL, 1],
                "loadedAddresses": {"writable": [WALLET], "readonly": [SYSTEM]},
            },
            "version": 0,
        }
    )
    assert transaction.addresses() == [PAYER, FRIEND, WALLET, SYSTEM]
    assert transaction.signers() == {PAYER, FRIEND}
    assert told(transaction).summary == "received 1 SOL from 955d…Apxc"
    assert told(transaction, FRIEND).summary == "called System Program"


def looked_up(keys: list[Any], loaded: list[str]) -> SolanaTransaction:
    return decode(
        {
            "transaction": {"message": {"accountKeys": keys, "instructions": []}},
            "meta": {
                "fee": FEE,
                "preBalances": [SOL, 5],
                "postBalances": [SOL - FEE - 7, 12],
                "loadedAddresses": {"writable": loaded, "readonly": []},
            },
        }
    )


def parsed_key(address: str) -> dict[str, Any]:
    return {"pubkey": address, "signer": False, "writable": True}


@pytest.mark.parametrize(
    "keys",
    [
        [WALLET],
        [WALLET, FRIEND],
        [parsed_key(WALLET)],
        [parsed_key(WALLET), parsed_key(FRIEND)],
    ],
    ids=["plain", "plain with all", "parsed", "parsed with all"],
)
def test_keys_from_lookup_tables_are_added_where_the_balances_show_that_they_are_missing(
    keys: list[Any],
) -> None:
    transaction = looked_up(keys, [FRIEND])
    assert transaction.addresses() == [WALLET, FRIEND]
    assert movement(transaction, FRIEND).core == 7


def test_the_first_account_has_signed_even_if_nobody_is_said_to() -> None:
    assert looked_up([parsed_key(WALLET), parsed_key(FRIEND)], []).signers() == {WALLET}
    assert looked_up([], []).signers() == set()


def test_without_a_transfer_the_largest_opposite_balance_is_the_other_side() -> None:
    transaction = make(
        {PAYER: (5 * SOL, 5 * SOL - 7), FRIEND: (3 * SOL, 2 * SOL), WALLET: (0, SOL + 7)},
    )
    assert told(transaction).counterparty == FRIEND


def test_everybody_who_got_sol_is_told_the_largest_first_and_crumbs_are_nobody() -> None:
    def transfer(to: str, lamports: int) -> dict[str, Any]:
        return parsed(SYSTEM, "transfer", source=WALLET, destination=to, lamports=lamports)

    transaction = make(
        {WALLET: (3 * SOL, 0), PAYER: (0, 10), FRIEND: (0, SOL - 10), ACCOUNT: (0, 2 * SOL)},
        instructions=[transfer(PAYER, 10), transfer(FRIEND, SOL - 10)],
        inner=[transfer(ACCOUNT, 2 * SOL)],
    )
    meaning = told(transaction)
    assert meaning.summary == "sent 3 SOL to 2 wallets, most to Awfs…3nRm"
    assert (meaning.counterparty, meaning.counterparties) == (None, (ACCOUNT, FRIEND))


def test_tokens_from_nobody_were_minted_and_to_nobody_burned() -> None:
    moves = {WALLET: (SOL, SOL), ACCOUNT: (RENT, RENT)}
    minted = make(moves, before=[tokens(1, BONK, WALLET, 0, 5)], after=[tokens(1, BONK, WALLET, 150_000, 5)])
    burned = make(moves, before=[tokens(1, BONK, WALLET, 150_000, 5)], after=[tokens(1, BONK, WALLET, 0, 5)])
    assert told(minted).summary == "received 1.5 BONK (minted)"
    assert told(burned).summary == "sent 1.5 BONK (burned)"


def test_an_account_that_changes_its_owner_is_lost_by_one_and_won_by_the_other() -> None:
    transaction = make(
        {PAYER: (SOL, SOL), ACCOUNT: (RENT, RENT)},
        before=[tokens(1, USDC, WALLET, 7_000_000)],
        after=[tokens(1, USDC, FRIEND, 7_000_000)],
    )
    assert told(transaction, WALLET).summary == "sent 7 USDC to DFK4…Pi4j"
    assert told(transaction, FRIEND).summary == "received 7 USDC from Gfyz…eN6T"


def test_a_closed_token_account_counts_as_zero_and_a_new_one_from_zero() -> None:
    transaction = make(
        {PAYER: (SOL, SOL), ACCOUNT: (RENT, 0), OTHER_ACCOUNT: (0, RENT)},
        before=[tokens(1, USDC, WALLET, 7_000_000)],
        after=[tokens(2, USDC, FRIEND, 7_000_000)],
    )
    assert told(transaction, WALLET).token_changes[0].amount == -7
    assert told(transaction, FRIEND).token_changes[0].amount == 7


def test_an_account_made_anew_for_another_mint_counts_for_both() -> None:
    transaction = make(
        {WALLET: (SOL, SOL), ACCOUNT: (RENT, RENT)},
        before=[tokens(1, USDC, WALLET, 7_000_000)],
        after=[tokens(1, BONK, WALLET, 300_000, 5)],
    )
    assert told(transaction).summary == "swapped 7 USDC for 3 BONK"


def test_equal_parts_are_told_as_such() -> None:
    transaction = make(
        {WALLET: (4 * SOL, SOL), PAYER: (0, SOL), FRIEND: (0, SOL), SELLER: (0, SOL)},
        instructions=[
            parsed(SYSTEM, "transfer", source=WALLET, destination=to, lamports=SOL)
            for to in (PAYER, FRIEND, SELLER)
        ],
    )
    assert told(transaction).summary == "sent 3 SOL to 3 wallets (1 each)"


def test_tokens_to_several_wallets_name_the_one_that_got_most() -> None:
    transaction = make(
        {WALLET: (SOL, SOL), ACCOUNT: (1, 1), OTHER_ACCOUNT: (1, 1), PAYER: (1, 1)},
        before=[tokens(1, USDC, WALLET, 9), tokens(2, USDC, FRIEND, 0), tokens(3, USDC, SELLER, 0)],
        after=[tokens(1, USDC, WALLET, 0), tokens(2, USDC, FRIEND, 2), tokens(3, USDC, SELLER, 7)],
    )
    meaning = told(transaction)
    assert meaning.summary == "sent 0.000009 USDC to 2 wallets, most to Hf7p…X6MV"
    assert (meaning.counterparty, meaning.counterparties) == (None, (SELLER, FRIEND))


def test_where_others_traded_too_only_those_a_wallet_exchanged_tokens_with_are_the_other_side() -> None:
    transaction = make(
        {PAYER: (SOL, SOL), ACCOUNT: (1, 1), OTHER_ACCOUNT: (1, 1), WALLET: (1, 1), JUPITER: (1, 1)},
        before=[
            tokens(1, USDC, WALLET, 0),
            tokens(2, USDC, FRIEND, 5),
            tokens(3, USDC, SELLER, 90),
            tokens(4, USDC, POOL_MAKER, 0),
        ],
        after=[
            tokens(1, USDC, WALLET, 5),
            tokens(2, USDC, FRIEND, 0),
            tokens(3, USDC, SELLER, 0),
            tokens(4, USDC, POOL_MAKER, 90),
        ],
        instructions=[parsed(TOKEN, "transfer", source=OTHER_ACCOUNT, destination=ACCOUNT, amount="5")],
    )
    assert told(transaction).counterparty == FRIEND


def test_rent_and_tips_are_paid_to_nobody() -> None:
    tip = "96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5"
    transaction = make(
        {
            WALLET: (2 * SOL, SOL - RENT - 1_000_000),
            FRIEND: (0, SOL),
            ACCOUNT: (0, RENT),
            tip: (5, 1_000_005),
        },
        instructions=[
            parsed(SYSTEM, "createAccount", source=WALLET, newAccount=ACCOUNT, lamports=RENT, space=165),
            parsed(SYSTEM, "transfer", source=WALLET, destination=tip, lamports=1_000_000),
            parsed(SYSTEM, "transfer", source=WALLET, destination=FRIEND, lamports=SOL),
        ],
    )
    meaning = told(transaction)
    assert meaning.summary == "sent 1 SOL to DFK4…Pi4j, tip 0.001 SOL"
    assert (meaning.counterparty, meaning.counterparties) == (FRIEND, ())
    assert (meaning.sol_change, meaning.tip) == (Decimal("-1.001"), Decimal("0.001"))


def test_what_a_wallet_moves_to_itself_is_said_to_be() -> None:
    sol = make(
        {WALLET: (SOL, SOL), SYSTEM: (1, 1)},
        instructions=[parsed(SYSTEM, "transfer", source=WALLET, destination=WALLET, lamports=SOL // 2)],
    )
    usdc = make(
        {WALLET: (SOL, SOL), ACCOUNT: (1, 1), OTHER_ACCOUNT: (1, 1)},
        before=[tokens(1, USDC, WALLET, 5_000_000), tokens(2, USDC, WALLET, 0)],
        after=[tokens(1, USDC, WALLET, 0), tokens(2, USDC, WALLET, 5_000_000)],
        instructions=[parsed(TOKEN, "transfer", source=ACCOUNT, destination=OTHER_ACCOUNT, amount="5000000")],
    )
    assert told(sol).summary == "moved 0.5 SOL to itself"
    assert told(usdc).summary == "moved 5 USDC to itself"


def test_at_an_exchange_only_who_signed_is_the_other_side() -> None:
    def trade(*moves: dict[str, Any]) -> Any:
        return make(
            {PAYER: (3 * SOL, 2 * SOL), SELLER: (SOL, 0), WALLET: (0, 2 * SOL)},
            instructions=[{"programId": JUPITER, "accounts": [], "data": "3"}, *moves],
        )

    from_payer = parsed(SYSTEM, "transfer", source=PAYER, destination=WALLET, lamports=SOL)
    from_pool = parsed(SYSTEM, "transfer", source=SELLER, destination=WALLET, lamports=SOL)
    assert told(trade(from_payer, from_pool)).counterparty == PAYER
    assert told(trade(from_pool)).counterparty is None
    assert told(trade(from_pool)).summary == "received 2 SOL, Jupiter"
