"""Failures cost the fee and nothing else, and the log says who failed."""

from __future__ import annotations

import random
from typing import Any

import pytest
from emulated import WALLET, wallet_chain

from streamsim.world import failures
from streamsim.world.programs import ANCHOR_ERRORS, JUPITER


@pytest.mark.parametrize("kind", [failures.slippage, failures.slippage_inside, failures.not_enough])
def test_nothing_but_the_fee_is_gone(kind: Any) -> None:
    for seed in range(8):
        book = wallet_chain()
        book.know(WALLET)
        sol, held = (
            book.balance(WALLET),
            {key: account.amount for key, account in book.token_accounts_of(WALLET).items()},
        )
        transaction = book.transaction(kind(book, WALLET, random.Random(seed), 0.0))
        assert transaction is not None
        assert book.balance(WALLET) == sol - transaction.fee
        assert {key: account.amount for key, account in book.token_accounts_of(WALLET).items()} == held
        number = transaction.err["InstructionError"][1]["Custom"]
        assert transaction.logs[-1].endswith(f"failed: custom program error: {number:#x}")


def test_a_program_made_with_anchor_logs_the_name_of_its_error_before_it_fails() -> None:
    named = set()
    for seed in range(16):
        book = wallet_chain()
        for kind in (failures.slippage, failures.slippage_inside):
            transaction = book.transaction(kind(book, WALLET, random.Random(seed), 0.0))
            assert transaction is not None
            number = transaction.err["InstructionError"][1]["Custom"]
            logged = [i for i, line in enumerate(transaction.logs) if "AnchorError" in line]
            failed = next(i for i, line in enumerate(transaction.logs) if " failed: " in line)
            program = transaction.logs[failed].split()[1]
            assert logged == ([failed - 1] if (program, number) in ANCHOR_ERRORS else [])
            assert all(f"Error Number: {number}." in transaction.logs[i] for i in logged)
            named.add(bool(logged))
    assert named == {True, False}


def test_the_innermost_program_that_failed_is_told_first() -> None:
    book = wallet_chain()
    transaction = book.transaction(failures.slippage_inside(book, WALLET, random.Random(1), 0.0))
    assert transaction is not None
    failed = [line.split()[1] for line in transaction.logs if "failed:" in line]
    assert len(failed) == 2
    assert failed[1] == JUPITER != failed[0]
