from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from manual_clock import ManualClock
from scripted_http import Asked, ScriptedHttp
from wire_fixtures import helius

from streamcore.config.model import HeliusSettings, Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.base import (
    Checkpoint,
    CheckpointReport,
    Notice,
    PartialFetch,
    Report,
    TokenAccounts,
    TransactionReport,
)
from streamcore.providers.helius.provider import RATE, HeliusProvider, meaning_of_status, with_key
from streamcore.providers.http_errors import RATE_LIMIT_REST
from streamcore.providers.solana_rpc.history import (
    ACCOUNTS_FOR,
    HISTORY,
    MOST_PAGES,
    OVERLAP_SLOTS,
    PAGE,
    PATIENCE,
)

KEY = "helius-key-123"
W = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"
W2 = "DFK4931fqk7pnrqdcvDWozDABepb2BeTwE5DYfiRPi4j"
ACCOUNT = "AwfswzK89xCcKs43oK4bvkWWTgBUTP8piZjULuho3nRm"
K = ErrorKind


class RpcError(Exception):
    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(message)


class Node:
    """A Solana node with a ledger: what happened to which account, oldest first."""

    def __init__(self) -> None:
        self.happened: dict[str, list[dict[str, Any]]] = {}
        self.accounts: dict[str, list[str]] = {}
        self.not_yet: dict[str, int] = {}
        """Signatures to how often `getTransaction` will not have them."""
        refusal = RpcError(-32600, "getTransactionsForAddress is not available on the free plan")
        self.errors: dict[str, RpcError] = {"getTransactionsForAddress": refusal}
        """Methods or signatures to what they fail with."""
        self.answers: dict[str, Any] = {}
        """Signatures to what is answered instead of a transaction of the usual shape."""
        self.block_time: int | None = None

    def happens(self, signature: str, slot: int, *accounts: str, **more: Any) -> None:
        for account in accounts:
            entries = self.happened.setdefault(account, [])
            entries.append({"signature": signature, "slot": slot, **more})

    def __call__(self, method: str, params: list[Any]) -> Any:
        if method in self.errors:
            raise self.errors[method]
        return getattr(self, method)(*params)

    def getTokenAccountsByOwner(self, owner: str, program: dict[str, str], _: Any) -> Any:  # noqa: N802
        owned = self.accounts.get(owner, []) if program["programId"].startswith("Tokenkeg") else []
        return {"context": {"slot": 1}, "value": [{"pubkey": address} for address in owned]}

    def getSignaturesForAddress(self, address: str, options: dict[str, Any]) -> Any:  # noqa: N802
        assert options["commitment"] == "confirmed"
        assert "until" not in options
        entries = self.happened.get(address, [])[::-1]
        if "before" in options:
            position = next(n for n, e in enumerate(entries) if e["signature"] == options["before"])
            entries = entries[position + 1 :]
        return entries[: options["limit"]]

    def getTransaction(self, signature: str, options: dict[str, Any]) -> Any:  # noqa: N802
        assert options["maxSupportedTransactionVersion"] == 1
        if signature in self.errors:
            raise self.errors[signature]
        if self.not_yet.get(signature, 0):
            self.not_yet[signature] -= 1
            return None
        if signature in self.answers:
            return self.answers[signature]
        transaction = {"signatures": [signature], "message": {"accountKeys": []}}
        return {"slot": 1, "blockTime": self.block_time, "transaction": transaction, "meta": None}


