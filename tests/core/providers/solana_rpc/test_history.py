from __future__ import annotations

import asyncio
import json

import pytest
from scripted_http import Asked
from scripted_node import W2, NodeBench, RpcError, W, told
from wire_fixtures import helius

from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.helius.history import HeliusHistory
from streamcore.providers.helius.provider import HeliusRpc
from streamcore.providers.reports import (
    AccountReport,
    Checkpoint,
    CheckpointReport,
    Notice,
    PartialFetch,
    TokenAccounts,
    TransactionReport,
)
from streamcore.providers.solana_rpc.failed_transactions import MOST_TRIES
from streamcore.providers.solana_rpc.history import (
    HISTORY,
    MOST_PAGES,
    OVERLAP_SLOTS,
    PAGE,
    PATIENCE,
    Pages,
)
from streamcore.providers.solana_rpc.wallet_accounts import ACCOUNTS_FOR
from streamcore.solana.accounts import AccountFacts, AccountKind

ACCOUNT = "AwfswzK89xCcKs43oK4bvkWWTgBUTP8piZjULuho3nRm"
K = ErrorKind


@pytest.fixture
def bench() -> NodeBench:
    return NodeBench()


# Where news begins


async def test_a_wallet_without_an_anchor_is_told_where_its_news_begins_and_nothing_else(
    bench: NodeBench,
) -> None:
    bench.node.happens("s1", 10, W)
    bench.node.happens("s2", 20, W)
    assert await bench.fetch() == [CheckpointReport(W, Checkpoint("s2", 20), ("s2", "s1"))]
    assert bench.called("getTransaction") == []


async def test_the_beginning_looks_at_token_accounts_too(bench: NodeBench) -> None:
    bench.node.accounts[W] = [ACCOUNT]
    bench.node.happens("s1", 10, W)
    bench.node.happens("s2", 30, ACCOUNT)
    bench.node.happens("s3", 20, W)
    (report,) = await bench.fetch()
    assert isinstance(report, CheckpointReport)
    assert report.checkpoint == Checkpoint("s2", 30)
    assert set(report.history) == {"s1", "s2", "s3"}


async def test_what_was_before_watching_began_is_no_news_however_much_has_happened_since(
    bench: NodeBench,
) -> None:
    """After an engine that ended before its first fetch: everything that ever happened was told as news."""
    for number in range(1, 31):
        bench.node.happens(f"old{number}", number, W, blockTime=1000)
    for number in range(1, HISTORY + 51):
        bench.node.happens(f"new{number}", 1000 + number, W, blockTime=3000)
    reports = await bench.fetch(first=Checkpoint("", 0, since=2000.0))
    assert isinstance(reports[0], CheckpointReport)
    assert reports[0].checkpoint == Checkpoint("old30", 30)
    assert told(reports) == [f"new{number}" for number in range(1, HISTORY + 51)]


async def test_where_too_much_has_happened_since_watching_began_the_gap_is_told(bench: NodeBench) -> None:
    bench.node.happens("old", 1, W, blockTime=1000)
    for number in range(1, 9 + HISTORY):
        bench.node.happens(f"new{number}", 1000 + 50 * number, W, blockTime=3000)
    rpc = HeliusRpc(Settings(), bench.http, bench.clock)
    bench.provider.rest = HeliusHistory(rpc, bench.clock, pages=Pages(2, 2))
    reports = await bench.fetch(first=Checkpoint("", 0, since=2000.0))
    (notice, *_) = [report for report in reports if isinstance(report, Notice)]
    assert "between slots 0 and 1250 are missing" in notice.error.message
    assert "look the wallet up in a block explorer" in notice.error.message
    assert "old" not in told(reports)


async def test_the_beginning_looks_back_just_so_far_and_keeps_what_may_be_met_again(bench: NodeBench) -> None:
    for number in range(100):
        bench.node.happens(f"s{number}", number, W)
    (report,) = await bench.fetch()
    assert isinstance(report, CheckpointReport)
    assert bench.called("getSignaturesForAddress")[0][1]["limit"] == HISTORY
    assert report.history == tuple(f"s{number}" for number in range(99, 98 - OVERLAP_SLOTS, -1))


