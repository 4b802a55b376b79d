from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from manual_clock import ManualClock
from real_transactions import wire

from streamcore.assets.tokens import TokenTable
from streamcore.events import Source, TransactionType, WalletTransaction
from streamcore.json_lines import from_json, to_json
from streamcore.providers.solana_rpc.transactions import report_transaction
from streamcore.streams.checkpoints import Checkpoints
from streamcore.tracking.wallets import WalletTracker

SENDER = "5tzFkiKscXHK5ZXCGbXZxdw7gTjjD1mBwuoFbhUvuAi9"
RECEIVER = "Ah6ubKzHJMDStLD1i6P51bugRMggARUhDCc8Gxfsg4sU"
STRANGER = "DFK4931fqk7pnrqdcvDWozDABepb2BeTwE5DYfiRPi4j"


class OneSource:
    """A provider that is well and asked for nothing."""

    name = "helius"
    demo = False
    is_well = True

    def set_topics(self, topics: Sequence[str]) -> None:
        del topics


def told(transaction: Any, *asked: str) -> list[WalletTransaction]:
    """Return what is published of a transaction that came for ``asked``, with everybody here followed."""
    events: list[WalletTransaction] = []
    source = OneSource()
    tracker = WalletTracker(
        [source],
        TokenTable(),
        Checkpoints(),
        ManualClock(),
        publish=events.append,  # type: ignore[list-item]
    )
    tracker.subscribe([SENDER, RECEIVER, STRANGER])
    report = report_transaction(msgspec.Raw(json.dumps(transaction).encode()), "signature", 5, asked)
    tracker.report(source, report, Source.STREAM, 0.0)  # type: ignore[arg-type]
    return events


def test_a_transaction_is_told_once_to_each_followed_wallet_it_touches() -> None:
    sent, received = told(wire("data/sol_to_two_nonce.json"), SENDER)
    assert (sent.wallet, received.wallet) == (SENDER, RECEIVER)
    assert sent.summary == "sent 31.0292 SOL to 2 wallets, most to Ah6u…g4sU"
    assert len(sent.counterparties) == 2
    assert sent.counterparty is None


@pytest.mark.parametrize(
    ("transaction", "reason"),
    [
        ({"version": {"major": 9}}, "its shape is not known here yet"),
        (
            {"transaction": {"message": {"accountKeys": [{"address": SENDER}]}}},
            "its shape is not known here yet",
        ),
        ({"transaction": ["AbCd", "base64"], "meta": {"fee": 5000}}, "not in a JSON encoding"),
        ([1, 2], "its shape is not known here yet"),
        ({}, "no message"),
    ],
)
def test_a_transaction_that_cannot_be_read_is_told_with_its_signature(transaction: Any, reason: str) -> None:
    (event,) = told(transaction, SENDER)
    assert (event.wallet, event.signature, event.slot) == (SENDER, "signature", 5)
    assert event.type is TransactionType.MENTIONED
    assert event.summary == f"unparsed: {reason}"
    line = json.loads(to_json(event))
    assert {name: line[name] for name in ("sol_change", "fee", "rent", "tip")} == dict.fromkeys(
        ("sol_change", "fee", "rent", "tip")
    ), "nobody knows them, so a ledger must not take them for zero"
    assert from_json(to_json(event)) == event


def test_of_several_wallets_those_an_unreadable_transaction_names_are_told() -> None:
    transaction = {"version": [9], "accounts": [RECEIVER]}
    assert [event.wallet for event in told(transaction, SENDER, RECEIVER)] == [RECEIVER]
