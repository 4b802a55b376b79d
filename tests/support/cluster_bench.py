"""Relays that share one engine over a real NATS server, in this process, with emulated providers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from relay_bench import Terminal, eventually

from streamcore.cluster import serving_together
from streamcore.config.model import Settings
from streamcore.config.serving import RelaySettings
from streamcore.config.sources import BirdeyeSettings, HeliusSettings
from streamcore.events import StreamError
from streamcore.relay import Relay, plan
from streamsim import Emulators
from streamsim.demo import embedded


def settings(url: str, emulators: Emulators | None = None, **more: Any) -> Settings:
    """Return the settings of a relay at a NATS server; without emulators it serves the demo."""
    relay = RelaySettings(**{"listen": "127.0.0.1:0", "nats": (url,), "linger": 1.0, **more})
    if emulators is None:
        return Settings(demo=True, demo_rate=50.0, relay=relay)
    return Settings(
        relay=relay,
        birdeye=BirdeyeSettings(
            api_key="paid", ws_url=emulators.birdeye.ws_url, rest_url=emulators.birdeye.rest_url
        ),
        helius=HeliusSettings(
            api_key="dev", ws_url=emulators.helius.ws_url, rpc_url=emulators.helius.rpc_url
        ),
    )


@asynccontextmanager
async def relay_in(
    folder: Path | None, url: str, emulators: Emulators | None = None, **more: Any
) -> AsyncIterator[Relay]:
    """Yield a relay whose copy of the log is in a folder; it has not caught up yet."""
    if folder is not None:
        more["state"] = str(folder)
    wanted = settings(url, emulators, **more)
    async with serving_together(wanted, plan(wanted), program="streamtui test", demo=embedded) as relay:
        yield relay


async def opened(*relays: Relay) -> None:
    """Wait until terminals are let in everywhere."""
    for relay in relays:
        await eventually(lambda relay=relay: relay.gate.opened)


async def led(*relays: Relay) -> Relay:
    """Wait until one of these leads, and return it."""
    await eventually(lambda: any(leads(relay) for relay in relays))
    (leader,) = [relay for relay in relays if leads(relay)]
    return leader


def leads(relay: Relay) -> bool:
    assert relay.membership is not None
    return relay.membership.leads


def errors(terminal: Terminal) -> list[str]:
    return [event.message for event in terminal.events if isinstance(event, StreamError)]
