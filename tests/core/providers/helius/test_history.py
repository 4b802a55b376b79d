from __future__ import annotations

import json

import pytest
from scripted_http import Asked
from scripted_node import NodeBench, RpcError, W, told
from wire_fixtures import helius

from streamcore.config.model import Settings
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.helius.history import HeliusHistory
from streamcore.providers.helius.provider import HeliusRpc
from streamcore.providers.reports import Checkpoint, CheckpointReport, Notice, PartialFetch, TransactionReport
from streamcore.providers.solana_rpc.history import OVERLAP_SLOTS, Pages
from streamcore.providers.solana_rpc.transactions import UNKNOWN_VERSION

K = ErrorKind


@pytest.fixture
def bench() -> NodeBench:
    return NodeBench()


async def test_where_the_plan_allows_it_one_call_tells_everything_with_its_token_accounts() -> None:
    asked_for: list[Asked] = []

    def reply(asked: Asked) -> Answer:
        asked_for.append(asked)
        assert asked.json["method"] == "getTransactionsForAddress"
        full = json.loads(helius("http.getTransactionsForAddress.response_full"))
        page = {**full, "result": {**full["result"], "paginationToken": None}}
        return Answer(200, {}, json.dumps(page).encode())

    reports = await NodeBench(reply).fetch(first=Checkpoint("", 447210500))
    documented = json.loads(helius("http.getTransactionsForAddress.response_full"))["result"]["data"]
    assert told(reports) == [item["transaction"]["signatures"][0] for item in documented]
    assert all(isinstance(report, TransactionReport) and report.block_time for report in reports)
    wallet, options = asked_for[0].json["params"]
    assert wallet == W
    assert options["filters"] == {"slot": {"gte": 447210468}, "tokenAccounts": "balanceChanged"}
    assert (options["sortOrder"], options["transactionDetails"]) == ("asc", "full")


async def test_pages_are_followed_to_the_last() -> None:
    full = json.loads(helius("http.getTransactionsForAddress.response_full"))
    tokens = ["447210600:3", None]
    sent: list[str | None] = []

    def reply(asked: Asked) -> Answer:
        sent.append(asked.json["params"][1].get("paginationToken"))
        page = {**full, "result": {**full["result"], "paginationToken": tokens[len(sent) - 1]}}
        return Answer(200, {}, json.dumps(page).encode())

    await NodeBench(reply).fetch(first=Checkpoint("", 447210500))
    assert sent == [None, "447210600:3"]


async def test_a_plan_without_that_call_is_asked_once_and_then_the_long_way_until_a_new_start(
    bench: NodeBench,
) -> None:
    bench.node.happens("s1", 100, W)
    for _ in range(2):
        assert told(await bench.fetch(first=Checkpoint("", 0))) == ["s1"]
    assert len(bench.called("getTransactionsForAddress")) == 1
    bench.provider.forget()
    await bench.fetch(first=Checkpoint("", 0))
    assert len(bench.called("getTransactionsForAddress")) == 2


async def test_after_so_many_pages_the_gap_is_told_instead_of_being_filled() -> None:
    full = json.loads(helius("http.getTransactionsForAddress.response_full"))
    endless = {**full, "result": {**full["result"], "paginationToken": "on"}}

    def reply(asked: Asked) -> Answer:
        return Answer(200, {}, json.dumps({**endless, "id": asked.json["id"]}).encode())

    bench = NodeBench(reply)
    bench.provider.rest = HeliusHistory(
        HeliusRpc(Settings(), bench.http, bench.clock), bench.clock, whole=Pages(2, 3)
    )
    *_, last = await bench.fetch(first=Checkpoint("", 447210500))
    assert len(bench.http.asked) == 3
    assert {asked.json["params"][1]["limit"] for asked in bench.http.asked} == {2}
    assert isinstance(last, Notice)
    assert (last.error.kind, last.error.retryable) == (ErrorKind.GAP, False)


class Shelf:
    """A host that lists these transactions in pages, the oldest first; each is as the documented ones."""

    def __init__(self, *happened: tuple[str, int]) -> None:
        full = json.loads(helius("http.getTransactionsForAddress.response_full"))["result"]["data"][0]
        self.data = [
            {**full, "slot": slot, "transaction": {**full["transaction"], "signatures": [signature]}}
            for signature, slot in happened
        ]
        self.bench = NodeBench(self._reply)
        self.bench.provider.rest = HeliusHistory(
            HeliusRpc(Settings(), self.bench.http, self.bench.clock), self.bench.clock, whole=Pages(2, 3)
        )

    def _reply(self, asked: Asked) -> Answer:
        start = int(asked.json["params"][1].get("paginationToken", 0))
        end = start + 2
        result = {
            "data": self.data[start:end],
            "paginationToken": str(end) if end < len(self.data) else None,
        }
        return Answer(200, {}, json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode())


