"""Putting a transaction together: what is checked, what changes, what the RPC would say of it."""

from __future__ import annotations

import json
import random
from typing import Any

import msgspec
import pytest
from manual_clock import ManualClock

from streamsim.helius.messages import fetched
from streamsim.world.catalog import SOL, USDC
from streamsim.world.chain import Chain, TokenAccount, Transaction
from streamsim.world.programs import COMPUTE_BUDGET, JUPITER, SYSTEM, TOKEN, TOKEN_2022
from streamsim.world.transaction_builder import SIGNATURE_FEE, TransactionBuilder

PAYER = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
OTHER = "9NyDcAEUByTTNosYMzuWQEuUSfgXCHTNhwQmSWEf5fXq"
HELD = "DFK4931fqk7pnrqdcvDWozDABepb2BeTwE5DYfiRPi4j"
THEIRS = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU"


def scene(mint: str = USDC, program: str = TOKEN) -> Chain:
    chain = Chain(ManualClock())
    chain.lamports |= {PAYER: 10**9, HELD: 2_039_280, THEIRS: 2_039_280}
    chain.token_accounts |= {
        HELD: TokenAccount(mint, PAYER, 6, 1000, program),
        THEIRS: TokenAccount(mint, OTHER, 6, 0, program),
    }
    return chain


def builder(chain: Chain, **options: Any) -> TransactionBuilder:
    return TransactionBuilder(chain, random.Random(1), PAYER, **options)


def told(transaction: Transaction) -> Any:
    return json.loads(msgspec.json.encode(fetched(transaction, 1)))


def test_what_an_account_has_not_it_cannot_give_and_nothing_changes() -> None:
    chain = scene()
    for lamports, tokens in ((10**9, 0), (0, 1001)):
        made = builder(chain)
        made.use(OTHER, HELD, THEIRS, writable=True)
        made.pay(PAYER, OTHER, lamports)
        made.move(HELD, THEIRS, tokens)
        with pytest.raises(ValueError, match="does not hold enough"):
            made.commit()
    assert (chain.balance(PAYER), chain.token_accounts[HELD].amount) == (10**9, 1000)
    assert chain.transactions(PAYER) == []


def test_every_further_signer_costs_a_signature() -> None:
    chain = scene()
    made = builder(chain, priority_fee=7)
    made.use(OTHER, signer=True)
    made.use(OTHER, signer=True)
    transaction = made.commit()
    assert transaction.fee == made.fee == 2 * SIGNATURE_FEE + 7
    assert chain.balance(PAYER) == 10**9 - transaction.fee
    assert COMPUTE_BUDGET in transaction.keys
    signers = [key["signer"] for key in told(transaction)["transaction"]["message"]["accountKeys"]]
    assert sum(signers) == 2


def test_a_failed_transaction_costs_the_fee_and_keeps_its_inner_instructions() -> None:
    chain = scene()
    made = builder(chain)
    made.use(HELD, THEIRS, writable=True)
    made.call(JUPITER, [HELD, THEIRS], "11", failed="custom program error: 0x1", inside=("inside",))
    made.inner(TOKEN, "transfer", {"amount": "5", "authority": PAYER, "destination": THEIRS, "source": HELD})
    made.move(HELD, THEIRS, 5)
    transaction = made.commit(err={"InstructionError": [0, {"Custom": 1}]})
    meta = told(transaction)["meta"]
    assert chain.token_accounts[THEIRS].amount == 0
    assert [len(group["instructions"]) for group in meta["innerInstructions"]] == [1]
    assert meta["logMessages"][-3:] == [
        f"Program {JUPITER} invoke [1]",
        "inside",
        f"Program {JUPITER} failed: custom program error: 0x1",
    ]
    assert transaction.owners_changed == frozenset()


def test_wrapped_sol_takes_its_lamports_with_it() -> None:
    chain = scene(SOL)
    made = builder(chain)
    made.use(HELD, THEIRS, writable=True)
    chain.lamports[HELD] += 1000
    made.move(HELD, THEIRS, 400)
    made.commit()
    assert chain.balance(THEIRS) == 2_039_280 + 400


def test_what_a_fee_keeps_back_is_in_no_account() -> None:
    chain = scene(program=TOKEN_2022)
    made = builder(chain)
    made.use(HELD, THEIRS, writable=True)
    made.move(HELD, THEIRS, 100, withheld=3)
    after = told(made.commit())["meta"]["postTokenBalances"]
    assert sorted(int(balance["uiTokenAmount"]["amount"]) for balance in after) == [97, 900]
    assert {balance["programId"] for balance in after} == {TOKEN_2022}


def test_tokens_can_be_made_and_burned_and_a_closed_account_is_gone() -> None:
    chain = scene()
    made = builder(chain)
    made.use(HELD, THEIRS, OTHER, writable=True)
    made.issue(THEIRS, 50)
    made.issue(HELD, -1000)
    made.close_account(HELD, OTHER)
    transaction = made.commit()
    assert chain.token_accounts[THEIRS].amount == 50
    assert HELD not in chain.token_accounts
    assert chain.balance(OTHER) == 2_039_280
    assert transaction.owners_changed == {PAYER, OTHER}


def test_an_account_is_made_and_emptied_with_what_it_holds_by_then() -> None:
    chain = scene()
    made = builder(chain)
    made.use(OTHER, SYSTEM, writable=True)
    made.pay(PAYER, OTHER, 5_000_000)
    made.empty(OTHER, PAYER)
    transaction = made.commit()
    assert chain.balance(OTHER) == 0
    assert chain.balance(PAYER) == 10**9 - transaction.fee
