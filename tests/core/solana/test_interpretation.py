from __future__ import annotations

import copy
import json
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamcore.assets.tokens import WRAPPED_SOL, TokenTable, check_address
from streamcore.events import TransactionType
from streamcore.solana.balances import Defect, Movement, in_units, read_balances
from streamcore.solana.interpretation import Meaning, SolanaTransaction, interpret, touches, wallets_touched
from streamcore.solana.programs import MEMO, NAMES, SYSTEM, TOKEN
from streamcore.solana.rent import Rent
from streamcore.text import printable

FIXTURES = Path(__file__).parents[2] / "fixtures" / "helius"
NOTIFICATIONS = sorted(path.name for path in FIXTURES.glob("ws.transactionNotification.*.json"))
WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
SELLER = "Hf7pVwBoMkPNrwfiLb5Pwx3f7Mtxerk2VokB3URBX6MV"
POOL_MAKER = "39azUYFWPz3VHgKCf3VChUwbpURdCHRxjWVowf5jUJjg"
PAYER = "955dG3DUKvbRxC7exyd81t8KdKkU4MCMkiCZEEXLApxc"
FRIEND = "DFK4931fqk7pnrqdcvDWozDABepb2BeTwE5DYfiRPi4j"
ACCOUNT = "AwfswzK89xCcKs43oK4bvkWWTgBUTP8piZjULuho3nRm"
OTHER_ACCOUNT = "9NyDcAEUByTTNosYMzuWQEuUSfgXCHTNhwQmSWEf5fXq"
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
BONK = "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"
JUPITER = "JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4"
UNKNOWN_PROGRAM = "BCVVkWifPND9zDXrheey2TJRD9w2kW8vvtyx1FvJC25a"
RENT = 2_039_280
SOL = 1_000_000_000
FEE = 5_000

TABLE = TokenTable()


def symbol_of(mint: str) -> str | None:
    token = TABLE.by_mint(mint)
    return None if token is None else token.symbol


def decode(value: Any) -> SolanaTransaction:
    return msgspec.json.decode(json.dumps(value), type=SolanaTransaction)


def wire(name: str) -> dict[str, Any]:
    message = json.loads((FIXTURES / name).read_text())
    transaction: dict[str, Any] = message["params"]["result"]["transaction"]
    return transaction


def fixture(name: str) -> SolanaTransaction:
    return decode(wire(f"ws.transactionNotification.{name}.json"))


def movement(transaction: SolanaTransaction, wallet: str) -> Movement:
    balances = read_balances(transaction)
    assert not isinstance(balances, Defect), balances
    return balances.measure(wallet)


def told(transaction: SolanaTransaction, wallet: str = WALLET) -> Meaning:
    return interpret(transaction, wallet, symbol_of)


def tokens(index: int, mint: str, owner: str | None, amount: int, decimals: int = 6) -> dict[str, Any]:
    balance = {
        "accountIndex": index,
        "mint": mint,
        "programId": TOKEN,
        "uiTokenAmount": {
            "amount": str(amount),
            "decimals": decimals,
            "uiAmount": None,
            "uiAmountString": "",
        },
    }
    return balance if owner is None else balance | {"owner": owner}


def parsed(program: str, kind: str, **info: Any) -> dict[str, Any]:
    return {"programId": program, "parsed": {"type": kind, "info": info}, "stackHeight": None}


def make(
    moves: dict[str, tuple[int, int]],
    *,
    before: list[dict[str, Any]] | None = None,
    after: list[dict[str, Any]] | None = None,
    instructions: list[dict[str, Any]] | None = None,
    inner: list[dict[str, Any]] | None = None,
    err: Any = None,
    fee: int = FEE,
    version: int | str = 0,
) -> SolanaTransaction:
    """A transaction over ``moves`` (address to lamports before and after); the first pays the fee on top."""
    keys = list(moves)
    pre = [lamports for lamports, _ in moves.values()]
    post = [lamports for _, lamports in moves.values()]
    pre[0] += fee
    return decode(
        {
            "transaction": {
                "signatures": ["signature"],
                "message": {
                    "accountKeys": [
                        {"pubkey": key, "signer": index == 0, "writable": True, "source": "transaction"}
                        for index, key in enumerate(keys)
                    ],
                    "instructions": instructions or [],
                },
            },
            "meta": {
                "err": err,
                "fee": fee,
                "preBalances": pre,
                "postBalances": post,
                "preTokenBalances": before,
                "postTokenBalances": after,
                "innerInstructions": None if inner is None else [{"index": 0, "instructions": inner}],
            },
            "version": version,
        }
    )


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
    ("name", "wallet", "paid", "back"),
    [
        ("synthetic_spl_out_creates_ata", WALLET, RENT, 0),
        ("synthetic_close_account_rent", WALLET, 0, RENT),
        ("captured_pool_create", POOL_MAKER, 6_124_800 + 23_357_760 + 1_461_600 + 3 * RENT + 16_258_560, 0),
        ("synthetic_spl_in_wallet_not_in_keys", WALLET, 0, 0),
    ],
)
def test_rent_is_told_apart_from_what_was_sent(name: str, wallet: str, paid: int, back: int) -> None:
    rent = movement(fixture(name), wallet).rent
    assert (sum(rent.paid.values()), sum(rent.back.values())) == (paid, back)
    assert told(fixture(name), wallet).rent == Decimal(back - paid) / SOL


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


