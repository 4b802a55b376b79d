from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from real_transactions import CASES, decode, symbol_of, wire

from streamcore.events import Source, WalletTransaction
from streamcore.solana.interpretation import Meaning, interpret
from streamtui.model.transaction_list import is_dust

LEFT_OUT: dict[str, str] = {}
"""Readings whose expected value is wrong, with the instructions that prove it. So far there is none."""


def told(case: dict[str, Any]) -> Meaning:
    return interpret(decode(wire(case["file"])), case["wallet"], symbol_of)


def event(meaning: Meaning, wallet: str) -> WalletTransaction:
    return WalletTransaction(
        provider="helius",
        ts=0.0,
        demo=False,
        wallet=wallet,
        signature="signature",
        slot=1,
        block_time=None,
        type=meaning.type,
        summary=meaning.summary,
        sol_change=meaning.sol_change,
        fee=meaning.fee,
        token_changes=meaning.token_changes,
        counterparty=meaning.counterparty,
        program=meaning.program,
        error=meaning.error,
        source=Source.STREAM,
    )


@pytest.mark.parametrize("case", [c for c in CASES if c["id"] not in LEFT_OUT], ids=lambda case: case["id"])
def test_a_real_transaction_is_read_as_its_instructions_and_balances_say(case: dict[str, Any]) -> None:
    meaning, expect = told(case), case["expect"]
    assert meaning.type in expect["type"]
    assert meaning.sol_change in [Decimal(change) for change in expect["sol_change"]]
    assert meaning.fee == Decimal(expect["fee"])
    changes = {change.mint: change.amount for change in meaning.token_changes}
    assert changes == {mint: Decimal(amount) for mint, amount in expect["token_changes"].items()}
    assert meaning.counterparty in expect.get("counterparty", [meaning.counterparty])
    assert meaning.program in expect.get("program", [meaning.program])
    for pattern in expect.get("says", []):
        assert re.search(pattern, meaning.summary)
    for pattern in expect.get("never_says", []):
        assert not re.search(pattern, meaning.summary)
    if "hidden_as_dust" in expect:
        assert is_dust(event(meaning, case["wallet"])) is expect["hidden_as_dust"]


@pytest.mark.parametrize(
    "case", [case for case in CASES if "would_be_better" in case], ids=lambda case: case["id"]
)
def test_what_was_right_but_poor_says_more(case: dict[str, Any]) -> None:
    better, summary = case["would_be_better"], told(case).summary
    assert re.search(better.get("says", ""), summary)
    assert "never" not in better or not re.search(better["never"], summary)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_every_line_is_one_line_and_every_lamport_is_told_once(case: dict[str, Any]) -> None:
    meaning, transaction = told(case), wire(case["file"])
    assert meaning.summary.isprintable()
    assert len(meaning.summary) < 200
    if meaning.error is not None:
        return
    keys = [key["pubkey"] for key in transaction["transaction"]["message"]["accountKeys"]]
    meta, wallet = transaction["meta"], case["wallet"]
    index = keys.index(wallet) if wallet in keys else None
    own = 0 if index is None else meta["postBalances"][index] - meta["preBalances"][index]
    sol = "So11111111111111111111111111111111111111112"
    for sign, side in ((-1, "preTokenBalances"), (1, "postTokenBalances")):
        for balance in meta[side] or []:
            if balance["mint"] == sol and balance.get("owner") == wallet:
                own += sign * int(balance["uiTokenAmount"]["amount"])
    assert Decimal(own) / 10**9 == meaning.sol_change - meaning.fee + meaning.rent
