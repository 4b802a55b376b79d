"""Whatever a validator accepts and a node writes is read without an error, and the books stay balanced."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_transactions import FIXTURES, WALLET
from made_transactions import wire as notified
from properties import quick
from real_transactions import CASES, symbol_of, wire

from streamcore.events import TransactionType
from streamcore.providers.solana_rpc.transactions import report_transaction
from streamcore.solana.interpretation import Meaning, interpret, unreadable
from streamcore.solana.wire import UsualTransaction
from streamcore.text import printable

SOL_MINT = "So11111111111111111111111111111111111111112"
FILES = sorted({case["file"] for case in CASES})
WIRES = {file: wire(file) for file in FILES}
WALLETS = {file: [case["wallet"] for case in CASES if case["file"] == file] for file in FILES}
CAPTURED = sorted(path.name for path in FIXTURES.glob("ws.transactionNotification.*.json"))
U64 = 2**64 - 1
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.sampled_from([U64, U64 + 1, 0, -1, 2_039_280, 890_880]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from([[], {}, [1, 2], {"a": 1}, "0", "9" * 30, SOL_MINT, "legacy", [[[]]]]),
    st.sampled_from(["transfer", "createAccount", "closeAccount", "allocate", "withdraw", "merge", "batch"]),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    members: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [path, *(place for key, member in members for place in places(member, (*path, key)))]


ALL_WIRES = WIRES | {name: notified(name) for name in CAPTURED}
PLACES = {file: [path for path in places(value) if path] for file, value in ALL_WIRES.items()}


def read(value: Any, wallet: str) -> Meaning:
    """Return what the way from a node's answer to a line makes of it."""
    report = report_transaction(msgspec.Raw(json.dumps(value).encode()), "signature", 1, (wallet,))
    assert report.signature == "signature"
    if report.unreadable:
        return unreadable(report.unreadable)
    return interpret(report.transaction, wallet, symbol_of)


def check(meaning: Meaning) -> None:
    assert meaning.summary
    assert "\n" not in meaning.summary
    assert printable(meaning.summary, 10_000) == meaning.summary
    if meaning.summary.startswith("unparsed: "):
        nothing = (meaning.sol_change, meaning.fee, meaning.rent, meaning.tip)
        assert nothing == (None,) * 4
        assert meaning.token_changes == ()
    else:
        assert meaning.tip is not None
        assert meaning.tip >= 0
    assert meaning.counterparty is None or meaning.counterparties == ()
    assert len(meaning.counterparties) != 1


@settings(quick, max_examples=120, suppress_health_check=SLOW)
@given(data=st.data())
def test_a_real_transaction_with_odd_values_in_it_is_read_without_an_error(data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(sorted(ALL_WIRES)))
    value = copy.deepcopy(ALL_WIRES[file])
    for _ in range(data.draw(st.integers(1, 4))):
        *parents, last = data.draw(st.sampled_from(PLACES[file]))
        target: Any = value
        for key in parents:
            try:
                target = target[key]
            except (KeyError, IndexError, TypeError):
                break
        else:
            if isinstance(target, dict) or (isinstance(target, list) and last in range(len(target))):
                if data.draw(st.booleans()):
                    target[last] = copy.deepcopy(data.draw(ODD))
                elif isinstance(target, dict):
                    target.pop(last, None)
                else:
                    target.insert(last, copy.deepcopy(data.draw(st.sampled_from(target))))
    check(read(value, data.draw(st.sampled_from([*WALLETS.get(file, [WALLET]), "somebody else"]))))


@settings(quick, max_examples=60, suppress_health_check=SLOW)
@given(data=st.data())
def test_balances_that_still_add_up_are_told_lamport_by_lamport(data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(FILES))
    value = copy.deepcopy(WIRES[file])
    meta = value["meta"]
    last = len(meta["preBalances"]) - 1
    for _ in range(data.draw(st.integers(1, 6))):
        giver, taker = data.draw(st.integers(0, last)), data.draw(st.integers(0, last))
        most = meta["postBalances"][giver]
        moved = data.draw(st.one_of(st.integers(0, most), st.just(most)))
        if meta["postBalances"][taker] + moved <= U64:
            meta["postBalances"][giver] -= moved
            meta["postBalances"][taker] += moved
    keys = [key["pubkey"] for key in value["transaction"]["message"]["accountKeys"]]
    told = {key: read(value, key) for key in keys}
    if meta["err"] is not None:
        assert all(meaning.type is TransactionType.FAILED for meaning in told.values())
        return
    for key, before, after in zip(keys, meta["preBalances"], meta["postBalances"], strict=True):
        check(told[key])
        wrapped = sum(
            sign * int(balance["uiTokenAmount"]["amount"])
            for sign, side in ((-1, "preTokenBalances"), (1, "postTokenBalances"))
            for balance in meta.get(side) or []
            if balance["mint"] == SOL_MINT and balance.get("owner") == key
        )
        meaning = told[key]
        assert Decimal(after - before + wrapped) / 10**9 == meaning.sol_change - meaning.fee + meaning.rent