class Bench:
    """Helius' REST side before a node of the test's own, or before any scripted answer."""

    def __init__(self, reply: Callable[[Asked], Answer] | None = None) -> None:
        self.clock = ManualClock()
        self.node = Node()
        self.http = ScriptedHttp(reply or self._answer, self.clock.monotonic)
        settings = Settings(helius=HeliusSettings(api_key=KEY))
        self.provider = HeliusProvider(settings, self.http, self.clock)  # type: ignore[arg-type]

    def _answer(self, asked: Asked) -> Answer:
        message: dict[str, Any] = {"jsonrpc": "2.0", "id": asked.json["id"]}
        try:
            message["result"] = self.node(asked.json["method"], asked.json["params"])
        except RpcError as error:
            message["error"] = {"code": error.code, "message": str(error)}
        return Answer(200, {}, json.dumps(message).encode())

    async def fetch(self, *wallets: str, within: float = 2000.0, **checkpoints: Checkpoint) -> list[Report]:
        named = {{"first": W, "second": W2}[name]: checkpoint for name, checkpoint in checkpoints.items()}
        reports: list[Report] = []

        async def collect() -> None:
            reports.extend([report async for report in self.provider.rest.fetch(wallets or (W,), named)])

        task = asyncio.create_task(collect())
        await self.clock.advance(within)
        await task
        return reports

    async def failure(self) -> ProviderError:
        with pytest.raises(ProviderError) as caught:
            await self.fetch()
        return caught.value

    def called(self, method: str) -> list[list[Any]]:
        return [asked.json["params"] for asked in self.http.asked if asked.json["method"] == method]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def told(reports: list[Report]) -> list[str]:
    return [report.signature for report in reports if isinstance(report, TransactionReport)]


# Where news begins


async def test_a_wallet_without_an_anchor_is_told_where_its_news_begins_and_nothing_else(
    bench: Bench,
) -> None:
    bench.node.happens("s1", 10, W)
    bench.node.happens("s2", 20, W)
    assert await bench.fetch() == [CheckpointReport(W, Checkpoint("s2", 20), ("s2", "s1"))]
    assert bench.called("getTransaction") == []


async def test_the_beginning_looks_at_token_accounts_too(bench: Bench) -> None:
    bench.node.accounts[W] = [ACCOUNT]
    bench.node.happens("s1", 10, W)
    bench.node.happens("s2", 30, ACCOUNT)
    bench.node.happens("s3", 20, W)
    (report,) = await bench.fetch()
    assert isinstance(report, CheckpointReport)
    assert report.checkpoint == Checkpoint("s2", 30)
    assert set(report.history) == {"s1", "s2", "s3"}


async def test_the_beginning_looks_back_just_so_far_and_keeps_what_may_be_met_again(bench: Bench) -> None:
    for number in range(100):
        bench.node.happens(f"s{number}", number, W)
    (report,) = await bench.fetch()
    assert isinstance(report, CheckpointReport)
    assert bench.called("getSignaturesForAddress")[0][1]["limit"] == HISTORY
    assert report.history == tuple(f"s{number}" for number in range(99, 98 - OVERLAP_SLOTS, -1))


async def test_a_wallet_that_never_did_anything_begins_before_everything(bench: Bench) -> None:
    (report,) = await bench.fetch()
    assert report == CheckpointReport(W, Checkpoint("", 0), ())
    bench.node.happens("s1", 10, W)
    assert told(await bench.fetch(first=Checkpoint("", 0))) == ["s1"]


# What happened since


async def test_what_happened_since_the_anchor_comes_oldest_first(bench: Bench) -> None:
    for number in range(1, 6):
        bench.node.happens(f"s{number}", number * 100, W)
    reports = await bench.fetch(first=Checkpoint("s2", 200))
    assert told(reports) == ["s2", "s3", "s4", "s5"]
    assert all(report.topics == (W,) for report in reports if isinstance(report, TransactionReport))


async def test_the_look_back_overlaps_for_machines_that_lag(bench: Bench) -> None:
    checkpoint = Checkpoint("checkpoint", 1000)
    bench.node.happens("too old", 1000 - OVERLAP_SLOTS - 1, W)
    bench.node.happens("late", 1000 - OVERLAP_SLOTS, W)
    assert told(await bench.fetch(first=checkpoint)) == ["late"]


async def test_an_incoming_token_transfer_is_found_by_the_token_account(bench: Bench) -> None:
    bench.node.accounts[W] = [ACCOUNT]
    bench.node.happens("s1", 100, ACCOUNT)
    assert told(await bench.fetch(first=Checkpoint("", 0))) == ["s1"]


async def test_what_touched_several_accounts_of_a_wallet_comes_once(bench: Bench) -> None:
    bench.node.accounts[W] = [ACCOUNT]
    bench.node.happens("s1", 100, W, ACCOUNT)
    assert told(await bench.fetch(first=Checkpoint("", 0))) == ["s1"]
    assert len(bench.called("getTransaction")) == 1


