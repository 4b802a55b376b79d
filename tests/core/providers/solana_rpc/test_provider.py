from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from busiest import busiest
from hypothesis import given
from hypothesis import strategies as st
from manual_clock import ManualClock
from properties import quick
from scripted_http import Asked, ScriptedHttp
from wire_fixtures import names, public

from streamcore.assets.instruments import Instrument, Venue
from streamcore.config.model import Settings
from streamcore.config.sources import SolanaSettings
from streamcore.errors import ProviderError
from streamcore.events import DataKind, ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.http_errors import RATE_LIMIT_REST
from streamcore.providers.reports import (
    Alive,
    Checkpoint,
    Malformed,
    Notice,
    Progress,
    Refusal,
    Report,
    SignatureSeen,
    Throttled,
    TokenAccounts,
    TokenAccountsRequest,
)
from streamcore.providers.solana_rpc.codec import SolanaCodec
from streamcore.providers.solana_rpc.messages import RpcError
from streamcore.providers.solana_rpc.provider import (
    LOGS_PER_CONNECTION,
    REQUESTS_PER_WINDOW,
    WALLETS_PER_CONNECTION,
    WINDOW,
    SolanaProvider,
    meaning_of_error,
    meaning_of_status,
)

REQUESTS_PER_WINDOW_AND_METHOD = 40
"""As documented by the node's operator."""

W = "CM78CPUeXjn8o3yroDHxUtKsZZgoy4GPkPPXfouKNH12"
W2 = "DFK4931fqk7pnrqdcvDWozDABepb2BeTwE5DYfiRPi4j"
SIGNATURE = "67Viive4HpLJRPuYggAu3cbxZeQra5Y58oh4AmGc1YRXgQHevSwFbyxhBeDXw6rTCmUtHyCY7BjeHiHvhC9tud9U"
K = ErrorKind


def fixture(name: str) -> str:
    return public("solana_rpc", name)


def result_of(asked: Asked, result: Any) -> Answer:
    body = {"jsonrpc": "2.0", "id": asked.json["id"], "result": result}
    return Answer(200, {}, json.dumps(body).encode())


def quiet_node(asked: Asked) -> Answer:
    """A node on which every wallet has a token account and nothing ever happened."""
    if asked.json["method"] == "getTokenAccountsByOwner":
        owner = asked.json["params"][0]
        value = [{"pubkey": f"account of {owner}"}] if "Tokenkeg" in str(asked.json["params"]) else []
        return result_of(asked, {"context": {"slot": 1}, "value": value})
    return result_of(asked, [])


class Node:
    """A provider before a node whose HTTP answers are scripted."""

    def __init__(self, reply: Callable[[Asked], Answer] = quiet_node, **settings: Any) -> None:
        self.clock = ManualClock()
        self.http = ScriptedHttp(reply, self.clock.monotonic)
        configured = Settings(solana=SolanaSettings(**settings))
        self.provider = SolanaProvider(configured, self.http, self.clock)  # type: ignore[arg-type]

    async def fetch(self, *wallets: str, checkpoints: dict[str, Checkpoint] | None = None) -> list[Report]:
        async def collect() -> list[Report]:
            reports = self.provider.rest.fetch(wallets, checkpoints or {})
            return [report async for report in reports if not isinstance(report, Progress)]

        task = asyncio.create_task(collect())
        await self.clock.advance(1000.0)
        return await task


def opened(*wallets: str) -> SolanaCodec:
    codec = Node().provider.codec()
    codec.set_topics(wallets)
    codec.opened()
    return codec


def sent(codec: SolanaCodec) -> list[dict[str, Any]]:
    return [json.loads(frame) for frame in codec.frames_to_send()]


def answered(name: str, number: int) -> str:
    return json.dumps({**json.loads(fixture(name)), "id": number})


# The stream


def test_it_follows_the_logs_of_a_wallet_in_the_documented_words() -> None:
    codec = opened(W)
    slots, logs = sent(codec)
    assert slots["method"] == "slotSubscribe"
    documented = json.loads(fixture("c2s_logs_subscribe"))
    assert (logs["method"], logs["params"]) == (documented["method"], documented["params"])
    assert codec.received(answered("s2c_subscribe_result", logs["id"])) == [Alive(), TokenAccountsRequest(W)]


@pytest.mark.parametrize("name", ["s2c_logs_notification", "s2c_logs_notification_failed_tx"])
def test_a_log_is_a_hint_at_a_transaction_failed_or_not(name: str) -> None:
    codec = opened(W)
    number = sent(codec)[1]["id"]
    codec.received(json.dumps({"jsonrpc": "2.0", "result": 14, "id": number}))
    slot = json.loads(fixture(name))["params"]["result"]["context"]["slot"]
    assert codec.received(fixture(name)) == [SignatureSeen(W, SIGNATURE, slot)]
    assert codec.received(fixture(name)) == []


