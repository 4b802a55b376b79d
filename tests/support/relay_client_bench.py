"""A terminal's engine on a relay that says what a test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import TypeVar

from scripted_relay import ScriptedRelay

from streamcore import Event, Settings
from streamcore.config.model import BackoffSettings
from streamcore.config.serving import RelaySettings
from streamcore.relay_client.client import RelayClient
from streamcore.wire.messages import Price
from streamcore.wire.numbers import pack

QUICK = BackoffSettings(initial_delay=0.1, max_delay=0.1, jitter=0.0)
T = TypeVar("T", bound=Event)


def settings(*urls: str, **relay: object) -> Settings:
    return Settings(relay=RelaySettings(url=urls, **relay), backoff=QUICK)  # type: ignore[arg-type]


@asynccontextmanager
async def client_of(relay: ScriptedRelay, **relay_settings: object) -> AsyncIterator[RelayClient]:
    async with RelayClient(settings(relay.url, **relay_settings)) as client:
        yield client


async def next_event(
    events: AsyncIterator[Event], kind: type[T], when: Callable[[T], bool] = lambda event: True
) -> T:
    async with asyncio.timeout(60):
        async for event in events:
            if isinstance(event, kind) and when(event):
                return event
    raise AssertionError("the events ended")


def price(row: int, value: str, *, snapshot: bool = True, ms: int = 0) -> Price:
    if not snapshot:
        return Price(row=row, ms=ms, price=pack(Decimal(value)))
    return Price(
        row=row,
        ms=ms,
        price=pack(Decimal(value)),
        change_24h=pack(Decimal("1.5")),
        snapshot=1,
        provider="kraken",
        source="stream",
    )
