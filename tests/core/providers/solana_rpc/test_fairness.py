"""Many wallets at one node take turns, and one that cannot be told about keeps no other from its turn."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from busiest import busiest
from manual_clock import ManualClock
from scripted_http import Asked, ScriptedHttp

from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.reports import (
    Checkpoint,
    CheckpointReport,
    Notice,
    PartialFetch,
    Progress,
    Refusal,
    Report,
    TokenAccounts,
    TokenAccountsRequest,
    TransactionReport,
)
from streamcore.providers.solana_rpc.limits import WINDOW
from streamcore.providers.solana_rpc.provider import SolanaProvider

EXCLUDED = {"code": -32010, "message": "excluded from account secondary indexes"}
TRANSACTION = {
    "transaction": {"signatures": ["s"], "message": {"accountKeys": [], "instructions": []}},
    "meta": {"err": None, "fee": 5000, "preBalances": [], "postBalances": []},
    "slot": 5,
}


def body(content: dict[str, Any], headers: dict[str, str] | None = None, status: int = 200) -> Answer:
    return Answer(status, headers or {}, json.dumps({"jsonrpc": "2.0", "id": 1, **content}).encode())


class Node:
    """A node on which every wallet has some transactions, and whatever else a test says of it."""

    def __init__(
        self, busy: dict[str, int], special: Callable[[Asked], Answer | None] = lambda _: None
    ) -> None:
        self.busy = busy
        self.special = special
        self.headers: dict[str, str] = {}
        self.clock = ManualClock()
        self.http = ScriptedHttp(self._reply, self.clock.monotonic)
        self.provider = SolanaProvider(Settings(), self.http, self.clock)
        self.reports: list[Report] = []

    def _reply(self, asked: Asked) -> Answer:
        if (said := self.special(asked)) is not None:
            return said
        method, (subject, *_) = asked.json["method"], asked.json["params"]
        if method == "getTokenAccountsByOwner":
            return body({"result": {"value": []}}, self.headers)
        if method == "getSignaturesForAddress":
            count = self.busy.get(subject, 0)
            entries = [{"signature": f"{subject} {number}", "slot": 10 + number} for number in range(count)]
            return body({"result": entries[::-1]}, self.headers)
        return body({"result": TRANSACTION}, self.headers)

    async def fetch(self, *wallets: str, within: float = 10_000.0) -> list[Report]:
        checkpoints = {wallet: Checkpoint("before", 9) for wallet in self.busy}

        async def collect() -> None:
            async for report in self.provider.rest.fetch(wallets, checkpoints):
                self.reports.append(report)

        task = asyncio.ensure_future(collect())
        await self.clock.advance(within)
        await task
        return self.reports


async def test_wallets_take_turns_so_that_a_busy_one_keeps_no_other_waiting() -> None:
    reports = await Node({"busy": 40, "calm": 1, "quiet": 1}).fetch("busy", "calm", "quiet")
    told = [report.topics[0] for report in reports if isinstance(report, TransactionReport)]
    assert told[:4] == ["busy", "calm", "quiet", "busy"]
    assert len(told) == 42


async def test_what_happened_to_one_wallet_is_told_oldest_first() -> None:
    reports = await Node({"a": 5, "b": 5}).fetch("a", "b")
    slots = [r.slot for r in reports if isinstance(r, TransactionReport) and r.topics == ("a",)]
    assert slots == sorted(slots)


async def test_the_catching_up_of_many_wallets_fits_two_calls_of_a_method_in_ten_seconds() -> None:
    wallets = [f"w{number}" for number in range(20)]
    node = Node(dict.fromkeys(wallets, 3))
    node.headers = {"x-ratelimit-method-limit": "2"}
    reports = await node.fetch(*wallets)
    assert sum(isinstance(report, TransactionReport) for report in reports) == 60
    for method in ("getTokenAccountsByOwner", "getSignaturesForAddress", "getTransaction"):
        times = [asked.at for asked in node.http.asked if asked.json["method"] == method]
        assert busiest(times, WINDOW) <= 2
    assert node.http.asked[-1].at < 60 * WINDOW


@pytest.mark.parametrize(
    "said",
    [
        body({"error": {"code": -32602, "message": "Invalid param"}}),
        body({"error": {"code": -32011, "message": "history is not available"}}),
        Answer(200, {}, b"<html>"),
        Answer(500, {}, b""),
    ],
)
async def test_a_wallet_that_cannot_be_told_about_keeps_no_other_from_its_turn(said: Answer) -> None:
    def special(asked: Asked) -> Answer | None:
        hit = asked.json["method"] == "getSignaturesForAddress" and asked.json["params"][0] == "bad"
        return said if hit else None

    reports = await Node({"bad": 1, "good": 2}, special).fetch("bad", "good")
    told = [report for report in reports if isinstance(report, TransactionReport)]
    assert [report.topics for report in told] == [("good",)] * 2
    assert [report.topic for report in reports if isinstance(report, PartialFetch)] == ["bad"]


async def test_a_node_that_fails_for_everybody_is_not_asked_about_every_wallet() -> None:
    node = Node({}, lambda asked: Answer(503, {}, b""))
    with pytest.raises(ProviderError) as caught:
        await node.fetch(*(f"w{number}" for number in range(20)))
    assert caught.value.kind is ErrorKind.SERVER
    assert len(node.http.asked) <= 3


async def test_a_wallet_whose_token_accounts_the_node_does_not_list_is_followed_all_the_same() -> None:
    def special(asked: Asked) -> Answer | None:
        return body({"error": EXCLUDED}) if asked.json["method"] == "getTokenAccountsByOwner" else None

    node = Node({"large": 2}, special)
    reports = await node.fetch("large", within=100.0)
    assert sum(isinstance(report, TransactionReport) for report in reports) == 2
    (notice,) = [report for report in reports if isinstance(report, Notice)]
    assert "the token accounts of large cannot be listed" in notice.error.message
    answers = [report async for report in node.provider.rest.answer(TokenAccountsRequest("large"))]
    assert answers == [TokenAccounts("large", ("large",))]


async def test_a_wallet_of_which_nothing_is_known_yet_begins_beside_others() -> None:
    node = Node({"old": 1})
    node.busy["new"] = 1
    checkpoints = {"old": Checkpoint("before", 9)}
    reports: list[Report] = []

    async def collect() -> None:
        async for report in node.provider.rest.fetch(["new", "old"], checkpoints):
            reports.append(report)

    task = asyncio.ensure_future(collect())
    await node.clock.advance(1000)
    await task
    told = [report for report in reports if not isinstance(report, Progress)]
    assert [type(report) for report in told] == [CheckpointReport, TransactionReport]


async def test_a_wallet_with_many_accounts_begins_without_holding_up_others() -> None:
    accounts = [f"account{number}" for number in range(100)]

    def special(asked: Asked) -> Answer | None:
        method, (subject, *_) = asked.json["method"], asked.json["params"]
        if method == "getTokenAccountsByOwner" and subject == "new":
            return body({"result": {"value": [{"pubkey": account} for account in accounts]}})
        return None

    node = Node({"old": 20}, special)
    checkpoints = {"old": Checkpoint("before", 9), "new": Checkpoint("", 0, since=1e9)}
    order: list[str] = []

    async def collect() -> None:
        async for report in node.provider.rest.fetch(["new", "old"], checkpoints):
            if isinstance(report, CheckpointReport | TransactionReport):
                order.append(type(report).__name__)

    task = asyncio.ensure_future(collect())
    await node.clock.advance(10_000)
    await task
    assert order == ["TransactionReport"] * 20 + ["CheckpointReport"]


def test_a_subscription_refused_in_words_never_heard_takes_no_other_down() -> None:
    codec = Node({}).provider.codec()
    codec.set_topics(["good", "bad"])
    codec.opened()
    requests = [json.loads(frame) for frame in codec.frames_to_send()]
    error = {"code": -31999, "message": "something new"}
    reports: list[Report] = []
    for request in requests:
        refused = "bad" in str(request["params"])
        said = {"error": error} if refused else {"result": request["id"]}
        reports += codec.received(json.dumps({"jsonrpc": "2.0", "id": request["id"], **said}))
    assert [report.topics for report in reports if isinstance(report, Refusal)] == [("bad",)]


def test_an_error_that_is_all_a_node_says_ends_the_connection() -> None:
    codec = Node({}).provider.codec()
    codec.set_topics(["bad"])
    codec.opened()
    slots, logs = (json.loads(frame) for frame in codec.frames_to_send())
    codec.received(json.dumps({"jsonrpc": "2.0", "id": slots["id"], "result": 1}))
    error = {"code": -31999, "message": "something new"}
    reports = codec.received(json.dumps({"jsonrpc": "2.0", "id": logs["id"], "error": error}))
    assert [report.topics for report in reports if isinstance(report, Refusal)] == [()]