async def test_a_wallet_that_never_did_anything_begins_before_everything(bench: NodeBench) -> None:
    (report,) = await bench.fetch()
    assert report == CheckpointReport(W, Checkpoint("", 0), ())
    bench.node.happens("s1", 10, W)
    assert told(await bench.fetch(first=Checkpoint("", 0))) == ["s1"]


# What happened since


async def test_what_happened_since_the_anchor_comes_oldest_first(bench: NodeBench) -> None:
    for number in range(1, 6):
        bench.node.happens(f"s{number}", number * 100, W)
    reports = await bench.fetch(first=Checkpoint("s2", 200))
    assert told(reports) == ["s2", "s3", "s4", "s5"]
    assert all(report.topics == (W,) for report in reports if isinstance(report, TransactionReport))


async def test_the_look_back_overlaps_for_machines_that_lag(bench: NodeBench) -> None:
    checkpoint = Checkpoint("checkpoint", 1000)
    bench.node.happens("too old", 1000 - OVERLAP_SLOTS - 1, W)
    bench.node.happens("late", 1000 - OVERLAP_SLOTS, W)
    assert told(await bench.fetch(first=checkpoint)) == ["late"]


async def test_an_incoming_token_transfer_is_found_by_the_token_account(bench: NodeBench) -> None:
    bench.node.accounts[W] = [ACCOUNT]
    bench.node.happens("s1", 100, ACCOUNT)
    assert told(await bench.fetch(first=Checkpoint("", 0))) == ["s1"]


async def test_what_touched_several_accounts_of_a_wallet_comes_once(bench: NodeBench) -> None:
    bench.node.accounts[W] = [ACCOUNT]
    bench.node.happens("s1", 100, W, ACCOUNT)
    assert told(await bench.fetch(first=Checkpoint("", 0))) == ["s1"]
    assert len(bench.called("getTransaction")) == 1


async def test_within_a_slot_the_place_in_the_block_decides(bench: NodeBench) -> None:
    bench.node.accounts[W] = [ACCOUNT]
    bench.node.happens("second", 100, W, transactionIndex=61)
    bench.node.happens("first", 100, ACCOUNT, transactionIndex=3)
    assert told(await bench.fetch(first=Checkpoint("", 0))) == ["first", "second"]


async def test_without_a_place_in_the_block_the_order_of_the_list_decides(bench: NodeBench) -> None:
    for number in range(4):
        bench.node.happens(f"s{number}", 100, W)
    assert told(await bench.fetch(first=Checkpoint("", 0))) == ["s0", "s1", "s2", "s3"]


async def test_long_lists_are_read_page_by_page(bench: NodeBench) -> None:
    for number in range(PAGE + 3):
        bench.node.happens(f"s{number}", 1000 + number, W)
    reports = await bench.fetch(first=Checkpoint("", 0))
    assert told(reports) == [f"s{number}" for number in range(PAGE + 3)]
    first, second = bench.called("getSignaturesForAddress")
    assert "before" not in first[1]
    assert second[1]["before"] == "s3"


async def test_no_page_is_asked_for_that_only_holds_what_is_older(bench: NodeBench) -> None:
    for number in range(PAGE * 2):
        bench.node.happens(f"s{number}", number * OVERLAP_SLOTS, W)
    checkpoint = Checkpoint("", (PAGE * 2 - 5) * OVERLAP_SLOTS)
    reports = await bench.fetch(first=checkpoint)
    assert len(bench.called("getSignaturesForAddress")) == 1
    assert told(reports)[-1] == f"s{PAGE * 2 - 1}"
    assert len(told(reports)) == 6


