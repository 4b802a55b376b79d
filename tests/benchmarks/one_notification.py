"""What a real notification of Helius costs until its line can be read, beside ``json.loads`` of it."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from streamcore.assets.tokens import TokenTable
from streamcore.providers.helius.codec import HeliusCodec
from streamcore.providers.reports import TransactionReport
from streamcore.solana.interpretation import interpret

FOLDER = Path(__file__).parents[1] / "fixtures" / "realtx"
CASE = "swap_jup_exact_out_v2"
"""A swap of 27 kB; see ``tests/fixtures/realtx``."""
TIMES = 60
"""Readings of one measurement: milliseconds, so that other work on the machine meets both sides alike."""

TURNS = 10
"""Measurements of each side in one round, by turns."""


def notification() -> tuple[str, str]:
    """Return the text of a notification, and the wallet it is for."""
    cases = json.loads((FOLDER / "cases.json").read_text())
    case = next(case for case in cases if CASE in case["file"])
    whole = json.loads((FOLDER / case["file"]).read_text())["transaction"]
    transaction = {name: whole[name] for name in ("transaction", "meta", "version")}
    signature = whole["transaction"]["signatures"][0]
    result = {"transaction": transaction, "signature": signature, "slot": whole["slot"]}
    message = {
        "jsonrpc": "2.0",
        "method": "transactionNotification",
        "params": {"subscription": 1, "result": result},
    }
    return json.dumps(message, separators=(",", ":")), case["wallet"]


def subscribed(wallet: str) -> HeliusCodec:
    """Return a codec whose subscription has the number 1."""
    codec = HeliusCodec(100)
    codec.opened()
    codec.set_topics((wallet,))
    for number, frame in enumerate(map(json.loads, codec.frames_to_send())):
        result = 1 if frame["method"] == "transactionSubscribe" else 1000 + number
        codec.received(json.dumps({"jsonrpc": "2.0", "id": frame["id"], "result": result}))
    return codec


def row(rounds: int) -> tuple[str, str, str]:
    """Return what is compared, the ratio, and what it may be."""
    text, wallet = notification()
    codec, table = subscribed(wallet), TokenTable()

    def symbol_of(mint: str) -> str | None:
        token = table.by_mint(mint)
        return None if token is None else token.symbol

    def line() -> str:
        (report,) = codec.received(text)
        assert isinstance(report, TransactionReport)
        return interpret(report.transaction, wallet, symbol_of).summary

    costs, ratios = [], []
    for _ in range(rounds * TURNS):
        ours, theirs = _seconds(line), _seconds(lambda: json.loads(text))
        costs.append(ours)
        ratios.append(ours / theirs)
    cost, spread = statistics.median(costs), f"({min(ratios):.2f} to {max(ratios):.2f})"
    what = f"Helius notification of {len(text):,} bytes to “{line()}” ({cost * 1e6:.0f} µs), to json.loads"
    return what, f"{statistics.median(ratios):.2f} {spread}", "1.5"


def _seconds(work: Callable[[], object]) -> float:
    work()
    start = time.process_time()
    for _ in range(TIMES):
        work()
    return (time.process_time() - start) / TIMES


if __name__ == "__main__":
    print(row(3))
