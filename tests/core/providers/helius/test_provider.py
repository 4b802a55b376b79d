from __future__ import annotations

import json

import pytest
from scripted_node import KEY, NodeBench, W
from wire_fixtures import helius

from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.helius.provider import RATE, HeliusProvider, meaning_of_status, with_key
from streamcore.providers.reports import Checkpoint

K = ErrorKind


@pytest.fixture
def bench() -> NodeBench:
    return NodeBench()


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
    error = await NodeBench(lambda asked: Answer(200, {}, helius(name).encode())).failure()
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
    error = await NodeBench(lambda asked: Answer(status, {}, body)).failure()
    assert (error.kind, error.parks) == (K.QUOTA, True)


async def test_denials_that_name_no_time_are_obeyed_for_a_short_growing_and_uneven_time() -> None:
    """Row b of issue 11: two programs with one key both rested ten seconds, in step."""
    body = helius("http.429.rate_limited").encode()
    replies = [Answer(429, {}, body)] * 6
    bench = NodeBench(lambda asked: replies.pop() if replies else Answer(429, {"retry-after": "3"}, body))
    waits = []
    for chance in (0.0, 0.5, 0.999, 0.5, 0.5, 0.5, 0.5):
        bench.clock.chance = chance
        error = await bench.failure()
        assert error.retry_after is not None
        waits.append(round(error.retry_after, 2))
        await bench.clock.advance(error.retry_after)
    assert waits == [0.5, 1.5, 4.0, 6.0, 6.0, 6.0, 3.0]


async def test_calls_keep_to_the_rate_of_every_plan(bench: NodeBench) -> None:
    for number in range(30):
        bench.node.happens(f"s{number}", 100 + number, W)
    await bench.fetch(first=Checkpoint("", 0))
    times = [asked.at for asked in bench.http.asked]
    assert times[int(RATE) - 1] == 0.0
    assert times[-1] == pytest.approx((len(times) - RATE) / RATE, abs=0.01)


def test_a_key_is_added_to_whatever_query_there_is_and_encoded() -> None:
    assert with_key("https://h/", "a&b") == "https://h/?api-key=a%26b"
    assert with_key("https://h/?x=1", "k") == "https://h/?x=1&api-key=k"


def test_the_streams_url_has_the_key_and_the_url_to_show_has_not() -> None:
    endpoint = NodeBench().provider.endpoint()
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
    assert NodeBench().provider.handshake_refusal(status, {}, body.encode()).kind is kind


def refused_whole_transactions(provider: HeliusProvider) -> list[str]:
    """Open a connection whose whole transactions are refused; return the methods it subscribed with."""
    codec = provider.codec()
    codec.set_topics([W])
    codec.opened()
    requests = [json.loads(frame) for frame in codec.frames_to_send()]
    said = json.loads(helius("ws.transactionSubscribe.error_free_plan"))
    for request in requests:
        if request["method"] == "transactionSubscribe":
            codec.received(json.dumps({**said, "id": request["id"]}))
    return sorted({request["method"] for request in requests})


def test_what_the_plan_refused_is_not_asked_for_again_until_a_person_wants_everything_tried() -> None:
    provider = NodeBench().provider
    assert refused_whole_transactions(provider) == ["slotSubscribe", "transactionSubscribe"]
    assert refused_whole_transactions(provider) == ["logsSubscribe", "slotSubscribe"]
    provider.forget()
    assert refused_whole_transactions(provider) == ["slotSubscribe", "transactionSubscribe"]