async def test_within_a_slot_the_place_in_the_block_decides(bench: Bench) -> None:
    bench.node.accounts[W] = [ACCOUNT]
    bench.node.happens("second", 100, W, transactionIndex=61)
    bench.node.happens("first", 100, ACCOUNT, transactionIndex=3)
    assert told(await bench.fetch(first=Checkpoint("", 0))) == ["first", "second"]


async def test_without_a_place_in_the_block_the_order_of_the_list_decides(bench: Bench) -> None:
    for number in range(4):
        bench.node.happens(f"s{number}", 100, W)
    assert told(await bench.fetch(first=Checkpoint("", 0))) == ["s0", "s1", "s2", "s3"]


async def test_long_lists_are_read_page_by_page(bench: Bench) -> None:
    for number in range(PAGE + 3):
        bench.node.happens(f"s{number}", 1000 + number, W)
    reports = await bench.fetch(first=Checkpoint("", 0))
    assert told(reports) == [f"s{number}" for number in range(PAGE + 3)]
    first, second = bench.called("getSignaturesForAddress")
    assert "before" not in first[1]
    assert second[1]["before"] == "s3"


async def test_no_page_is_asked_for_that_only_holds_what_is_older(bench: Bench) -> None:
    for number in range(PAGE * 2):
        bench.node.happens(f"s{number}", number * OVERLAP_SLOTS, W)
    checkpoint = Checkpoint("", (PAGE * 2 - 5) * OVERLAP_SLOTS)
    reports = await bench.fetch(first=checkpoint)
    assert len(bench.called("getSignaturesForAddress")) == 1
    assert told(reports)[-1] == f"s{PAGE * 2 - 1}"
    assert len(told(reports)) == 6


async def test_there_is_an_end_to_paging_and_what_it_cuts_off_is_told(bench: Bench) -> None:
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


async def test_the_block_time_is_that_of_the_transaction_or_else_of_the_list(bench: Bench) -> None:
    bench.node.happens("s1", 100, W, blockTime=1789457610)
    (report,) = await bench.fetch(first=Checkpoint("", 0))
    assert isinstance(report, TransactionReport)
    assert report.block_time == 1789457610
    bench.node.block_time = 5
    (report,) = await bench.fetch(first=Checkpoint("", 0))
    assert isinstance(report, TransactionReport)
    assert report.block_time == 5


async def test_each_wallet_has_its_own_checkpoint(bench: Bench) -> None:
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

    (report,) = await Bench(reply).fetch()
    assert isinstance(report, CheckpointReport)
    assert report.checkpoint.slot == 447210700
    reports = await Bench(reply).fetch(first=Checkpoint("", 447210690))
    assert told(reports) == [report.checkpoint.signature]


async def test_where_the_plan_allows_it_one_call_tells_everything_with_its_token_accounts() -> None:
    asked_for: list[Asked] = []

    def reply(asked: Asked) -> Answer:
        asked_for.append(asked)
        assert asked.json["method"] == "getTransactionsForAddress"
        full = json.loads(helius("http.getTransactionsForAddress.response_full"))
        page = {**full, "result": {**full["result"], "paginationToken": None}}
        return Answer(200, {}, json.dumps(page).encode())

    reports = await Bench(reply).fetch(first=Checkpoint("", 447210500))
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

    await Bench(reply).fetch(first=Checkpoint("", 447210500))
    assert sent == [None, "447210600:3"]


async def test_a_plan_without_that_call_is_asked_once_and_then_the_long_way_until_a_new_start(
    bench: Bench,
) -> None:
    bench.node.happens("s1", 100, W)
    for _ in range(2):
        assert told(await bench.fetch(first=Checkpoint("", 0))) == ["s1"]
    assert len(bench.called("getTransactionsForAddress")) == 1
    bench.provider.forget()
    await bench.fetch(first=Checkpoint("", 0))
    assert len(bench.called("getTransactionsForAddress")) == 2


async def test_what_has_been_reported_is_not_fetched_again(bench: Bench) -> None:
    bench.node.happens("s1", 100, W)
    bench.node.happens("s2", 101, W)
    assert told(await bench.fetch(first=Checkpoint("s1", 100, frozenset({"s1"})))) == ["s2"]
    assert len(bench.called("getTransaction")) == 1


# Token accounts