# --- failures


def test_a_failed_transaction_moves_nothing_but_the_fee() -> None:
    meaning = told(fixture("synthetic_failed"))
    assert meaning.type is TransactionType.FAILED
    assert (meaning.sol_change, meaning.fee) == (Decimal(0), Decimal("0.00001"))
    assert not meaning.token_changes
    assert meaning.error == "slippage, instruction 2: custom error 6001, 0x1771"


def test_the_fee_of_a_failure_is_not_the_bystanders() -> None:
    meaning = told(fixture("synthetic_failed"), ACCOUNT)
    assert meaning.fee == 0
    assert "fee" not in meaning.summary


@pytest.mark.parametrize(
    ("err", "text"),
    [
        ("InsufficientFundsForFee", "InsufficientFundsForFee"),
        ({"InstructionError": [0, {"Custom": 1}]}, "instruction 0: custom error 1, 0x1"),
        ({"InstructionError": [3, "InvalidAccountData"]}, "instruction 3: InvalidAccountData"),
        ({"InsufficientFundsForRent": {"account_index": 3}}, "InsufficientFundsForRent: account_index 3"),
        ({"DuplicateInstruction": 2}, "DuplicateInstruction 2"),
        ({"InstructionError": [0, {"BorshIoError": "x"}]}, 'InstructionError [0, {"BorshIoError": "x"}]'),
        (["odd"], '["odd"]'),
        (17, "17"),
        ("evil\x1b[2J\u202e", "evil␛[2J\\u202e"),
    ],
)
def test_every_form_of_error_becomes_words(err: Any, text: str) -> None:
    meaning = told(make({WALLET: (SOL, SOL), SYSTEM: (1, 1)}, err=err))
    assert meaning.error == text
    assert meaning.type is TransactionType.FAILED


# --- who moved what


def test_two_watched_wallets_each_see_their_side() -> None:
    transaction = fixture("synthetic_sol_out")
    assert wallets_touched(transaction, {FRIEND, WALLET, PAYER}) == [WALLET, FRIEND]
    assert told(transaction, WALLET).sol_change == Decimal("-0.25")
    friend = told(transaction, FRIEND)
    assert (friend.sol_change, friend.fee, friend.counterparty) == (Decimal("0.25"), Decimal(0), WALLET)


def test_a_wallet_is_touched_by_its_token_account_alone() -> None:
    transaction = fixture("synthetic_spl_in_wallet_not_in_keys")
    assert WALLET not in transaction.addresses()
    assert touches(transaction, WALLET)
    assert not touches(transaction, SELLER)


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


# --- wrapped SOL and rent


def test_wrapped_sol_that_arrives_is_sol_from_its_owner() -> None:
    transaction = make(
        {PAYER: (SOL, SOL), ACCOUNT: (3 * SOL + RENT, SOL + RENT), OTHER_ACCOUNT: (RENT, 2 * SOL + RENT)},
        before=[tokens(1, WRAPPED_SOL, FRIEND, 3 * SOL, 9), tokens(2, WRAPPED_SOL, WALLET, 0, 9)],
        after=[tokens(1, WRAPPED_SOL, FRIEND, SOL, 9), tokens(2, WRAPPED_SOL, WALLET, 2 * SOL, 9)],
    )
    meaning = told(transaction)
    assert meaning.summary == "received 2 SOL from DFK4…Pi4j"
    assert meaning.token_changes == ()


def test_wrapping_sol_opens_an_account_and_sends_nothing() -> None:
    transaction = make(
        {WALLET: (5 * SOL, 4 * SOL - RENT), ACCOUNT: (0, SOL + RENT)},
        after=[tokens(1, WRAPPED_SOL, WALLET, SOL, 9)],
    )
    meaning = told(transaction)
    assert meaning.sol_change == 0
    assert meaning.summary == "opened token account, rent 0.00203928 SOL"


