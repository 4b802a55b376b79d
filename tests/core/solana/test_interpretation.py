from __future__ import annotations

import json
from decimal import Decimal, localcontext
from typing import Any

import pytest
from made_transactions import (
    ACCOUNT,
    BONK,
    FEE,
    FIXTURES,
    FRIEND,
    JUPITER,
    OTHER_ACCOUNT,
    PAYER,
    POOL_MAKER,
    RENT,
    SELLER,
    SOL,
    UNKNOWN_PROGRAM,
    USDC,
    WALLET,
    fixture,
    make,
    movement,
    parsed,
    tokens,
    told,
    wire,
)
from real_transactions import decode

from streamcore.events import TransactionType
from streamcore.solana.balances import in_units
from streamcore.solana.interpretation import SolanaTransaction, interpret
from streamcore.solana.programs import ASSOCIATED_TOKEN, MEMO, SYSTEM, TOKEN

VECTORS = [
    ("synthetic_sol_in", WALLET, 1_500_000_000, 0, "1.5", {}),
    ("synthetic_sol_out", WALLET, -250_000_000, 5_450, "-0.25", {}),
    ("synthetic_spl_in_wallet_not_in_keys", WALLET, 0, 0, "0", {USDC: "125.5"}),
    ("synthetic_spl_out_creates_ata", WALLET, -2_039_280, 5_000, "0", {USDC: "-10"}),
    ("synthetic_swap_sol_to_usdc", WALLET, -1_000_000_000, 10_000, "-1", {USDC: "171.25"}),
    ("synthetic_failed", WALLET, 0, 10_000, "0", {}),
    ("synthetic_close_account_rent", WALLET, 2_039_280, 5_000, "0", {}),
    ("synthetic_v1_sol_out", WALLET, -100_000_000, 10_000, "-0.1", {}),
    (
        "captured_swap_sell",
        SELLER,
        85_249_447,
        862_252,
        "0.085249447",
        {"8Y3RkHg21Gj1VBXJi7pcay4qeRqRrY3juZaBac64pump": "-2948735.678665"},
    ),
    (
        "captured_pool_create",
        POOL_MAKER,
        -79_458_681_627,
        5_000,
        # 79.005361067 went into the pool and 0.4 to Raydium; the rest is rent of six accounts.
        "-79.405361067",
        {
            "6R1fgmz8v7ndGvN7RTuJjMNSRNBZwuUVH27Bixe6pump": "-206900000",
            "6tn2RjXqwDpZ8JvsKGUhuPgYidzrB3QRRsRJEN2UdCLS": "4042.044546472",
        },
    ),
]


@pytest.mark.parametrize(("name", "wallet", "net", "fee", "core", "changes"), VECTORS)
def test_the_numbers_of_known_transactions(
    name: str, wallet: str, net: int, fee: int, core: str, changes: dict[str, str]
) -> None:
    transaction = fixture(name)
    moved = movement(transaction, wallet)
    meaning = told(transaction, wallet)
    assert (moved.net, moved.fee) == (net, fee)
    assert in_units(moved.core, 9) == Decimal(core)
    assert str(meaning.sol_change) == core
    assert meaning.fee == Decimal(fee) / SOL
    assert {change.mint: str(change.amount) for change in meaning.token_changes} == changes


