from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fake_manager import FakeManager, status
from manual_clock import ManualClock
from sample_events import price, transaction

from streamcore import Event, PriceUpdate, State, StreamError, WalletTransaction
from streamcore.config.model import Settings
from streamcore.direct_fallback import DIRECT_AFTER, DirectFallback


class Stage:
    """A fallback between two fake engines, with all that it has told."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.relay = FakeManager(Settings())
        self.relay.current = {"kraken": status("kraken"), "relay": status("relay")}
        self.directs: list[FakeManager] = []
        self.engine = DirectFallback(Settings(), self.relay, self._direct, name="relay", clock=self.clock)
        self.told: list[Event] = []

    def _direct(self) -> FakeManager:
        self.directs.append(FakeManager(Settings()))
        return self.directs[-1]

    async def lose_relay(self) -> None:
        self.relay.set_status("relay", state=State.FAILED)
        await self.clock.advance(DIRECT_AFTER + 1)

    async def find_relay(self) -> None:
        self.relay.set_status("relay", state=State.CONNECTED)
        await self.clock.advance(1)

    def prices(self) -> list[str]:
        return [event.provider for event in self.told if isinstance(event, PriceUpdate)]

    def sentences(self) -> list[str]:
        return [event.message for event in self.told if isinstance(event, StreamError)]


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    stage = Stage()

    async def listen() -> None:
        async for event in stage.engine.events():
            stage.told.append(event)

    async with stage.engine:
        listening = asyncio.create_task(listen())
        await stage.clock.settle()
        yield stage
    await listening


async def test_while_the_relay_is_there_no_provider_is_asked() -> None:
    async with staged() as stage:
        await stage.engine.subscribe_prices(["SOL"])
        stage.relay.tell(price("SOL", "150"))
        await stage.clock.advance(60)
        assert stage.directs == []
        assert stage.prices() == ["birdeye"]
        assert not stage.engine.is_fallback_active


async def test_a_relay_that_is_back_soon_sends_nobody_to_the_providers() -> None:
    async with staged() as stage:
        stage.relay.set_status("relay", state=State.FAILED)
        await stage.clock.advance(DIRECT_AFTER - 2)
        await stage.find_relay()
        await stage.clock.advance(60)
        assert stage.directs == []


async def test_without_the_relay_the_providers_are_asked_for_the_same_and_a_person_is_told() -> None:
    async with staged() as stage:
        await stage.engine.subscribe_prices(["SOL", "BTC"])
        await stage.engine.unsubscribe_prices(["btc"])
        await stage.engine.subscribe_wallets(["GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"])
        await stage.lose_relay()
        (direct,) = stage.directs
        asked = [names for name, names in direct.asked if name.startswith("subscribe")]
        assert asked == [("SOL",), ("GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T",)]
        assert "relay.direct" in stage.sentences()[0]
        assert stage.engine.is_fallback_active
        assert set(stage.engine.statuses()) == {"birdeye", "helius", "relay"}
        direct.tell(price("SOL", "151"))
        await stage.clock.settle()
        assert stage.prices() == ["birdeye"]
        await stage.engine.subscribe_prices(["JUP"])
        assert ("JUP",) in [names for _, names in direct.asked]


async def test_when_the_relay_is_back_the_providers_are_left_and_nothing_is_told_twice() -> None:
    async with staged() as stage:
        await stage.lose_relay()
        stage.directs[0].tell(transaction(signature="1" * 88))
        await stage.clock.settle()
        stage.relay.tell(transaction(signature="1" * 88), transaction(signature="2" * 88))
        await stage.find_relay()
        assert stage.directs[0].closed
        assert not stage.engine.is_fallback_active
        signatures = [event.signature for event in stage.told if isinstance(event, WalletTransaction)]
        assert sorted(signatures) == ["1" * 88, "2" * 88]
        assert stage.sentences()[-1] == "the relay is back"


async def test_a_second_loss_is_met_like_the_first() -> None:
    async with staged() as stage:
        await stage.lose_relay()
        await stage.find_relay()
        await stage.lose_relay()
        assert len(stage.directs) == 2