async def test_there_is_an_end_to_paging_and_what_it_cuts_off_is_told(bench: NodeBench) -> None:
    for number in range(PAGE * MOST_PAGES + 7):
        bench.node.happens(f"s{number}", 100 + number, W)
    reports = bench.provider.rest.fetch([W], {W: Checkpoint("s0", 100)})
    first = asyncio.ensure_future(anext(reports))
    await bench.clock.advance(10)
    notice = await first
    assert len(bench.called("getSignaturesForAddress")) == MOST_PAGES
    assert isinstance(notice, Notice)
    assert (notice.error.kind, notice.error.retryable) == (K.GAP, False)
    assert "between slots 100 and 107" in notice.error.message
    second = asyncio.ensure_future(anext(reports))
    await bench.clock.advance(10)
    assert told([await second]) == ["s7"]
    await reports.aclose()  # type: ignore[attr-defined]


async def test_the_block_time_is_that_of_the_transaction_or_else_of_the_list(bench: NodeBench) -> None:
    bench.node.happens("s1", 100, W, blockTime=1789457610)
    (report,) = await bench.fetch(first=Checkpoint("", 0))
    assert isinstance(report, TransactionReport)
    assert report.block_time == 1789457610
    bench.node.block_time = 5
    (report,) = await bench.fetch(first=Checkpoint("", 0))
    assert isinstance(report, TransactionReport)
    assert report.block_time == 5


async def test_each_wallet_has_its_own_checkpoint(bench: NodeBench) -> None:
    bench.node.happens("s1", 100, W)
    bench.node.happens("s2", 100, W2)
    reports = await bench.fetch(W, W2, second=Checkpoint("", 0))
    assert [type(report) for report in reports] == [CheckpointReport, TransactionReport]


async def test_the_documented_answers_are_understood() -> None:
    def reply(asked: Asked) -> Answer:
        method = asked.json["method"]
        if method == "getTransactionsForAddress":
            return Answer(403, {}, helius("http.403.openapi_example").encode())
        return Answer(200, {}, helius(f"http.{method}.response").encode())

    (report,) = await NodeBench(reply).fetch()
    assert isinstance(report, CheckpointReport)
    assert report.checkpoint.slot == 447210700
    reports = await NodeBench(reply).fetch(first=Checkpoint("", 447210690))
    assert told(reports) == [report.checkpoint.signature]


async def test_what_has_been_reported_is_not_fetched_again(bench: NodeBench) -> None:
    bench.node.happens("s1", 100, W)
    bench.node.happens("s2", 101, W)
    assert told(await bench.fetch(first=Checkpoint("s1", 100, frozenset({"s1"})))) == ["s2"]
    assert len(bench.called("getTransaction")) == 1


# Token accounts


async def test_token_accounts_of_both_programs_are_asked_for_and_believed_for_a_while(
    bench: NodeBench,
) -> None:
    await bench.fetch(within=1)
    await bench.fetch(within=1)
    programs = [params[1]["programId"] for params in bench.called("getTokenAccountsByOwner")]
    assert len(programs) == 2
    assert len(set(programs)) == 2
    await bench.clock.advance(ACCOUNTS_FOR)
    await bench.fetch(within=1)
    assert len(bench.called("getTokenAccountsByOwner")) == 4


# A transaction that cannot be had


async def test_a_transaction_that_is_listed_but_not_there_yet_is_waited_for(bench: NodeBench) -> None:
    bench.node.happens("s1", 100, W)
    bench.node.not_yet["s1"] = 3
    assert told(await bench.fetch(first=Checkpoint("", 0))) == ["s1"]
    tries = [asked.at for asked in bench.http.asked if asked.json["method"] == "getTransaction"]
    assert tries == pytest.approx([0.0, 0.3, 0.9, 2.1])


async def test_after_so_much_patience_it_is_left_with_all_that_follows_for_the_next_time(
    bench: NodeBench,
) -> None:
    for number in range(3):
        bench.node.happens(f"s{number}", 100 + number, W)
    bench.node.not_yet["s1"] = len(PATIENCE) + 1
    reports = await bench.fetch(first=Checkpoint("", 0))
    assert told(reports) == ["s0"]
    assert isinstance(reports[-1], PartialFetch)
    assert (reports[-1].topic, reports[-1].error.kind) == (W, K.SERVER)
    assert told(await bench.fetch(first=Checkpoint("s0", 100))) == ["s0", "s1", "s2"]


