"""A start without any network: every source says why it is down and tries on; nothing is invented."""

from __future__ import annotations

import asyncio
import socket
from functools import partial
from typing import Any

import pytest
from bench import WALLET
from virtual_time import VirtualClock, VirtualTimeLoop, on_virtual_time

from streamcore import PriceUpdate, Settings, State, StreamError, StreamManager, WalletTransaction
from streamcore.events import ErrorKind


class OfflineLoop(VirtualTimeLoop):
    """A loop on which no name is found."""

    async def getaddrinfo(self, *arguments: Any, **options: Any) -> Any:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)


@partial(on_virtual_time, loop=OfflineLoop)
async def test_every_source_is_down_with_the_reason_and_tried_again_and_nothing_is_invented() -> None:
    seen = []

    async def note(manager: StreamManager) -> None:
        async for event in manager.events():
            seen.append(event)

    async with StreamManager(Settings(), clock=VirtualClock()) as manager:
        consumer = asyncio.create_task(note(manager))
        await manager.subscribe_prices(["SOL", "BTC"])
        await manager.subscribe_wallets([WALLET])
        await asyncio.sleep(20)
        statuses = manager.statuses()
        assert set(statuses) == {"kraken", "coinbase", "jupiter", "dexscreener", "solana"}
        for name, status in statuses.items():
            assert "name lookup of" in str(status.reason), name
            assert status.poll_failed, name
            assert not status.demo, name
            assert status.state is not State.CONNECTED, name
        before = statuses["kraken"].attempt
        await asyncio.sleep(120)
        assert manager.status("kraken").attempt > before
    await consumer
    assert not [event for event in seen if isinstance(event, PriceUpdate | WalletTransaction)]
    told = [event for event in seen if isinstance(event, StreamError)]
    assert {event.provider for event in told} == {"kraken", "coinbase", "jupiter", "dexscreener", "solana"}
    assert {event.kind for event in told} == {ErrorKind.NETWORK}
    assert all(event.retryable for event in told)
    assert not any(event.demo for event in seen)
