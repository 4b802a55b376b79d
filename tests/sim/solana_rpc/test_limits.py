"""How much the emulated public node takes of one address, and how it says so."""

from __future__ import annotations

import itertools
import json
from typing import Any

import httpx
from emulated import WALLET, still
from manual_clock import ManualClock
from wire_fixtures import public

from streamsim import Emulators, SolanaServer
from streamsim.solana_rpc.limits import DOCUMENTED, MARCH_2026, SEPTEMBER_2026


async def call(node: SolanaServer, client: httpx.AsyncClient, method: str, *params: Any) -> httpx.Response:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return await client.post(node.rpc_url, json=body)


async def advance(emulators: Emulators, seconds: float) -> None:
    assert isinstance(emulators.clock, ManualClock)
    await emulators.clock.advance(seconds)


async def test_too_many_calls_of_one_method_are_refused_as_documented_and_others_are_not() -> None:
    async with still() as emulators, httpx.AsyncClient() as client:
        node = emulators.solana
        node.limits = DOCUMENTED
        answers = [await call(node, client, "getSlot") for _ in range(41)]
        assert [answer.status_code for answer in answers] == [200] * 40 + [429]
        assert answers[-1].json() == json.loads(public("solana_rpc", "rest_error_429"))
        assert answers[-1].headers["retry-after"] == "10"
        assert (await call(node, client, "getHealth")).status_code == 200
        await advance(emulators, 10.0)
        assert (await call(node, client, "getSlot")).status_code == 200
        assert node.rpc.refused == 1


async def test_every_answer_tells_the_limits_of_its_method_and_refused_calls_count() -> None:
    async with still() as emulators, httpx.AsyncClient() as client:
        node = emulators.solana
        node.limits = MARCH_2026
        answers = [await call(node, client, "getTransaction", "1" * 64) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
        headers = [answer.headers for answer in answers]
        assert {told["x-ratelimit-method-limit"] for told in headers} == {"2"}
        assert [told["x-ratelimit-method-remaining"] for told in headers] == ["1", "0", "-1", "-2"]
        assert {told["x-ratelimit-rps-limit"] for told in headers} == {"100"}
        assert headers[-1]["retry-after"] == "10"
        assert answers[-1].json()["error"]["message"] == (
            "Too many requests for a specific RPC call, contact your app developer or support@rpcpool.com."
        )
        assert (await call(node, client, "getHealth")).headers["x-ratelimit-method-remaining"] == "39"
        await advance(emulators, 9)
        assert (await call(node, client, "getTransaction", "1" * 64)).status_code == 429
        await advance(emulators, 10)
        assert (await call(node, client, "getTransaction", "1" * 64)).status_code == 200


async def test_a_method_with_a_limit_of_zero_is_closed() -> None:
    async with still() as emulators, httpx.AsyncClient() as client:
        node = emulators.solana
        assert node.limits is SEPTEMBER_2026
        for _ in range(2):
            answer = await call(node, client, "getTokenLargestAccounts", WALLET)
            assert (answer.status_code, answer.headers["x-ratelimit-method-limit"]) == (429, "0")
            await advance(emulators, 60)


async def test_too_many_calls_of_all_methods_together_are_refused() -> None:
    async with still() as emulators, httpx.AsyncClient() as client:
        node = emulators.solana
        node.limits = DOCUMENTED
        methods = itertools.cycle(["getSlot", "getHealth", "getVersion"])
        answers = [await call(node, client, next(methods)) for _ in range(101)]
        assert [answer.status_code for answer in answers].count(429) == 1
        assert answers[-1].json()["error"]["message"] == "Too many requests from your IP"