def test_invalid_parameters_are_the_fault_of_one_wallet() -> None:
    codec = opened(W, W2)
    first = sent(codec)[1]["id"]
    refusal = codec.received(answered("s2c_error_invalid_params", first))[0]
    assert isinstance(refusal, Refusal)
    assert (refusal.topics, refusal.error.kind) == ((W,), K.SUBSCRIPTION)
    assert refusal.error.message == "the Solana node refused the request (Invalid params)"


def test_unsubscribing_is_acknowledged_in_silence() -> None:
    codec = opened(W)
    codec.received(answered("s2c_subscribe_result", sent(codec)[1]["id"]))
    codec.set_topics([])
    (request,) = sent(codec)
    documented = json.loads(fixture("c2s_account_unsubscribe"))
    assert (request["method"], request["params"]) == ("logsUnsubscribe", documented["params"])
    assert codec.received(answered("s2c_unsubscribe_result", request["id"])) == []


def test_row_p_a_rate_limit_on_subscribing_keeps_the_connection_and_asks_again_later() -> None:
    codec = opened(W)
    request = sent(codec)[1]
    (slow,) = [
        report
        for report in codec.received(answered("rest_error_429", request["id"]))
        if isinstance(report, Throttled)
    ]
    assert (slow.error.kind, slow.error.retryable) == (K.RATE_LIMIT, True)
    codec.set_topics((W,))
    assert sent(codec) == []
    codec.rested()
    (again,) = sent(codec)
    assert (again["method"], again["params"]) == (request["method"], request["params"])


@pytest.mark.parametrize("name", ["s2c_account_notification_wallet", "s2c_account_notification_token"])
def test_a_notification_nobody_asked_for_is_left_out(name: str) -> None:
    (report, *_) = opened(W).received(fixture(name))
    assert isinstance(report, Malformed)


def test_of_all_known_frames_of_a_node_only_those_nobody_asked_for_make_no_sense() -> None:
    malformed = {
        name
        for name in names("public/solana_rpc")
        if name.startswith("s2c")
        and any(isinstance(report, Malformed) for report in opened(W).received(fixture(name)))
    }
    assert malformed == {
        "s2c_account_notification_token",
        "s2c_account_notification_wallet",
        "s2c_unsubscribe_result",
    }


def test_more_accounts_than_a_connection_may_follow_are_told_and_shared_out_fairly() -> None:
    codec = opened(W, W2)
    for request in sent(codec):
        codec.received(answered("s2c_subscribe_result", request["id"]))
    codec.resolved(TokenAccounts(W, (W, *(f"a{number}" for number in range(500)))))
    codec.resolved(TokenAccounts(W2, (W2, "b0", "b1")))
    requests = [request for request in sent(codec) if request["method"] == "logsSubscribe"]
    followed = {request["params"][0]["mentions"][0] for request in requests}
    assert {"b0", "b1", "a0", "a1"} <= followed
    (notice,) = [r for r in codec.received('{"method":"slotNotification"}') if isinstance(r, Notice)]
    assert "more token accounts than the Solana node lets one connection follow" in notice.error.message