@pytest.mark.parametrize(
    ("name", "wallet", "summary"),
    [
        ("synthetic_sol_in", WALLET, "received 1.5 SOL from 955d…Apxc"),
        ("synthetic_sol_in", PAYER, "sent 1.5 SOL to Gfyz…eN6T"),
        ("synthetic_sol_out", WALLET, "sent 0.25 SOL to DFK4…Pi4j"),
        ("synthetic_spl_in_wallet_not_in_keys", WALLET, "received 125.5 USDC from 955d…Apxc"),
        ("synthetic_spl_out_creates_ata", WALLET, "sent 10 USDC to DFK4…Pi4j"),
        ("synthetic_swap_sol_to_usdc", WALLET, "bought 171.25 USDC for 1 SOL on Jupiter"),
        (
            "synthetic_failed",
            WALLET,
            "FAILED Jupiter (slippage, instruction 2: custom error 6001, 0x1771) fee 0.00001 SOL",
        ),
        ("synthetic_close_account_rent", WALLET, "closed token account, rent 0.00203928 SOL back"),
        ("captured_swap_sell", SELLER, "sold 2,948,735.68 8Y3R…pump for 0.08525 SOL on pump.fun"),
        (
            "captured_pool_create",
            POOL_MAKER,
            "multi: -206,900,000 6R1f…pump, +4,042.04 6tn2…dCLS, -79.4054 SOL on Raydium AMM v4",
        ),
        ("documented_base64", WALLET, "unparsed: not in a JSON encoding"),
    ],
)
def test_a_known_transaction_reads_as_a_sentence(name: str, wallet: str, summary: str) -> None:
    assert told(fixture(name), wallet).summary == summary


def test_the_type_counterparty_and_program_come_with_the_sentence() -> None:
    received = told(fixture("synthetic_sol_in"))
    assert (received.type, received.counterparty) == (TransactionType.RECEIVED, PAYER)
    bought = told(fixture("synthetic_swap_sol_to_usdc"))
    assert (bought.type, bought.counterparty, bought.program) == (TransactionType.BOUGHT, None, "Jupiter")
    assert bought.token_changes[0].symbol == "USDC"


def test_one_type_decodes_the_answer_over_http_too() -> None:
    answer = json.loads((FIXTURES / "http.getTransaction.response.json").read_text())["result"]
    transaction = decode(answer)
    assert (transaction.slot, transaction.block_time) == (answer["slot"], answer["blockTime"])
    assert transaction.signature == answer["transaction"]["signatures"][0]
    assert told(transaction).type is TransactionType.RECEIVED


def test_a_full_list_over_http_reads_like_single_transactions() -> None:
    answer = json.loads((FIXTURES / "http.getTransactionsForAddress.response_full.json").read_text())
    transactions = [decode(item) for item in answer["result"]["data"]]
    assert transactions
    assert not any(told(transaction).summary.startswith("unparsed") for transaction in transactions)


def test_a_swap_of_two_tokens_names_both() -> None:
    transaction = make(
        {WALLET: (SOL, SOL), ACCOUNT: (RENT, RENT), OTHER_ACCOUNT: (RENT, RENT)},
        before=[tokens(1, BONK, WALLET, 0, 5), tokens(2, USDC, WALLET, 2_500_000)],
        after=[tokens(1, BONK, WALLET, 1_000_000, 5), tokens(2, USDC, WALLET, 0)],
        instructions=[{"programId": JUPITER, "accounts": [], "data": ""}],
    )
    meaning = told(transaction)
    assert meaning.type is TransactionType.SWAPPED
    assert meaning.summary == "swapped 2.5 USDC for 10 BONK on Jupiter"


def test_a_few_lamports_beside_a_swap_are_no_third_leg() -> None:
    transaction = make(
        {WALLET: (SOL, SOL - 9), ACCOUNT: (RENT, RENT), OTHER_ACCOUNT: (RENT, RENT), PAYER: (0, 9)},
        before=[tokens(1, BONK, WALLET, 0, 5), tokens(2, USDC, WALLET, 2_500_000)],
        after=[tokens(1, BONK, WALLET, 1_000_000, 5), tokens(2, USDC, WALLET, 0)],
    )
    meaning = told(transaction)
    assert meaning.type is TransactionType.SWAPPED
    assert meaning.sol_change == Decimal("-0.000000009")