def test_sol_sent_as_wrapped_sol_to_a_new_account_of_another_is_not_mistaken_for_rent() -> None:
    transaction = make(
        {WALLET: (5 * SOL, 4 * SOL - RENT), ACCOUNT: (0, SOL + RENT)},
        after=[tokens(1, WRAPPED_SOL, FRIEND, SOL, 9)],
        instructions=[
            parsed(
                SYSTEM, "createAccount", source=WALLET, newAccount=ACCOUNT, lamports=SOL + RENT, owner=TOKEN
            )
        ],
    )
    assert movement(transaction, WALLET).rent.paid == {ACCOUNT: RENT}
    assert told(transaction).summary == "sent 1 SOL to DFK4…Pi4j"


def test_a_temporary_wrapped_sol_account_leaves_no_trace_of_its_own() -> None:
    transaction = fixture("synthetic_swap_sol_to_usdc")
    assert movement(transaction, WALLET).rent == Rent({}, {})


def test_an_account_opened_for_another_costs_rent_and_sends_nothing() -> None:
    transaction = make(
        {WALLET: (SOL, SOL - RENT), ACCOUNT: (0, RENT)},
        after=[tokens(1, USDC, FRIEND, 0)],
        inner=[
            parsed(SYSTEM, "createAccount", source=WALLET, newAccount=ACCOUNT, lamports=RENT, owner=TOKEN)
        ],
    )
    mine, theirs = told(transaction, WALLET), told(transaction, FRIEND)
    assert (mine.type, mine.sol_change) == (TransactionType.ACCOUNT, Decimal(0))
    assert mine.summary == "opened token account for another, rent 0.00203928 SOL"
    assert theirs.summary == "opened token account, rent 0.00203928 SOL, paid by another"


def test_rent_that_another_takes_from_a_closed_account_is_told() -> None:
    transaction = make({PAYER: (SOL, SOL + RENT), ACCOUNT: (RENT, 0)}, before=[tokens(1, USDC, WALLET, 0)])
    assert told(transaction).summary == "closed token account, rent 0.00203928 SOL went to another"


# --- what kind it was


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
        ("m" * 100, "received 1 SOL from 955d…Apxc, memo “" + "m" * 59 + "…”"),
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


# --- what cannot be trusted


def test_very_old_transactions_without_owners_say_that_tokens_are_not_told() -> None:
    transaction = make(
        {PAYER: (2 * SOL, SOL), WALLET: (0, SOL), ACCOUNT: (RENT, RENT)},
        before=[tokens(2, USDC, None, 0)],
        after=[tokens(2, USDC, None, 5_000_000)],
    )
    meaning = told(transaction)
    assert meaning.summary == "received 1 SOL from 955d…Apxc, token owners not recorded"
    assert meaning.token_changes == ()


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
    assert (meaning.sol_change, meaning.fee) == (Decimal(0), Decimal(0))
    assert not meaning.token_changes


def test_of_a_later_version_only_keys_and_balances_are_read() -> None:
    value = wire("ws.transactionNotification.synthetic_sol_out.json") | {"version": 7}
    value["transaction"]["message"]["instructions"] = {"a": "new shape"}
    meaning = told(decode(value))
    assert meaning.summary == "sent 0.25 SOL to DFK4…Pi4j"
    assert meaning.program is None


@pytest.mark.parametrize("version", ["legacy", 0, 1, 2, "2026", None])
def test_every_version_decodes(version: int | str | None) -> None:
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


# --- whatever a server sends

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.just([]),
    st.just({}),
    st.lists(st.integers(0, 3), max_size=3),
    st.sampled_from([WALLET, USDC, WRAPPED_SOL, SYSTEM, "0", "9" * 30, "transfer", "createAccount"]),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    members: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [path, *(place for key, member in members for place in places(member, (*path, key)))]


WIRES = {name: wire(name) for name in NOTIFICATIONS}
PLACES = {name: [path for path in places(value) if path] for name, value in WIRES.items()}


@given(data=st.data())
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
def test_whatever_decodes_is_interpreted_without_an_error(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(NOTIFICATIONS))
    value = copy.deepcopy(WIRES[name])
    for _ in range(data.draw(st.integers(1, 3))):
        *parents, last = data.draw(st.sampled_from(PLACES[name]))
        target = value
        for key in parents:
            try:
                target = target[key]
            except (KeyError, IndexError, TypeError):
                break
        else:
            if isinstance(target, dict) or (isinstance(target, list) and last in range(len(target))):
                target[last] = copy.deepcopy(data.draw(JUNK))
    try:
        transaction = decode(value)
    except msgspec.ValidationError:
        return
    wallet = data.draw(st.sampled_from([WALLET, SELLER, POOL_MAKER, FRIEND, *transaction.addresses()[:3]]))
    meaning = told(transaction, wallet)
    assert printable(meaning.summary, 10_000) == meaning.summary
    touches(transaction, wallet)


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


def test_every_named_program_is_an_address() -> None:
    assert all(check_address(address) for address in NAMES)
