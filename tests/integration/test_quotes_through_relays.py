"""Bid and ask that terminals ask for: through a relay, and through relays that share an engine over NATS."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from bench import SOL, settings_for
from cluster_bench import leads, led, opened
from nats_server import NatsServer, needs_nats_server
from relay_bench import PATIENCE, eventually
from virtual_time import VirtualClock, on_virtual_time

from streamcore import Event, PriceUpdate, RelayClient, Settings, StreamManager
from streamcore.clock import Clock
from streamcore.cluster import serving_together
from streamcore.config.serving import RelaySettings
from streamcore.relay import Relay, plan
from streamcore.relay.own_log import OwnLog
from streamcore.relay.requests import Served
from streamcore.relay.sqlite_log import TransactionLog
from streamcore.streams.checkpoints import Checkpoints
from streamsim import Emulators
from streamsim.demo import embedded
from streamsim.servers.provider import HttpServer

pytestmark = pytest.mark.long


def settings_of(emulators: Emulators, prices: str) -> Settings:
    return msgspec.structs.replace(settings_for(emulators, "public", "paid", "dev"), prices=prices)


@asynccontextmanager
async def relay_at(emulators: Emulators, prices: str, folder: Path, clock: Clock) -> AsyncIterator[Relay]:
    settings, checkpoints = settings_of(emulators, prices), Checkpoints()
    served = Served(relay="streamtui test", demo=False, exchanges=True, tokens={})
    log = TransactionLog(folder, now=clock.time())
    try:
        async with (
            StreamManager(settings, clock=clock, checkpoints=checkpoints) as engine,
            Relay(engine, served, OwnLog(log, checkpoints, clock), clock, listen=("127.0.0.1", 0)) as relay,
        ):
            yield relay
    finally:
        log.close()


def terminal_of(relay: Relay, clock: Clock | None = None) -> RelayClient:
    host, port = relay.address
    settings = Settings(relay=RelaySettings(url=(f"ws://{host}:{port}",), interval=100))
    return RelayClient(settings, clock=clock)


def asked(server: HttpServer, path: str) -> int:
    """How many requests an emulator has had that end so."""
    return sum(request.path.endswith(path) for request in server.requests)


async def next_price(events: AsyncIterator[Event]) -> PriceUpdate:
    async with asyncio.timeout(PATIENCE):
        async for event in events:
            if isinstance(event, PriceUpdate):
                return event
    raise AssertionError("the events ended")


@pytest.mark.parametrize(("prices", "path"), [("kraken", "/Ticker"), ("coinbase", "/ticker")])
def test_bid_and_ask_that_a_terminal_asks_for_come_as_a_price_event(
    prices: str, path: str, tmp_path: Path
) -> None:
    @on_virtual_time
    async def run() -> None:
        clock = VirtualClock()
        async with (
            Emulators(clock=clock, market_rate=0.0) as emulators,
            relay_at(emulators, prices, tmp_path, clock) as relay,
            terminal_of(relay, clock) as client,
        ):
            server = getattr(emulators, prices)
            await client.subscribe_prices(["SOL"])
            await asyncio.sleep(10)
            before, known = asked(server, path), client.snapshot().prices[SOL]
            events = client.events()
            assert await next_price(events) == known
            client.ask_quote(SOL)
            client.ask_quote("sol")
            client.ask_quote("BTC")  # it is not watched
            event = await next_price(events)
            assert asked(server, path) == before + 1
            assert None not in (event.bid, event.ask)
            assert (event.price, event.changed) == (known.price, ())
            assert event.ts == known.ts  # bid and ask confirm no price
            await asyncio.sleep(10)
            assert asked(server, path) == before + 1

    run()


@pytest.mark.parametrize(("prices", "path"), [("kraken", "/Ticker"), ("coinbase", "/ticker")])
def test_ten_terminals_that_look_at_one_row_ask_the_exchange_as_one_does(
    prices: str, path: str, tmp_path: Path
) -> None:
    @on_virtual_time
    async def run() -> None:
        clock = VirtualClock()
        async with (
            Emulators(clock=clock, market_rate=0.0) as emulators,
            relay_at(emulators, prices, tmp_path, clock) as relay,
            AsyncExitStack() as stack,
        ):
            server = getattr(emulators, prices)
            clients = [await stack.enter_async_context(terminal_of(relay, clock)) for _ in range(10)]
            for client in clients:
                await client.subscribe_prices(["SOL"])
            await asyncio.sleep(10)
            before = asked(server, path)
            for _ in range(60):
                for client in clients:
                    client.ask_quote("SOL")
                await asyncio.sleep(1)
            assert 13 <= asked(server, path) - before <= 15
            assert all(client.is_any_connected for client in clients)

    run()


@needs_nats_server
async def test_the_leader_of_several_relays_asks_for_what_the_terminals_of_all_look_at(
    tmp_path: Path,
) -> None:
    with NatsServer(tmp_path / "nats") as nats:
        async with Emulators(market_rate=0.0) as emulators, AsyncExitStack() as stack:
            wanted = msgspec.structs.replace(
                settings_of(emulators, "kraken"),
                relay=RelaySettings(listen="127.0.0.1:0", nats=(nats.url,)),
            )
            relays = []
            for number in range(2):
                own = msgspec.structs.replace(wanted.relay, state=str(tmp_path / str(number)))
                settings = msgspec.structs.replace(wanted, relay=own)
                relays.append(
                    await stack.enter_async_context(
                        serving_together(settings, plan(settings), program="streamtui test", demo=embedded)
                    )
                )
            await opened(*relays)
            await led(*relays)
            clients = [await stack.enter_async_context(terminal_of(relay)) for relay in relays]
            follower = next(client for client, relay in zip(clients, relays, strict=True) if not leads(relay))
            for client in clients:
                await client.subscribe_prices(["SOL"])
                await eventually(lambda client=client: SOL in client.snapshot().prices)
            before, events = asked(emulators.kraken, "/Ticker"), follower.events()
            known = await next_price(events)
            for _ in range(3):
                follower.ask_quote("SOL")
                event = await next_price(events)
                assert None not in (event.bid, event.ask)
                assert (event.price, event.changed) == (known.price, ())
                clients[0].ask_quote("SOL")
                clients[1].ask_quote("SOL")
            assert 3 <= asked(emulators.kraken, "/Ticker") - before <= 4