def test_sol_and_a_token_both_received_are_several_things() -> None:
    transaction = make(
        {PAYER: (2 * SOL, SOL), WALLET: (0, SOL), ACCOUNT: (RENT, RENT)},
        before=[tokens(2, USDC, WALLET, 0)],
        after=[tokens(2, USDC, WALLET, 1_000_000)],
    )
    meaning = told(transaction)
    assert (meaning.type, meaning.summary) == (TransactionType.MULTI, "multi: +1 USDC, +1 SOL")


def test_a_signer_calls_and_a_bystander_is_mentioned() -> None:
    transaction = make(
        {WALLET: (SOL, SOL), FRIEND: (1, 1)},
        instructions=[
            {"programId": "ComputeBudget111111111111111111111111111111", "accounts": [], "data": "3"},
            {"programId": UNKNOWN_PROGRAM, "accounts": [], "data": "3"},
        ],
    )
    called, mentioned = told(transaction, WALLET), told(transaction, FRIEND)
    assert (called.type, called.summary) == (TransactionType.CALLED, "called BCVV…C25a")
    assert (mentioned.type, mentioned.summary) == (TransactionType.MENTIONED, "mentioned by BCVV…C25a")
    assert called.program == UNKNOWN_PROGRAM
    assert called.fee == Decimal("0.000005")


def test_without_any_readable_instruction_the_program_is_unknown() -> None:
    meaning = told(make({WALLET: (SOL, SOL), SYSTEM: (1, 1)}))
    assert (meaning.program, meaning.summary) == (None, "called an unknown program")


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("invoice 17", "received 1 SOL from 955d…Apxc, memo “invoice 17”"),
        ("\x1b]0;x\x07[red]", "received 1 SOL from 955d…Apxc, memo “␛]0;x␇[red]”"),
        ("m" * 250, "received 1 SOL from 955d…Apxc, memo “" + "m" * 250 + "”"),
        ("m" * 600, "received 1 SOL from 955d…Apxc, memo “" + "m" * 249 + "…”"),
        ("  ", "received 1 SOL from 955d…Apxc"),
    ],
)
def test_a_memo_is_quoted_and_made_harmless(text: str, summary: str) -> None:
    transaction = make(
        {PAYER: (SOL, 0), WALLET: (0, SOL)},
        instructions=[{"program": "spl-memo", "programId": MEMO, "parsed": text, "stackHeight": None}],
    )
    assert told(transaction).summary == summary


def test_a_hostile_symbol_is_made_harmless() -> None:
    meaning = interpret(fixture("synthetic_spl_in_wallet_not_in_keys"), WALLET, lambda _: "US\x1b[8mDC\u202e")
    assert meaning.token_changes[0].symbol == "US␛[8mDC\\u202e"
    assert meaning.summary == "received 125.5 US␛[8mDC\\u202e from 955d…Apxc"


def test_very_old_transactions_without_owners_say_that_tokens_are_not_told() -> None:
    transaction = make(
        {PAYER: (2 * SOL, SOL), WALLET: (0, SOL), ACCOUNT: (RENT, RENT)},
        before=[tokens(2, USDC, None, 0)],
        after=[tokens(2, USDC, None, 5_000_000)],
    )
    meaning = told(transaction)
    assert meaning.summary == "received 1 SOL from 955d…Apxc, token owners not recorded"
    assert meaning.token_changes == ()


MADE = parsed(SYSTEM, "createAccount", source=WALLET, newAccount=ACCOUNT, lamports=RENT, space=165)
CLOSED = parsed(TOKEN, "closeAccount", account=ACCOUNT, destination=WALLET, owner=WALLET)