async def test_a_transaction_of_an_unknown_version_is_told_as_unreadable_and_holds_nothing_up(
    bench: NodeBench,
) -> None:
    error = json.loads(helius("http.getTransaction.error_unsupported_version"))["error"]
    for number in range(3):
        bench.node.happens(f"s{number}", 100 + number, W)
    bench.node.errors["s1"] = RpcError(error["code"], error["message"])
    reports = await bench.fetch(first=Checkpoint("", 0))
    assert told(reports) == ["s0", "s1", "s2"]
    read = [report for report in reports if isinstance(report, TransactionReport)]
    assert [report.unreadable for report in read] == ["", "its version is not known here yet", ""]
    assert read[1].topics == (W,)


async def test_a_transaction_of_a_shape_nobody_knows_is_told_as_unreadable_and_holds_nothing_up(
    bench: NodeBench,
) -> None:
    for number in range(3):
        bench.node.happens(f"s{number}", 100 + number, W)
    bench.node.answers["s1"] = {"transaction": {"message": {"accounts": 5}}, "version": {"major": 3}}
    reports = await bench.fetch(first=Checkpoint("", 0))
    assert told(reports) == ["s0", "s1", "s2"]
    read = [report for report in reports if isinstance(report, TransactionReport)]
    assert [report.unreadable for report in read] == ["", "its shape is not known here yet", ""]
    assert read[1].topics == (W,)


# Token accounts that were opened meanwhile


async def test_a_wallet_watched_again_is_asked_for_the_accounts_it_opened_meanwhile(bench: NodeBench) -> None:
    """Fault 10: the list from when it was watched before was believed for five minutes."""
    await bench.fetch(within=10.0)
    bench.node.accounts[W] = ["opened meanwhile"]
    bench.node.happens("incoming", 20, "opened meanwhile", blockTime=int(bench.clock.time()) + 1)
    again = Checkpoint("", 0, since=bench.clock.time())
    reports = await bench.fetch(first=again, within=10.0)
    assert TokenAccounts(W, (W, "opened meanwhile")) in reports
    assert told(reports) == ["incoming"]


async def test_a_list_of_accounts_that_has_changed_reaches_the_codec_whoever_fetched_it(
    bench: NodeBench,
) -> None:
    """Row f of issue 11: a list that was fetched otherwise never did."""
    checkpoint = Checkpoint("", 0)
    assert await bench.fetch(first=checkpoint, within=10.0) == []
    bench.node.accounts[W] = ["new"]
    assert await bench.fetch(first=checkpoint, within=10.0) == []  # believed for some minutes
    await bench.clock.advance(ACCOUNTS_FOR)
    assert await bench.fetch(first=checkpoint, within=10.0) == [TokenAccounts(W, (W, "new"))]
    assert await bench.fetch(first=checkpoint, within=10.0) == []


# What is behind the addresses (issue 11, row 20)


async def test_row_20_one_call_tells_what_all_addresses_are(bench: NodeBench) -> None:
    owner = {"owner": W, "mint": ACCOUNT}
    data = {"program": "spl-token", "parsed": {"type": "account", "info": owner}}
    token = {"owner": "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", "executable": False, "data": data}
    wallet = {"owner": "1" * 32, "executable": False, "data": ["", "base64"]}
    bench.node.told = {ACCOUNT: token, W: wallet}
    reports = [report async for report in bench.provider.rest.check_accounts([ACCOUNT, W, W2])]
    facts = AccountFacts(AccountKind.TOKEN_ACCOUNT, owner=W, mint=ACCOUNT)
    assert reports == [AccountReport(ACCOUNT, facts)]
    assert [params[0] for params in bench.called("getMultipleAccounts")] == [[ACCOUNT, W, W2]]


async def test_more_addresses_than_the_method_takes_are_asked_about_in_parts(bench: NodeBench) -> None:
    assert [report async for report in bench.provider.rest.check_accounts([W] * 150)] == []
    assert [len(params[0]) for params in bench.called("getMultipleAccounts")] == [100, 50]