async def test_token_accounts_of_both_programs_are_asked_for_and_believed_for_a_while(
    bench: Bench,
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


async def test_a_transaction_that_is_listed_but_not_there_yet_is_waited_for(bench: Bench) -> None:
    bench.node.happens("s1", 100, W)
    bench.node.not_yet["s1"] = 3
    assert told(await bench.fetch(first=Checkpoint("", 0))) == ["s1"]
    tries = [asked.at for asked in bench.http.asked if asked.json["method"] == "getTransaction"]
    assert tries == pytest.approx([0.0, 0.3, 0.9, 2.1])


async def test_after_so_much_patience_it_is_left_with_all_that_follows_for_the_next_time(
    bench: Bench,
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
    bench: Bench,
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
    bench: Bench,
) -> None:
    for number in range(3):
        bench.node.happens(f"s{number}", 100 + number, W)
    bench.node.answers["s1"] = {"transaction": {"message": {"accounts": 5}}, "version": {"major": 3}}
    reports = await bench.fetch(first=Checkpoint("", 0))
    assert told(reports) == ["s0", "s1", "s2"]
    read = [report for report in reports if isinstance(report, TransactionReport)]
    assert [report.unreadable for report in read] == ["", "its shape is not known here yet", ""]
    assert read[1].topics == (W,)


# Errors


@pytest.mark.parametrize(
    ("name", "kind", "retryable"),
    [
        ("http.getSignaturesForAddress.error_min_context_slot", K.SERVER, True),
        ("http.getSignaturesForAddress.error_cursor_not_found", K.SERVER, True),
        ("http.getSignaturesForAddress.error_limit", K.SUBSCRIPTION, True),
        ("http.getSignaturesForAddress.error_processed", K.SUBSCRIPTION, True),
        ("http.429.max_usage_reached", K.QUOTA, False),
        ("http.429.rate_limited", K.RATE_LIMIT, True),
        ("http.401.invalid_api_key", K.AUTH, False),
        ("http.500.openapi_example", K.SERVER, True),
    ],
)
async def test_an_error_of_the_node_has_its_meaning(name: str, kind: ErrorKind, retryable: bool) -> None:
    error = await Bench(lambda asked: Answer(200, {}, helius(name).encode())).failure()
    assert (error.kind, error.retryable) == (kind, retryable)
    assert "Helius" in error.message


@pytest.mark.parametrize(
    ("status", "name", "kind", "retryable"),
    [
        (401, "http.401.invalid_api_key", K.AUTH, False),
        (401, "http.401.openapi_example", K.AUTH, False),
        (403, "http.403.openapi_example", K.PLAN, False),
        (403, "http.403.solana_public_blocked", K.PLAN, False),
        (429, "http.429.rate_limited", K.RATE_LIMIT, True),
        (429, "http.429.openapi_example", K.RATE_LIMIT, True),
        (429, "http.429.max_usage_reached", K.QUOTA, False),
        (500, "http.500.openapi_example", K.SERVER, True),
        (503, "http.429.max_usage_reached", K.QUOTA, False),
        (400, "http.getSignaturesForAddress.error_limit", K.SUBSCRIPTION, True),
    ],
)
def test_every_documented_status_has_its_meaning(
    status: int, name: str, kind: ErrorKind, retryable: bool
) -> None:
    error = meaning_of_status(status, {}, helius(name).encode())
    assert (error.kind, error.retryable) == (kind, retryable)


@pytest.mark.parametrize("status", [200, 429, 400, 503])
@pytest.mark.parametrize("body", [b"max usage reached", b"Max usage reached\n"])
async def test_spent_credits_are_told_by_plain_text_too(status: int, body: bytes) -> None:
    error = await Bench(lambda asked: Answer(status, {}, body)).failure()
    assert (error.kind, error.parks) == (K.QUOTA, True)


def test_a_rate_limit_that_names_no_time_is_kept_a_while() -> None:
    body = helius("http.429.rate_limited").encode()
    assert meaning_of_status(429, {}, body).retry_after == RATE_LIMIT_REST
    assert meaning_of_status(429, {"retry-after": "3"}, body).retry_after == 3.0


async def test_after_a_rate_limit_nothing_is_asked_until_its_end() -> None:
    bench = Bench(lambda asked: Answer(429, {"retry-after": "20"}, b""))
    for seconds in (0.5, 100.0):
        with pytest.raises(ProviderError):
            await bench.fetch(within=seconds)
    first, second = [asked.at for asked in bench.http.asked]
    assert second - first == pytest.approx(20.0, abs=0.01)


async def test_calls_keep_to_the_rate_of_every_plan(bench: Bench) -> None:
    for number in range(30):
        bench.node.happens(f"s{number}", 100 + number, W)
    await bench.fetch(first=Checkpoint("", 0))
    times = [asked.at for asked in bench.http.asked]
    assert times[int(RATE) - 1] == 0.0
    assert times[-1] == pytest.approx((len(times) - RATE) / RATE, abs=0.01)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"\xff", b'{"id":1}', b'{"result":5}', b'{"result":{"value":[{"pubkey":5}]}}'],
)
async def test_an_answer_that_makes_no_sense_is_a_protocol_error(body: bytes) -> None:
    error = await Bench(lambda asked: Answer(200, {}, body)).failure()
    assert (error.kind, error.retryable) == (K.PROTOCOL, True)