def test_the_accounts_followed_never_pass_the_limit_of_a_connection() -> None:
    codec = opened(W)
    active: dict[int, str] = {}
    codec.resolved(TokenAccounts(W, (W, *(f"a{number}" for number in range(500)))))
    pending = sent(codec)
    for _ in range(3):
        for request in pending:
            if request["method"] == "logsSubscribe":
                active[request["id"]] = request["params"][0]["mentions"][0]
            if request["method"] == "logsUnsubscribe":
                del active[request["params"][0]]
            codec.received(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": request["id"]}))
        pending = sent(codec)
    assert len(active) == len(set(active.values())) == LOGS_PER_CONNECTION
    assert W in active.values()


def test_the_limit_leaves_room_below_what_a_public_node_bears() -> None:
    limits = Node().provider.limits
    assert (limits.topics_per_connection, limits.sweep) == (WALLETS_PER_CONNECTION, True)
    assert LOGS_PER_CONNECTION + 1 < 240


FRAME = st.text() | st.binary() | st.sampled_from([fixture(name) for name in names("public/solana_rpc")])


@quick
@given(st.lists(FRAME, max_size=5))
def test_any_frames_are_reports_and_never_an_exception(frames: list[str | bytes]) -> None:
    codec = opened(W)
    for frame in frames:
        for report in codec.received(frame):
            assert isinstance(
                report, Alive | SignatureSeen | Notice | Refusal | TokenAccountsRequest | Malformed
            )


# Who it is


def test_it_has_wallets_and_needs_no_key() -> None:
    provider = Node().provider
    assert (provider.name, provider.kind, provider.venue) == ("solana", DataKind.WALLETS, Venue.CHAIN)
    assert provider.topic(Instrument(symbol="SOL", token=None, by_mint=False)) is None
    endpoint = provider.endpoint()
    assert endpoint.url == "wss://api.mainnet.solana.com"
    assert (endpoint.shown_url, endpoint.secrets) == ("wss://api.mainnet.solana.com", ())
    provider.forget()


def test_a_node_of_ones_own_never_shows_the_key_in_its_url() -> None:
    url = "wss://me:password-9@node.example:8900/v2/secret-path-1?api-key=secret-query-2"
    endpoint = Node(ws_url=url).provider.endpoint()
    assert endpoint.url == url
    assert endpoint.shown_url == "wss://***@node.example:8900/v2/***?***"
    hidden = {"secret-path-1", "secret-query-2", "password-9"}
    assert hidden <= set(endpoint.secrets)
    assert not any(word in endpoint.shown_url for word in hidden)


# HTTP


async def test_every_call_goes_to_the_configured_node_without_any_key() -> None:
    node = Node(rpc_url="http://127.0.0.1:8899/")
    assert len(await node.fetch(W)) == 1
    assert {asked.url for asked in node.http.asked} == {"http://127.0.0.1:8899/"}
    assert {asked.json["method"] for asked in node.http.asked} == {
        "getTokenAccountsByOwner",
        "getSignaturesForAddress",
    }


async def test_no_window_holds_more_requests_than_the_public_node_allows() -> None:
    node = Node()
    wallets = [f"wallet{number}" for number in range(150)]
    assert len(await node.fetch(*wallets)) == 150
    times = [asked.at for asked in node.http.asked]
    assert len(times) == 600
    assert busiest(times, WINDOW) <= REQUESTS_PER_WINDOW
    for method in ("getTokenAccountsByOwner", "getSignaturesForAddress"):
        of_method = [asked.at for asked in node.http.asked if asked.json["method"] == method]
        most = REQUESTS_PER_WINDOW_AND_METHOD
        assert most * 0.7 <= busiest(of_method, WINDOW) <= most


@pytest.mark.parametrize(("headers", "wait"), [({"retry-after": "4"}, 4.0), ({}, RATE_LIMIT_REST)])
async def test_a_rate_limit_holds_every_method_back_for_as_long_as_asked(
    headers: dict[str, str], wait: float
) -> None:
    replies = [Answer(429, headers, fixture("rest_error_429").encode())]
    node = Node(lambda asked: replies.pop() if replies else quiet_node(asked))
    with pytest.raises(ProviderError) as caught:
        await anext(node.provider.rest.fetch([W], {}))
    assert (caught.value.kind, caught.value.retry_after) == (K.RATE_LIMIT, wait)
    await node.fetch(W)
    assert node.http.asked[1].at == pytest.approx(wait, abs=1e-3)


async def test_a_rate_limit_in_a_successful_answer_counts_as_one() -> None:
    node = Node(lambda asked: Answer(200, {}, fixture("rest_error_429").encode()))
    with pytest.raises(ProviderError) as caught:
        await node.fetch(W)
    assert caught.value.kind is K.RATE_LIMIT


async def test_an_answer_that_is_no_json_rpc_is_a_protocol_error() -> None:
    with pytest.raises(ProviderError) as caught:
        await Node(lambda asked: Answer(200, {}, b"<h1>\x1b[2J")).fetch(W)
    assert caught.value.kind is K.PROTOCOL
    assert "\x1b" not in caught.value.message


@pytest.mark.parametrize(
    ("status", "kind", "parks"),
    [(403, K.AUTH, False), (429, K.RATE_LIMIT, False), (503, K.SERVER, False), (404, K.PROTOCOL, False)],
)
def test_a_refused_upgrade_has_its_meaning(status: int, kind: ErrorKind, parks: bool) -> None:
    error = Node().provider.handshake_refusal(status, {}, b"")
    assert (error.kind, error.parks) == (kind, parks)
    assert error.message.startswith("the Solana node")


def test_who_is_blocked_is_told_what_to_set() -> None:
    error = meaning_of_status(403, {}, b"")
    assert error.message == (
        "the Solana node blocks this address (HTTP 403);"
        " name another node in solana.ws_url and solana.rpc_url"
    )


def test_the_body_says_what_an_unexpected_status_means() -> None:
    body = b'{"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid param: WrongSize"},"id":1}'
    assert meaning_of_status(400, {}, body).kind is K.SUBSCRIPTION


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (429, "Too many requests for a specific RPC call", K.RATE_LIMIT),
        (-32000, "Too many requests from your IP", K.RATE_LIMIT),
        (403, "Access forbidden", K.AUTH),
        (-32601, "Method not found", K.SUBSCRIPTION),
        (-32602, "Invalid params", K.SUBSCRIPTION),
        (-32005, "Node is behind by 42 slots", K.SERVER),
    ],
)
def test_an_error_of_the_node_has_its_meaning(code: int, text: str, kind: ErrorKind) -> None:
    error = meaning_of_error(RpcError(code, text))
    assert error.kind is kind
    assert text in error.message


@quick
@given(
    st.sampled_from([200, 200, 400, 403, 429, 500]),
    st.binary() | st.sampled_from([fixture(name).encode() for name in names("public/solana_rpc")]),
)
def test_any_answer_is_reports_or_a_provider_error(status: int, body: bytes) -> None:
    async def fetch() -> None:
        node = Node(lambda asked: Answer(status, {}, body))
        async for _ in node.provider.rest.fetch([W], {}):
            pass

    try:
        asyncio.run(fetch())
    except ProviderError as error:
        assert error.message  # noqa: PT017 - either way is right