async def test_what_is_known_already_does_not_count_against_the_pages_of_a_gap() -> None:
    shelf = Shelf(*((f"s{slot}", slot) for slot in range(101, 125)))
    known = frozenset(f"s{slot}" for slot in range(101, 121))
    reports = await shelf.bench.fetch(first=Checkpoint("", 100, known=known))
    assert told(reports) == ["s121", "s122", "s123", "s124"]
    assert not any(isinstance(report, Notice) for report in reports)


async def test_each_page_tells_how_far_nothing_is_missing_the_last_slot_may_go_on() -> None:
    shelf = Shelf(("a", 101), ("b", 105), ("c", 105), ("d", 107), ("e", 109))
    await shelf.bench.fetch(first=Checkpoint("", 100, known=frozenset({"a"})))
    assert shelf.bench.progress == [(W, 104), (W, 106), (W, 108)]


async def test_nothing_counts_as_told_from_a_page_on_that_cannot_be_read() -> None:
    shelf = Shelf(("a", 101), ("b", 105), ("c", 107), ("d", 109), ("e", 111))
    shelf.data[2]["transaction"] = ["AbCd"]
    reports = await shelf.bench.fetch(first=Checkpoint("", 100))
    assert isinstance(reports[-1], PartialFetch)  # this host does not answer when asked for one by one
    assert [slot for _, slot in shelf.bench.progress] == [104]


async def test_row_24_a_page_with_a_version_nobody_knows_is_told_one_by_one_with_its_signature(
    bench: NodeBench,
) -> None:
    for number in (1, 2, 3):
        bench.node.happens(f"s{number}", 100 + number, W)
    bench.node.errors["getTransactionsForAddress"] = RpcError(
        -32015, "Transaction version (2) is not supported"
    )
    bench.node.errors["s2"] = RpcError(-32015, "Transaction version (2) is not supported")
    for _ in range(2):
        reports = await bench.fetch(first=Checkpoint("", 0))
        assert told(reports) == ["s1", "s2", "s3"]
        odd = reports[1]
        assert isinstance(odd, TransactionReport)
        assert odd.unreadable == UNKNOWN_VERSION
    assert len(bench.called("getTransactionsForAddress")) == 2  # the plan has not changed


async def test_row_24_an_entry_of_a_page_without_a_readable_signature_is_asked_for_by_it() -> None:
    node = NodeBench()
    node.node.happens("s1", 101, W)
    del node.node.errors["getTransactionsForAddress"]
    node.node.getTransactionsForAddress = lambda *_: {"data": [{"slot": 101, "transaction": ["AbCd"]}]}  # type: ignore[attr-defined]
    reports = await node.fetch(first=Checkpoint("", 0))
    assert told(reports) == ["s1"]


async def test_where_news_of_a_wallet_with_many_accounts_begins_is_asked_in_one_call(
    bench: NodeBench,
) -> None:
    """One call an account took longer than each leader of some relays lived, so none began."""
    del bench.node.errors["getTransactionsForAddress"]
    accounts = bench.node.accounts[W] = [f"account{number}" for number in range(60)]
    for number, account in enumerate(accounts):
        bench.node.happens(f"old{number}", 100 + number, account, blockTime=1000)
        bench.node.happens(f"new{number}", 1000 + number, account, blockTime=3000)
    reports = await bench.fetch(first=Checkpoint("", 0, since=2000.0))
    beginning = reports[0]
    assert isinstance(beginning, CheckpointReport)
    assert beginning.checkpoint == Checkpoint("old59", 159)
    assert set(beginning.history) == {f"old{number}" for number in range(59 - OVERLAP_SLOTS, 60)}
    assert told(reports) == [f"new{number}" for number in range(60)]
    assert len(bench.called("getSignaturesForAddress")) == 0
    assert len(bench.called("getTransactionsForAddress")) == 2


async def test_what_the_stream_has_told_in_the_first_second_is_no_history_in_one_call_either(
    bench: NodeBench,
) -> None:
    del bench.node.errors["getTransactionsForAddress"]
    bench.node.accounts[W] = [f"account{number}" for number in range(60)]
    bench.node.happens("old", 10, W, blockTime=2000)
    bench.node.happens("first", 20, W, blockTime=2000)
    bench.node.happens("later", 30, W, blockTime=2001)
    reports = await bench.fetch(first=Checkpoint("", 20, since=2000.5))
    assert isinstance(reports[0], CheckpointReport)
    assert reports[0].checkpoint == Checkpoint("old", 10)
    assert told(reports) == ["first", "later"]


async def test_a_plan_without_that_call_begins_the_long_way(bench: NodeBench) -> None:
    bench.node.accounts[W] = [f"account{number}" for number in range(60)]
    bench.node.happens("old", 10, W, blockTime=1000)
    bench.node.happens("new", 20, "account7", blockTime=3000)
    reports = await bench.fetch(first=Checkpoint("", 0, since=2000.0))
    assert isinstance(reports[0], CheckpointReport)
    assert reports[0].checkpoint == Checkpoint("old", 10)
    assert told(reports) == ["new"]
    assert len(bench.called("getTransactionsForAddress")) == 1
