from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from made_transactions import ACCOUNT, JUPITER, PAYER, SOL, WALLET, fixture, make, told

from streamcore.events import TransactionType
from streamcore.solana.programs import ASSOCIATED_TOKEN, ORCA, PUMP_FUN, RAYDIUM_AMM, RAYDIUM_CLMM, SYSTEM


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
        ({"InstructionError": [0, {"BorshIoError": "x"}]}, "instruction 0: BorshIoError x"),
        ({"InstructionError": [0, {"Unheard": {"of": 1}}]}, 'instruction 0: Unheard {"of": 1}'),
        ({"InstructionError": [0, {"Custom": None}]}, "instruction 0: Custom null"),
        ({"InstructionError": [0, 7]}, "instruction 0: 7"),
        ({"InstructionError": ["x", "y"]}, 'InstructionError ["x", "y"]'),
        (["odd"], '["odd"]'),
        (17, "17"),
        ("evil\x1b[2J\u202e", "evil␛[2J\\u202e"),
    ],
)
def test_every_form_of_error_becomes_words(err: Any, text: str) -> None:
    meaning = told(make({WALLET: (SOL, SOL), SYSTEM: (1, 1)}, err=err))
    assert meaning.error == text
    assert meaning.type is TransactionType.FAILED


def failing(number: int, *programs: str, logs: list[str] | None = None) -> str | None:
    """Return the error of a transaction whose last instruction failed with a number."""
    calls = [{"programId": program, "accounts": [], "data": "3"} for program in programs]
    err = {"InstructionError": [len(calls) - 1, {"Custom": number}]}
    return told(make({WALLET: (SOL, SOL), PAYER: (1, 1)}, instructions=calls, err=err, logs=logs)).error


@pytest.mark.parametrize(
    ("program", "number", "words"),
    [
        (JUPITER, 6001, "slippage"),
        (RAYDIUM_AMM, 30, "slippage"),
        (RAYDIUM_CLMM, 6021, "slippage"),
        (RAYDIUM_CLMM, 6022, "slippage"),
        (PUMP_FUN, 6002, "slippage"),
        (PUMP_FUN, 6003, "slippage"),
        (ORCA, 6036, "slippage"),
        (ORCA, 6037, "slippage"),
        (SYSTEM, 1, "not enough SOL"),
        ("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", 1, "not enough tokens"),
    ],
)
def test_a_number_that_has_a_meaning_in_its_program_gets_the_words(
    program: str, number: int, words: str
) -> None:
    assert failing(number, program) == f"{words}, instruction 0: custom error {number}, 0x{number:x}"


def test_the_same_number_means_nothing_in_another_program() -> None:
    assert failing(6001, ORCA) == "instruction 0: custom error 6001, 0x1771"


def test_the_program_that_failed_is_named_and_not_the_first_one() -> None:
    calls = [{"programId": program, "accounts": [], "data": "3"} for program in (JUPITER, ASSOCIATED_TOKEN)]
    meaning = told(
        make(
            {WALLET: (SOL, SOL), PAYER: (1, 1)},
            instructions=calls,
            err={"InstructionError": [1, "IllegalOwner"]},
        )
    )
    assert meaning.program == "Associated Token Account"
    assert meaning.summary.startswith("FAILED Associated Token Account (instruction 1: IllegalOwner)")


def test_what_an_inner_program_raised_is_told_in_its_own_words() -> None:
    logs = [
        f"Program {JUPITER} invoke [1]",
        f"Program {ORCA} invoke [2]",
        f"Program {ORCA} failed: custom program error: 0x1794",
        f"Program {JUPITER} failed: custom program error: 0x1794",
    ]
    assert failing(6036, JUPITER, logs=logs) == "slippage, instruction 0: custom error 6036, 0x1794"
    assert failing(6036, JUPITER) == "instruction 0: custom error 6036, 0x1794"


def test_logs_that_speak_of_another_error_change_nothing() -> None:
    logs = [f"Program {ORCA} failed: custom program error: 0x1", "Program log: nonsense", "Program failed"]
    assert failing(6001, JUPITER, logs=logs) == "slippage, instruction 0: custom error 6001, 0x1771"


def test_an_instruction_that_failed_in_a_way_nobody_has_heard_of_still_names_its_program() -> None:
    calls = [{"programId": program, "accounts": [], "data": "3"} for program in (JUPITER, ORCA)]
    err = {"InstructionError": [1, {"Unheard": 1}]}
    meaning = told(make({WALLET: (SOL, SOL), PAYER: (1, 1)}, instructions=calls, err=err))
    assert meaning.program == "Orca"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("StaleOracle", "stale oracle"),
        ("SlippageToleranceExceeded", "slippage"),
        ("PriceSlippageCheck", "slippage"),
        ("InvalidSlippage", "invalid slippage"),
        ("LPTooLess", "lp too less"),
    ],
)
def test_what_a_program_logs_of_its_own_error_is_told_in_its_words(name: str, words: str) -> None:
    """Programs made with Anchor log the name of the error beside its number."""
    program = "4ngnN8dA9sAf1sbz3m6qwquxbHkyzgXVpeTYcxKPtZuf"
    logs = [
        f"Program {program} invoke [1]",
        f"Program log: AnchorError occurred. Error Code: {name}. Error Number: 6017. Error Message: so.",
        f"Program {program} failed: custom program error: 0x1781",
    ]
    assert failing(6017, program, logs=logs) == f"{words}, instruction 0: custom error 6017, 0x1781"
    assert failing(6018, program, logs=logs) == "instruction 0: custom error 6018, 0x1782"


@pytest.mark.parametrize(
    "name", ["", "Evil\x1b[2J", "a" * 70, "Stale Oracle", "☃"], ids=["none", "control", "long", "two", "sign"]
)
def test_what_is_no_name_of_an_error_is_not_told(name: str) -> None:
    logs = [f"Program log: AnchorError occurred. Error Code: {name}. Error Number: 6018. Error Message: x."]
    assert failing(6018, JUPITER, logs=logs) == "instruction 0: custom error 6018, 0x1782"


@pytest.mark.parametrize(
    "program",
    ["JUP4Fb2cqiRUcaTHdrPC8h2gNsA2ETXiPDD33WcGuJB", "JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4"],
)
def test_slippage_is_told_without_logs_for_the_older_jupiter_too(program: str) -> None:
    assert failing(6001, program) == "slippage, instruction 0: custom error 6001, 0x1771"
