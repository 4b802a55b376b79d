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