async def test_a_node_that_does_not_have_the_method_is_a_failure_of_the_look(bench: NodeBench) -> None:
    bench.node.errors["getMultipleAccounts"] = RpcError(-32601, "Method not found")
    with pytest.raises(ProviderError):
        _ = [report async for report in bench.provider.rest.check_accounts([W])]


async def test_row_3_a_transaction_that_always_fails_keeps_those_after_it_back_only_for_a_while(
    bench: NodeBench,
) -> None:
    for number in (1, 2, 3):
        bench.node.happens(f"s{number}", 100 + number, W)
    bench.node.errors["s2"] = RpcError(-32603, "Internal error")
    for _ in range(MOST_TRIES - 1):
        assert told(await bench.fetch(first=Checkpoint("", 0))) == ["s1"]
    reports = await bench.fetch(first=Checkpoint("", 0))
    assert told(reports) == ["s1", "s2", "s3"]
    odd = reports[1]
    assert isinstance(odd, TransactionReport)
    assert odd.unreadable == "Helius cannot show it"


async def test_row_3_while_no_transaction_can_be_shown_none_is_given_up(bench: NodeBench) -> None:
    bench.node.happens("s1", 101, W)
    bench.node.errors["s1"] = RpcError(-32603, "Internal error")
    for _ in range(2 * MOST_TRIES):
        with pytest.raises(ProviderError):
            await bench.fetch(first=Checkpoint("", 0))
    bench.node.errors.clear()
    assert told(await bench.fetch(first=Checkpoint("", 0))) == ["s1"]


async def test_a_fetch_tells_how_far_nothing_is_missing(bench: NodeBench) -> None:
    for signature, slot in (("s1", 101), ("s2", 103), ("s3", 103), ("s4", 109)):
        bench.node.happens(signature, slot, W)
    await bench.fetch(first=Checkpoint("", 100, known=frozenset({"s1"})))
    assert bench.progress == [(W, 102), (W, 108), (W, 109)]


async def test_nothing_counts_as_told_from_what_is_not_answered_on(bench: NodeBench) -> None:
    for number in range(1, 6):
        bench.node.happens(f"s{number}", 100 + number, W)
    bench.node.errors["s3"] = ProviderError(ErrorKind.NETWORK, "no answer within 10 s", unanswered=True)
    for _ in range(2):
        await bench.fetch(first=Checkpoint("", 100))
        assert max(slot for _, slot in bench.progress) == 102


async def test_nothing_counts_as_told_from_a_transaction_on_that_shows_a_new_account(
    bench: NodeBench,
) -> None:
    for number in range(1, 6):
        bench.node.happens(f"s{number}", 100 + number, W)
    balance = {
        "accountIndex": 1,
        "mint": W2,
        "owner": W,
        "uiTokenAmount": {"amount": "1", "decimals": 0, "uiAmountString": "1"},
    }
    bench.node.answers["s3"] = {
        "slot": 103,
        "blockTime": None,
        "transaction": {"signatures": ["s3"], "message": {"accountKeys": [W, W2]}},
        "meta": {
            "err": None,
            "fee": 5000,
            "preBalances": [9, 9],
            "postBalances": [9, 9],
            "preTokenBalances": [],
            "postTokenBalances": [balance],
        },
    }
    await bench.fetch(first=Checkpoint("", 100))
    assert bench.progress == [(W, 101), (W, 102)]
    bench.progress.clear()
    bench.node.accounts[W] = [W2]
    await bench.fetch(first=Checkpoint("", 100))
    assert bench.progress[-1] == (W, 105)


async def test_pages_of_what_is_known_do_not_count_against_those_of_a_gap() -> None:
    bench = NodeBench()
    for number in range(1, 12):
        bench.node.happens(f"s{number}", 100 + number, W)
    rpc = HeliusRpc(Settings(), bench.http, bench.clock)
    bench.provider.rest = HeliusHistory(rpc, bench.clock, pages=Pages(2, 2))
    known = frozenset(f"s{number}" for number in range(4, 12))
    reports = await bench.fetch(first=Checkpoint("", 50, known=known))
    assert told(reports) == ["s1", "s2", "s3"]
    assert not any(isinstance(report, Notice) for report in reports)