@pytest.mark.parametrize(
    ("instructions", "whose"),
    [
        ([MADE], ""),
        ([MADE, parsed(TOKEN, "initializeAccount", account=ACCOUNT, owner=FRIEND)], " for another"),
        ([MADE, parsed(TOKEN, "initializeAccount3", account=ACCOUNT, owner=WALLET)], ""),
        ([parsed(ASSOCIATED_TOKEN, "create", account=ACCOUNT, wallet=FRIEND), MADE], " for another"),
        ([parsed(ASSOCIATED_TOKEN, "create", account=ACCOUNT, wallet=WALLET), MADE], ""),
    ],
)
def test_an_opened_account_whose_owner_is_not_recorded_is_of_whom_the_instructions_name(
    instructions: list[dict[str, Any]], whose: str
) -> None:
    transaction = make(
        {WALLET: (SOL, SOL - RENT), ACCOUNT: (0, RENT)},
        after=[tokens(1, USDC, None, 0)],
        instructions=instructions,
    )
    summary = f"opened token account{whose}, rent 0.00203928 SOL, token owners not recorded"
    assert told(transaction).summary == summary


def test_a_closed_account_whose_owner_is_not_recorded_is_not_said_to_be_of_another() -> None:
    transaction = make(
        {WALLET: (SOL, SOL + RENT), ACCOUNT: (RENT, 0)},
        before=[tokens(1, USDC, None, 0)],
        instructions=[CLOSED],
    )
    summary = "closed token account, rent 0.00203928 SOL back, token owners not recorded"
    assert told(transaction).summary == summary


def broken(**changes: Any) -> SolanaTransaction:
    value = wire("ws.transactionNotification.synthetic_swap_sol_to_usdc.json")
    value["meta"] |= changes
    return decode(value)


@pytest.mark.parametrize(
    ("transaction", "reason"),
    [
        (broken(fee=9_999), "balances do not add up"),
        (broken(preBalances=[1]), "11 accounts, but 1 balances before and 11 after"),
        (broken(preBalances=None), "no balances"),
        (broken(fee=-1), "a balance is out of range"),
        (broken(preTokenBalances=[tokens(11, USDC, WALLET, 1)]), "a token balance of account 11"),
        (broken(postTokenBalances=[tokens(1, USDC, WALLET, -1)]), "a token amount is out of range"),
        (broken(postTokenBalances=[tokens(1, USDC, WALLET, 1, 256)]), "a token amount is out of range"),
        (broken(err="AccountNotFound", fee=1), "balances do not add up; it failed (AccountNotFound)"),
        (decode({}), "no message"),
        (decode({"transaction": {"message": {"accountKeys": [WALLET]}}}), "no balances"),
        (decode({"transaction": "base58text"}), "not in a JSON encoding"),
    ],
)
def test_a_ledger_that_does_not_add_up_gives_a_reason_and_no_numbers(
    transaction: SolanaTransaction, reason: str
) -> None:
    meaning = told(transaction)
    assert meaning.type is TransactionType.MENTIONED
    assert meaning.summary.startswith("unparsed: ")
    assert reason in meaning.summary
    assert (meaning.sol_change, meaning.fee, meaning.rent, meaning.tip) == (None,) * 4
    assert not meaning.token_changes


def test_of_a_later_version_only_keys_and_balances_are_read() -> None:
    value = wire("ws.transactionNotification.synthetic_sol_out.json") | {"version": 7}
    value["transaction"]["message"]["instructions"] = {"a": "new shape"}
    meaning = told(decode(value))
    assert meaning.summary == "sent 0.25 SOL to DFK4…Pi4j"
    assert meaning.program is None


@pytest.mark.parametrize("version", ["legacy", 0, 1, 2, "2026", None])
def test_transactions_of_every_version_are_read(version: int | str | None) -> None:
    value = wire("ws.transactionNotification.synthetic_sol_out.json") | {
        "version": version,
        "new": {"member": 1},
    }
    assert told(decode(value)).sol_change == Decimal("-0.25")


def test_balances_beyond_the_precision_of_floats_stay_exact() -> None:
    most = 2**64 - 1
    transaction = make({PAYER: (most - FEE, 0), WALLET: (0, most - FEE)})
    with localcontext(prec=5):
        meaning = told(transaction)
    assert str(meaning.sol_change) == "18446744073.709546615"
    assert meaning.summary.startswith("received 18,446,744,073.71 SOL")