@settings(quick, max_examples=50, suppress_health_check=SLOW)
@given(data=st.data())
def test_balances_that_do_not_add_up_are_said_to_be_unreadable(data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(FILES))
    value = copy.deepcopy(WIRES[file])
    side = data.draw(st.sampled_from(["preBalances", "postBalances"]))
    index = data.draw(st.integers(0, len(value["meta"][side]) - 1))
    value["meta"][side][index] += data.draw(st.integers(1, 10**9))
    meaning = read(value, data.draw(st.sampled_from(WALLETS[file])))
    check(meaning)
    assert meaning.summary.startswith("unparsed: balances do not add up")


def test_an_error_with_a_fraction_in_it_is_told_as_it_came() -> None:
    value = wire("data/failed_vote.json")
    value["meta"]["err"] = {"Odd": 0.5}
    meaning = read(value, WALLETS["data/failed_vote.json"][0])
    assert meaning.error == 'Odd "0.5"'


@pytest.mark.parametrize("file", FILES)
def test_without_owners_instructions_logs_or_a_known_version_a_transaction_is_still_read(file: str) -> None:
    for strip in ("owner", "innerInstructions", "instructions", "logMessages", "version", "tokens"):
        value = copy.deepcopy(WIRES[file])
        meta = value["meta"]
        match strip:
            case "owner":
                for balance in (meta["preTokenBalances"] or []) + (meta["postTokenBalances"] or []):
                    balance.pop("owner", None)
                    balance.pop("programId", None)
            case "instructions":
                value["transaction"]["message"]["instructions"] = []
            case "version":
                value["version"] = 1_000
            case "tokens":
                meta["preTokenBalances"] = meta["postTokenBalances"] = None
            case _:
                meta.pop(strip, None)
        for wallet in WALLETS[file]:
            meaning = read(value, wallet)
            check(meaning)
            assert not meaning.summary.startswith("unparsed: ")


ODD_INSTRUCTIONS = [
    "no object",
    {"programId": 7, "parsed": 7, "data": 7, "accounts": 7},
    {"programIdIndex": "x", "parsed": {"type": [], "info": []}},
    {"parsed": [1], "data": {"a": 1}},
]


@pytest.mark.parametrize("file", FILES)
def test_a_transaction_is_read_the_same_whether_all_of_it_is_as_usual_or_something_is_odd(file: str) -> None:
    """What is usual is read in one go, and with one odd instruction step by step."""
    usual = wire(file)
    odd = copy.deepcopy(usual)
    odd["meta"]["innerInstructions"] = [
        *(odd["meta"].get("innerInstructions") or []),
        {"index": 99, "instructions": ODD_INSTRUCTIONS[:1]},
        {"index": "x", "instructions": 7},
        "no group",
    ]
    odd["transaction"]["message"]["instructions"].append(ODD_INSTRUCTIONS[0])
    assert msgspec.json.decode(json.dumps(usual), type=UsualTransaction)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps(odd), type=UsualTransaction)
    for wallet in WALLETS[file]:
        assert read(odd, wallet) == read(usual, wallet)


@pytest.mark.parametrize("instruction", ODD_INSTRUCTIONS[1:])
def test_an_odd_member_of_an_instruction_is_as_good_as_none(instruction: object) -> None:
    value = wire(FILES[0])
    value["transaction"]["message"]["instructions"] = [instruction]
    value["meta"]["innerInstructions"] = None
    (only,) = report_transaction(
        msgspec.Raw(json.dumps(value).encode()), "signature", 1, ()
    ).transaction.instructions()
    assert (only.program_id, only.type, only.info, only.text, only.data) == ("", "", {}, "", "")
