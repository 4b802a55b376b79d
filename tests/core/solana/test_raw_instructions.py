from __future__ import annotations

from typing import Any

import base58
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import quick
from raw_encoding import as_json
from real_transactions import CASES, decode, symbol_of, wire

from streamcore.solana.interpretation import interpret
from streamcore.solana.programs import ASSOCIATED_TOKEN, STAKE, SYSTEM, TOKEN, TOKEN_2022
from streamcore.solana.raw_instructions import parse

A, B, C, D = (base58.b58encode(bytes([number]) * 32).decode() for number in range(1, 5))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_transaction_that_nobody_parsed_reads_the_same(case: dict[str, Any]) -> None:
    parsed, unparsed = wire(case["file"]), as_json(wire(case["file"]))
    meanings = [interpret(decode(value), case["wallet"], symbol_of) for value in (parsed, unparsed)]
    assert meanings[1] == meanings[0]


def test_the_fee_of_a_transfer_is_read_from_its_bytes() -> None:
    data = bytes([26, 1]) + (100).to_bytes(8, "little") + bytes([6]) + (5).to_bytes(8, "little")
    kind, info = parse(TOKEN_2022, base58.b58encode(data).decode(), [A, B, C, D]) or ("", {})
    assert kind == "transferCheckedWithFee"
    assert (info["source"], info["mint"], info["destination"]) == (A, B, C)
    assert (info["tokenAmount"], info["feeAmount"]) == ({"amount": "100", "decimals": 6}, {"amount": "5"})


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "create"),
        (b"\0", "create"),
        (b"\1", "createIdempotent"),
    ],
)
def test_who_pays_for_an_associated_account_is_read_from_the_bytes(data: bytes, kind: str) -> None:
    read = parse(ASSOCIATED_TOKEN, base58.b58encode(data).decode(), [A, B, C, D])
    assert read == (kind, {"source": A, "account": B, "wallet": C, "mint": D})
    assert parse(ASSOCIATED_TOKEN, base58.b58encode(b"\2").decode(), [A, B, C, D]) is None


def batch(*members: tuple[int, bytes]) -> str:
    """Return the data of a batch: of each member the number of its accounts, and its own data."""
    parts = (bytes([accounts, len(data)]) + data for accounts, data in members)
    return base58.b58encode(b"\xff" + b"".join(parts)).decode()


def test_a_batch_is_read_member_by_member() -> None:
    amount = (5).to_bytes(8, "little")
    data = batch((3, b"\x03" + amount), (3, b"\x63nobody knows this"), (2, b"\xff"), (3, b"\x09"))
    kind, info = parse(TOKEN, data, [A, B, C, A, A, A, B, B, D, A, C]) or ("", {})
    assert kind == "batch"
    assert info["instructions"] == [
        {
            "type": "transfer",
            "info": {"source": A, "destination": B, "authority": C, "amount": "5"},
        },
        {"type": "closeAccount", "info": {"account": D, "destination": A, "owner": C}},
    ]


@pytest.mark.parametrize("cut", [1, 5, 9])
def test_what_is_left_of_a_batch_that_ends_too_early_is_read(cut: int) -> None:
    data = base58.b58decode(batch((3, b"\x09"), (3, b"\x03" + bytes(8))))
    kind, info = parse(TOKEN, base58.b58encode(data[:-cut]).decode(), [A, B, C, A, B, C]) or ("", {})
    assert (kind, [member["type"] for member in info["instructions"]]) == ("batch", ["closeAccount"])


@pytest.mark.parametrize("amount", [None, 5])
def test_what_leaves_an_account_of_wrapped_sol_is_read_from_its_bytes(amount: int | None) -> None:
    data = b"\x2d" + (b"\0" if amount is None else b"\1" + amount.to_bytes(8, "little"))
    read = parse(TOKEN, base58.b58encode(data).decode(), [A, B, C])
    told = {} if amount is None else {"amount": "5"}
    assert read == ("unwrapLamports", {"source": A, "destination": B, "authority": C, **told})


def test_an_account_made_where_lamports_are_already_is_read_from_its_bytes() -> None:
    data = (13).to_bytes(4, "little") + (7).to_bytes(8, "little") + (165).to_bytes(8, "little")
    text = base58.b58encode(data + base58.b58decode(D)).decode()
    info = {"newAccount": A, "lamports": 7, "space": 165, "owner": D}
    assert parse(SYSTEM, text, [A, B]) == ("createAccountAllowPrefund", info | {"source": B})
    assert parse(SYSTEM, text, [A]) == ("createAccountAllowPrefund", info)


@pytest.mark.parametrize(
    ("number", "kind"),
    [(2, "withdrawWithheldTokensFromMint"), (3, "withdrawWithheldTokensFromAccounts")],
)
def test_the_withdrawal_of_withheld_fees_is_read_from_its_bytes(number: int, kind: str) -> None:
    data = base58.b58encode(bytes([26, number])).decode()
    assert parse(TOKEN_2022, data, [A, B, C]) == (kind, {"mint": A, "feeRecipient": B})


@quick
@given(
    st.sampled_from([SYSTEM, TOKEN, TOKEN_2022, STAKE, ASSOCIATED_TOKEN, A]),
    st.one_of(st.text(max_size=20), st.binary(max_size=80).map(lambda data: base58.b58encode(data).decode())),
    st.lists(st.sampled_from([A, B, C, D]), max_size=5),
)
def test_whatever_bytes_an_instruction_has_reading_them_is_no_error(
    program: str, data: str, accounts: list[str]
) -> None:
    read = parse(program, data, accounts)
    assert read is None or (read[0] and all(isinstance(member, str) for member in read[1]))
