"""Real transactions from the frame that brings them to the event that is published."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from manual_clock import ManualClock
from raw_encoding import as_json
from real_transactions import CASES, wire

from streamcore.assets.tokens import TokenTable
from streamcore.events import Event, Source, WalletTransaction
from streamcore.providers.helius.codec import HeliusCodec
from streamcore.providers.reports import Report
from streamcore.providers.solana_rpc.transactions import report_listed, report_transaction
from streamcore.streams.checkpoints import Checkpoints
from streamcore.tracking.wallets import WalletTracker


class OneSource:
    """A provider that is well and asked for nothing."""

    name = "helius"
    demo = False
    is_well = True

    def set_topics(self, topics: Sequence[str]) -> None:
        del topics


def published(reports: Sequence[Report], wallet: str) -> WalletTransaction:
    """Return the one event that the reports lead to."""
    events: list[Event] = []
    source: Any = OneSource()
    tracker = WalletTracker([source], TokenTable(), Checkpoints(), ManualClock(), publish=events.append)
    tracker.subscribe([wallet])
    for report in reports:
        tracker.report(source, report, Source.STREAM, 0.0)
    (event,) = events
    assert isinstance(event, WalletTransaction)
    return event


def streamed(transaction: dict[str, Any], wallet: str) -> list[Report]:
    """Return what a connection to Helius reports of a notification."""
    codec = HeliusCodec(100)
    codec.set_topics([wallet])
    codec.opened()
    numbers = {}
    for frame in map(json.loads, codec.frames_to_send()):
        numbers[frame["method"]] = frame["id"]
        codec.received(json.dumps({"jsonrpc": "2.0", "id": frame["id"], "result": frame["id"] + 100}))
    result = {
        "transaction": {name: transaction[name] for name in ("transaction", "meta")},
        "signature": transaction["transaction"]["signatures"][0],
        "slot": 5,
    }
    params = {"subscription": numbers["transactionSubscribe"] + 100, "result": result}
    return codec.received(
        json.dumps({"jsonrpc": "2.0", "method": "transactionNotification", "params": params})
    )


def answered(transaction: dict[str, Any], wallet: str) -> list[Report]:
    """Return what is reported of the answer of ``getTransaction``."""
    signature = transaction["transaction"]["signatures"][0]
    raw = msgspec.Raw(json.dumps(transaction).encode())
    return [report_transaction(raw, signature, 5, (wallet,))]


def listed(transaction: dict[str, Any], wallet: str) -> list[Report]:
    """Return what is reported of an entry of ``getTransactionsForAddress``."""
    return [report_listed(msgspec.Raw(json.dumps({**transaction, "slot": 5}).encode()), wallet)]


@pytest.mark.parametrize("way", [streamed, answered, listed])
@pytest.mark.parametrize("encoded", [dict, as_json], ids=["jsonParsed", "json"])
def test_every_way_a_real_transaction_comes_leads_to_the_same_true_event(way: Any, encoded: Any) -> None:
    for case in CASES:
        event = published(way(encoded(wire(case["file"])), case["wallet"]), case["wallet"])
        expect = case["expect"]
        assert event.type in expect["type"], case["id"]
        assert event.sol_change in [Decimal(change) for change in expect["sol_change"]], case["id"]
        assert event.fee == Decimal(expect["fee"]), case["id"]
        changes = {change.mint: change.amount for change in event.token_changes}
        assert changes == {mint: Decimal(amount) for mint, amount in expect["token_changes"].items()}
        assert event.counterparty in expect.get("counterparty", [event.counterparty]), case["id"]
        assert event.program in expect.get("program", [event.program]), case["id"]
