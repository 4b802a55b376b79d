"""The limits of a public node: per method, told in headers, kept; a refused method rests alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from busiest import busiest
from manual_clock import ManualClock
from scripted_http import Asked, ScriptedHttp
from wire_fixtures import public

from streamcore.config.model import Settings
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.transport import Answer
from streamcore.providers.solana_rpc.limits import ASSUMED, UNTOLD, WINDOW, MethodLimits, concerns_all
from streamcore.providers.solana_rpc.provider import PublicRpc

TRANSACTION, SIGNATURES = "getTransaction", "getSignaturesForAddress"
SPECIFIC = public("solana_rpc", "rest_error_429").encode()


def told(limit: int, remaining: int | None = None) -> dict[str, str]:
    headers = {"x-ratelimit-method-limit": str(limit)}
    return headers if remaining is None else headers | {"x-ratelimit-method-remaining": str(remaining)}


class Node:
    def __init__(self, reply: Callable[[Asked], Answer]) -> None:
        self.clock = ManualClock()
        self.http = ScriptedHttp(reply, self.clock.monotonic)
        self.rpc = PublicRpc(Settings(), self.http, self.clock)

    async def call(self, *methods: str, within: float = 1000.0) -> list[Any]:
        tasks = [asyncio.ensure_future(self.rpc.call(method, [], object)) for method in methods]
        await self.clock.advance(within)
        for _ in tasks:
            await self.clock.settle()
        for task in tasks:
            if not task.done():
                task.cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    def times(self, method: str) -> list[float]:
        return [asked.at for asked in self.http.asked if asked.json["method"] == method]


def answering(headers: dict[str, str]) -> Callable[[Asked], Answer]:
    return lambda asked: Answer(200, headers, b'{"jsonrpc":"2.0","id":1,"result":1}')


async def test_before_the_first_answer_only_two_calls_of_a_method_are_made() -> None:
    node = Node(answering(told(ASSUMED)))
    await node.call(*[TRANSACTION] * 6)
    assert len(node.times(TRANSACTION)) == 6
    assert busiest(node.times(TRANSACTION), WINDOW) == ASSUMED == 2


@pytest.mark.parametrize("limit", [2, 5, 10])
async def test_no_window_holds_more_calls_of_a_method_than_the_node_tells(limit: int) -> None:
    node = Node(answering(told(limit)))
    await node.call(*[TRANSACTION, SIGNATURES] * 25)
    for method in (TRANSACTION, SIGNATURES):
        assert len(node.times(method)) == 25
        assert busiest(node.times(method), WINDOW) == limit


async def test_a_limit_that_changes_while_running_is_kept_from_the_next_answer_on() -> None:
    limits = {"now": 10}
    node = Node(lambda asked: answering(told(limits["now"]))(asked))
    await node.call(*[TRANSACTION] * 10, within=20.0)
    limits["now"] = 2
    await node.call(TRANSACTION, within=20.0)
    before = len(node.times(TRANSACTION))
    await node.call(*[TRANSACTION] * 6)
    assert busiest(node.times(TRANSACTION)[before:], WINDOW) == 2


async def test_a_node_that_tells_no_limits_is_asked_within_the_documented_ones() -> None:
    node = Node(answering({}))
    await node.call(*[TRANSACTION] * 60)
    assert len(node.times(TRANSACTION)) == 60
    assert busiest(node.times(TRANSACTION), WINDOW) == UNTOLD


@pytest.mark.parametrize("status", [429, 503])
async def test_a_refusal_without_headers_does_not_show_that_there_are_no_limits(status: int) -> None:
    def reply(asked: Asked) -> Answer:
        return Answer(status, {}, b"<html>") if asked.at < 1.0 else answering(told(2))(asked)

    node = Node(reply)
    await node.call(TRANSACTION, within=30.0)
    before = len(node.times(TRANSACTION))
    await node.call(*[TRANSACTION] * 8)
    assert busiest(node.times(TRANSACTION)[before:], WINDOW) == 2


async def test_a_limit_that_was_told_stays_although_another_answer_says_nothing_of_it() -> None:
    node = Node(lambda asked: answering(told(2) if asked.at < 1.0 else {})(asked))
    await node.call(*[TRANSACTION] * 9)
    assert len(node.times(TRANSACTION)) == 9
    assert busiest(node.times(TRANSACTION), WINDOW) == 2


async def test_a_refusal_parks_the_method_for_what_retry_after_says_and_no_other() -> None:
    def reply(asked: Asked) -> Answer:
        if asked.json["method"] == TRANSACTION and asked.at < 5.0:
            return Answer(429, told(10) | {"retry-after": "20"}, SPECIFIC)
        return answering(told(10))(asked)

    node = Node(reply)
    (refused,) = await node.call(TRANSACTION, within=1.0)
    assert isinstance(refused, ProviderError)
    assert (refused.kind, refused.retry_after) == (ErrorKind.RATE_LIMIT, 20.0)
    await node.call(TRANSACTION, SIGNATURES, within=100.0)
    assert node.times(SIGNATURES) == [1.0]
    assert node.times(TRANSACTION)[1] == pytest.approx(20.0, abs=0.01)


async def test_a_refusal_of_all_methods_together_holds_every_one_back() -> None:
    headers = told(10, 9) | {"x-ratelimit-rps-remaining": "-3", "retry-after": "20"}
    replies = [Answer(429, headers, b"")]
    node = Node(lambda asked: replies.pop() if replies else answering(told(10))(asked))
    await node.call(TRANSACTION, within=1.0)
    await node.call(SIGNATURES, within=100.0)
    assert node.times(SIGNATURES)[0] == pytest.approx(20.0, abs=0.01)
    assert concerns_all(headers)


async def test_a_method_that_the_node_has_closed_is_never_asked_for_again() -> None:
    node = Node(lambda asked: Answer(429, told(0) | {"retry-after": "10"}, SPECIFIC))
    await node.call(TRANSACTION)
    (closed,) = await node.call(TRANSACTION)
    assert isinstance(closed, ProviderError)
    assert (closed.kind, closed.retryable) == (ErrorKind.SUBSCRIPTION, False)
    assert len(node.times(TRANSACTION)) == 1


async def test_a_method_that_somebody_else_at_this_address_has_used_up_rests() -> None:
    remaining = {"now": 0}
    node = Node(lambda asked: answering(told(10, remaining["now"]))(asked))
    await node.call(TRANSACTION, within=0.0)
    remaining["now"] = 9
    await node.call(TRANSACTION, within=100.0)
    assert node.times(TRANSACTION)[1] >= WINDOW


@pytest.mark.parametrize("limit", ["", "many", "-", "2.5"])
async def test_a_limit_that_is_no_number_tells_nothing(limit: str) -> None:
    limits = MethodLimits("the node", ManualClock())
    limits.learn(TRANSACTION, {"x-ratelimit-method-limit": limit}, answered=True)
    assert limits.allowed() == {TRANSACTION: UNTOLD}


def test_the_captured_headers_of_a_public_node_are_understood() -> None:
    folder = Path(__file__).parents[3] / "fixtures" / "realdata" / "solana_rpc"
    captured = json.loads((folder / "headers_2026-03-13.json").read_text(encoding="utf-8"))
    limits = MethodLimits("the node", ManualClock())
    limits.learn(captured["method"], captured["headers"], answered=True)
    assert limits.allowed() == {"getTokenAccountsByOwner": 2}
    assert not concerns_all(captured["headers"])


async def test_a_result_beside_an_error_is_used() -> None:
    body = b'{"jsonrpc":"2.0","id":1,"result":[7],"error":{"code":-32000,"message":"in part"}}'
    assert await Node(lambda asked: Answer(200, {}, body)).call(TRANSACTION) == [[7]]


@pytest.mark.parametrize("result", ["", '"result":null,'])
async def test_an_error_without_a_result_is_an_error(result: str) -> None:
    body = f'{{"jsonrpc":"2.0","id":1,{result}"error":{{"code":-32000,"message":"no"}}}}'.encode()
    (failed,) = await Node(lambda asked: Answer(200, {}, body)).call(TRANSACTION)
    assert isinstance(failed, Exception)
