"""What every emulated provider can suffer over HTTP, and how one waits for it."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from emulated import still
from manual_clock import ManualClock

from streamsim import Fault


async def test_http_can_fail_in_every_way_there_is() -> None:
    async with still() as emulators, httpx.AsyncClient(base_url=emulators.birdeye.rest_url) as client:
        faults = emulators.birdeye.faults
        faults.set(Fault.HTTP_STATUS, status=503, retry_after=7, times=1)
        answer = await client.get("/defi/price")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")
        faults.set(Fault.HTTP_STATUS, status=555, body="oops", times=1)
        answer = await client.get("/defi/price")
        assert (answer.status_code, answer.text) == (555, "oops")
        faults.set(Fault.HTTP_GARBAGE, times=1)
        assert "<h1>" in (await client.get("/defi/price")).text
        faults.set(Fault.HTTP_DROP, times=1)
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/defi/price")
        assert (await client.get("/defi/price")).status_code == 401, "and then it is itself again"
        clock = emulators.clock
        assert isinstance(clock, ManualClock)
        faults.set(Fault.HTTP_SLOW, seconds=9, times=1)
        slow = asyncio.ensure_future(client.get("/defi/price"))
        await emulators.birdeye.wait_for(lambda: len(emulators.birdeye.requests) == 6)
        assert not slow.done()
        await clock.advance(9)
        assert (await slow).status_code == 401
        assert {request.path for request in emulators.birdeye.requests} == {"/defi/price"}


async def test_waiting_for_what_never_happens_ends() -> None:
    async with still() as emulators:
        with pytest.raises(TimeoutError):
            await emulators.birdeye.wait_for(lambda: False, timeout=0.01)


async def test_a_rate_limit_is_refused_as_each_provider_does() -> None:
    async with still() as emulators, httpx.AsyncClient() as client:
        for path, name, status, text in (
            ("/0/public/SystemStatus", "kraken", 200, "EGeneral:Too many requests"),
            ("/products", "coinbase", 429, "Public rate limit exceeded"),
            ("/defi/price", "birdeye", 429, "Too many requests"),
            ("/price/v3", "jupiter", 429, "[API Gateway] Too many requests"),
            ("/tokens/v1/solana/x", "dexscreener", 429, "Too many requests"),
            ("/api/v2/networks/solana/tokens/x/pools", "geckoterminal", 429, "Rate Limited"),
            ("/chart/x", "defillama", 429, "Too many requests"),
            ("/resolve/x.sns", "sns", 429, "Too many requests"),
        ):
            server = getattr(emulators, name)
            server.faults.set(Fault.THROTTLE, times=1)
            reply = await client.get(f"{server.rest_url}{path}")
            assert (reply.status_code, text in reply.text) == (status, True), name
        emulators.jupiter.faults.set(Fault.THROTTLE)
        refused = await client.get(f"{emulators.jupiter.rest_url}/price/v3")
        assert "x-ratelimit-reset" in refused.headers
