"""A delisted product is refused alone: over the stream, over HTTP, and in whatever words Coinbase finds."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from manual_clock import ManualClock
from realdata import realdata
from scripted_http import Asked, ScriptedHttp

from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.coinbase.codec import CoinbaseCodec
from streamcore.providers.coinbase.provider import CoinbaseProvider
from streamcore.providers.reports import Malformed, Notice, PriceReport, Refusal, Report, Throttled


def opened(*products: str) -> CoinbaseCodec:
    codec = CoinbaseCodec()
    codec.opened()
    codec.set_topics(products)
    codec.frames_to_send()
    return codec


def refusals(reports: list[Report]) -> list[Refusal]:
    return [report for report in reports if isinstance(report, Refusal)]


def failed(reason: str) -> str:
    return json.dumps({"type": "error", "message": "Failed to subscribe", "reason": reason})


def subscribed(*products: str) -> str:
    channels = [{"name": name, "product_ids": products} for name in ("ticker", "heartbeat")]
    return json.dumps({"type": "subscriptions", "channels": channels})


def beat(product: str) -> str:
    return json.dumps({"type": "heartbeat", "product_id": product, "last_trade_id": 1})


def test_the_captured_session_with_a_delisted_product_refuses_that_product_once_and_goes_on() -> None:
    session = realdata("coinbase/ws_delisted_session")
    codec = opened(*session["topics"])
    for step in session["steps"]:
        reports = codec.received(step["frame"])
        told = refusals(reports)
        assert [topic for refusal in told for topic in refusal.topics] == step.get("refused", [])
        assert all(refusal.error.kind is ErrorKind(step["kind"]) for refusal in told)
        assert not any(isinstance(report, Malformed | Notice) for report in reports)
    assert codec.unanswered is None


def test_what_is_told_of_a_delisted_product_says_that_it_was_delisted() -> None:
    (refusal,) = refusals(opened("SOL-USD", "JUP-USD").received(failed("JUP-USD is delisted")))
    assert refusal.error.message == "Coinbase has delisted JUP-USD"
    assert refusal.error.retryable


@pytest.mark.parametrize(
    "frame",
    [
        failed("JUP-USD is under maintenance until further notice"),
        failed("product jup-usd cannot be subscribed"),
        '{"type":"error","message":"JUP-USD: permission denied"}',
        '{"type":"error","message":"authentication required for JUP-USD"}',
        '{"type":"error","reason":"(\\"JUP-USD\\")"}',
    ],
)
def test_an_error_of_unknown_wording_that_names_one_of_our_products_refuses_just_that_one(frame: str) -> None:
    codec = opened("SOL-USD", "JUP-USD", "BTC-USD")
    assert [refusal.topics for refusal in refusals(codec.received(frame))] == [("JUP-USD",)]
    assert refusals(codec.received(frame)) == []
    (again,) = [json.loads(frame) for frame in codec.frames_to_send()]
    assert again["product_ids"] == ["SOL-USD", "BTC-USD"]


def test_an_error_that_names_several_products_refuses_each_of_them() -> None:
    reports = opened("SOL-USD", "JUP-USD", "MEW-USD").received(failed("JUP-USD, MEW-USD are delisted"))
    assert [refusal.topics for refusal in refusals(reports)] == [("JUP-USD",), ("MEW-USD",)]


def test_a_product_whose_name_is_part_of_anothers_is_not_taken_for_it() -> None:
    reports = opened("ZETACHAIN-USD", "CHAIN-USD", "W-USD").received(failed("ZETACHAIN-USD is delisted"))
    assert [refusal.topics for refusal in refusals(reports)] == [("ZETACHAIN-USD",)]


def test_an_error_about_a_product_that_is_not_ours_ends_nothing() -> None:
    reports = opened("SOL-USD").received(failed("DOGE-USD is delisted"))
    assert refusals(reports) == []
    assert any(isinstance(report, Notice) for report in reports)


@pytest.mark.parametrize("reason", ["SOL-USD temporarily unavailable", "Internal server error: SOL-USD"])
def test_what_fails_at_coinbase_for_a_moment_is_no_word_about_the_product(reason: str) -> None:
    (refusal,) = refusals(opened("SOL-USD", "BTC-USD").received(failed(reason)))
    assert (refusal.topics, refusal.error.kind) == (("SOL-USD",), ErrorKind.SERVER)


def test_too_many_requests_for_a_product_are_no_refusal_of_it() -> None:
    codec = opened("SOL-USD", "BTC-USD")
    reports = codec.received(failed("Too many requests for SOL-USD"))
    assert (refusals(reports), [type(report) for report in reports]) == ([], [Throttled])
    codec.rested()
    assert "SOL-USD" in str(codec.frames_to_send())


def test_what_fails_at_coinbase_for_all_products_is_trouble_of_its_own() -> None:
    (refusal,) = refusals(opened("SOL-USD").received(failed("Internal server error")))
    assert (refusal.topics, refusal.error.kind, refusal.error.retryable) == ((), ErrorKind.SERVER, True)


def test_only_an_error_that_names_no_product_ends_the_connection() -> None:
    (refusal,) = refusals(opened("SOL-USD").received(failed("something unheard of")))
    assert (refusal.topics, refusal.error.retryable) == ((), True)


def test_a_product_that_is_passed_over_in_silence_is_refused_and_the_connection_goes_on() -> None:
    codec = opened("SOL-USD", "JUP-USD")
    codec.received(subscribed("SOL-USD"))
    assert codec.unanswered == ("JUP-USD",)
    (refusal,) = refusals(codec.give_up_unanswered() or [])
    assert refusal.topics == ("JUP-USD",)
    assert codec.unanswered is None


def test_where_no_product_was_answered_the_connection_is_of_no_use() -> None:
    codec = opened("SOL-USD", "JUP-USD")
    codec.received(beat("SOL-USD"))
    assert codec.give_up_unanswered() is None


# Over HTTP


async def fetched(reply: Any, *products: str) -> list[Report]:
    clock = ManualClock()
    http = ScriptedHttp(reply, clock.monotonic)
    provider = CoinbaseProvider(Settings(), http, clock)  # type: ignore[arg-type]

    async def collect() -> list[Report]:
        return [report async for report in provider.rest.fetch(products, {})]

    task = asyncio.ensure_future(collect())
    await clock.advance(600)
    return await task


GOOD = Answer(200, {}, b'{"open":"1","last":"2","volume":"3"}')


@pytest.mark.parametrize("position", range(3))
async def test_each_captured_answer_about_a_delisted_product_refuses_it_and_no_other(position: int) -> None:
    session = realdata("coinbase/rest_delisted")
    step = session["steps"][position]
    (delisted,) = session["topics"]

    def reply(asked: Asked) -> Answer:
        return Answer(step["status"], {}, step["body"].encode()) if delisted in asked.url else GOOD

    refused, good = await fetched(reply, delisted, "SOL-USD")
    assert isinstance(refused, Refusal)
    assert list(refused.topics) == step["refused"]
    assert refused.error.kind is ErrorKind(step["kind"])
    assert isinstance(good, PriceReport)


@pytest.mark.parametrize("status", [418, 500])
async def test_a_product_that_always_fails_keeps_no_other_from_its_turn(status: int) -> None:
    def reply(asked: Asked) -> Answer:
        return Answer(status, {}, b"") if "/BAD-USD/" in asked.url else GOOD

    first, last, refused = await fetched(reply, "BAD-USD", "SOL-USD", "BTC-USD")
    assert isinstance(first, PriceReport)
    assert isinstance(last, PriceReport)
    assert isinstance(refused, Refusal)
    assert refused.topics == ("BAD-USD",)


async def test_a_host_in_trouble_is_not_asked_for_every_product() -> None:
    asked: list[str] = []

    def reply(request: Asked) -> Answer:
        asked.append(request.url)
        return Answer(503, {}, b"")

    with pytest.raises(ProviderError):
        await fetched(reply, *(f"T{number}-USD" for number in range(20)))
    assert len(asked) <= 3
