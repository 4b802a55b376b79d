"""Prices that were long on their way are kept back until the present ones are known."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable
from pathlib import Path

import sample_events
from proxies import StallingProxy
from relay_bench import eventually, running
from virtual_time import VirtualClock, on_virtual_time

from streamcore import PriceUpdate, RelayClient, Settings
from streamcore.config.serving import RelaySettings
from streamcore.events import Event, PriceKind
from streamcore.relay_client.late_prices import HELD_FOR, LatePrices

SYMBOLS = ("SOL", "BTC", "ETH", "BONK")


class Frames:
    """Frames on the way to consumers."""

    def __init__(self) -> None:
        self.late = LatePrices()
        self.prices = {key: sample_events.price(key, "1") for key in "AB"}

    def frame(self, now: float, age: float, **prices: str) -> list[Event]:
        self.late.arrived(age, self.prices, now)
        events = {key: sample_events.price(key, value) for key, value in prices.items()}
        self.prices |= events
        return list(self.late.to_tell([*events.values(), sample_events.status()], age, self.prices, now))


def told(events: Iterable[Event]) -> list[tuple[str, str, bool]]:
    return [
        (event.symbol, str(event.price), event.kind is PriceKind.SNAPSHOT)
        for event in events
        if isinstance(event, PriceUpdate)
    ]


def test_a_frame_in_time_is_told_as_it_is() -> None:
    assert told(Frames().frame(0.0, 0.2, A="2")) == [("A", "2", False)]


def test_what_late_frames_say_is_told_once_and_with_the_frame_that_is_in_time() -> None:
    frames = Frames()
    assert told(frames.frame(0.0, 4.0, A="2", B="2")) == []
    assert told(frames.frame(0.1, 3.9, A="3")) == []
    assert told(frames.frame(0.2, 0.1, A="4")) == [("B", "2", True), ("A", "4", False)]
    assert told(frames.frame(0.3, 0.1, A="5")) == [("A", "5", False)]


def test_only_prices_are_kept_back() -> None:
    assert Frames().frame(0.0, 4.0, A="2") == [sample_events.status()]


def test_on_a_slow_line_old_prices_are_told_once_a_second() -> None:
    frames = Frames()
    times = [number / 4 for number in range(9)]
    found = [told(frames.frame(now, 4.0, A=str(2 + now))) for now in times]
    assert [now for now, events in zip(times, found, strict=True) if events] == [HELD_FOR]
    assert told(frames.frame(2.25, 4.0)) == [("A", "4.0", True)]


@on_virtual_time
async def test_whoever_comes_back_from_a_stall_is_told_no_price_that_is_older_than_a_second(
    tmp_path: Path,
) -> None:
    clock = VirtualClock()
    async with running(tmp_path, clock=clock) as (relay, engine):
        proxy = StallingProxy(*relay.address)
        chance = random.Random(5)

        async def market(seconds: float) -> None:
            for _ in range(round(seconds * 100)):
                engine.price(chance.choice(SYMBOLS), f"{chance.randint(1, 10**6)}.5", ts=clock.time())
                await asyncio.sleep(0.01)

        found: list[tuple[float, PriceUpdate]] = []

        async def read(client: RelayClient) -> None:
            async for event in client.events():
                if isinstance(event, PriceUpdate):
                    found.append((clock.time(), event))

        async with proxy.serving():
            settings = Settings(relay=RelaySettings(url=(f"ws://{proxy.address}",), interval=100))
            async with RelayClient(settings, clock=clock) as client:
                reading = asyncio.create_task(read(client))
                await client.subscribe_prices(SYMBOLS)
                await market(2.0)
                proxy.stall()
                begin = len(found)
                await market(2.7)
                assert len(found) == begin
                proxy.go_on()
                await market(0.5)
                assert len(found) > begin
                assert max(at - event.ts for at, event in found[begin:]) <= 1.0
                wanted = {key: one.price for key, one in engine.prices.items()}
                await eventually(
                    lambda: {key: one.price for key, one in client.snapshot().prices.items()} == wanted
                )
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