async def test_every_call_has_an_id_of_its_own_and_the_key_in_the_url_alone(bench: Bench) -> None:
    bench.node.happens("s1", 100, W)
    await bench.fetch(first=Checkpoint("", 0))
    ids = [asked.json["id"] for asked in bench.http.asked]
    assert len(set(ids)) == len(ids)
    assert {asked.url for asked in bench.http.asked} == {f"https://mainnet.helius-rpc.com/?api-key={KEY}"}
    assert all(KEY not in json.dumps(asked.json) for asked in bench.http.asked)


def test_a_key_is_added_to_whatever_query_there_is_and_encoded() -> None:
    assert with_key("https://h/", "a&b") == "https://h/?api-key=a%26b"
    assert with_key("https://h/?x=1", "k") == "https://h/?x=1&api-key=k"


def test_the_streams_url_has_the_key_and_the_url_to_show_has_not() -> None:
    endpoint = Bench().provider.endpoint()
    assert endpoint.url == f"wss://mainnet.helius-rpc.com/?api-key={KEY}"
    assert endpoint.shown_url == "wss://mainnet.helius-rpc.com/"
    assert endpoint.secrets == (KEY,)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, helius("http.401.invalid_api_key"), K.AUTH),
        (403, "", K.PLAN),
        (429, "", K.RATE_LIMIT),
        (429, helius("http.429.max_usage_reached"), K.QUOTA),
        (503, "<html>", K.SERVER),
        (302, "", K.PROTOCOL),
    ],
)
def test_a_refused_upgrade_has_its_meaning(status: int, body: str, kind: ErrorKind) -> None:
    assert Bench().provider.handshake_refusal(status, {}, body.encode()).kind is kind


# Token accounts that were opened meanwhile


async def test_a_wallet_watched_again_is_asked_for_the_accounts_it_opened_meanwhile(bench: Bench) -> None:
    """Fault 10: the list from when it was watched before was believed for five minutes."""
    await bench.fetch(within=10.0)
    bench.node.accounts[W] = ["opened meanwhile"]
    bench.node.happens("incoming", 20, "opened meanwhile", blockTime=int(bench.clock.time()) + 1)
    again = Checkpoint("", 0, since=bench.clock.time())
    reports = await bench.fetch(first=again, within=10.0)
    assert TokenAccounts(W, (W, "opened meanwhile")) in reports
    assert told(reports) == ["incoming"]


async def test_a_list_of_accounts_that_has_changed_reaches_the_codec_whoever_fetched_it(bench: Bench) -> None:
    """Row f of issue 11: a list that was fetched otherwise never did."""
    checkpoint = Checkpoint("", 0)
    assert await bench.fetch(first=checkpoint, within=10.0) == []
    bench.node.accounts[W] = ["new"]
    assert await bench.fetch(first=checkpoint, within=10.0) == []  # believed for some minutes
    await bench.clock.advance(ACCOUNTS_FOR)
    assert await bench.fetch(first=checkpoint, within=10.0) == [TokenAccounts(W, (W, "new"))]
    assert await bench.fetch(first=checkpoint, within=10.0) == []
