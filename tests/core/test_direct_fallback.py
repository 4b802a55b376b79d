from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from candle_series import candle, series_of
from fake_manager import FakeManager, status
from manual_clock import ManualClock
from sample_events import SOL, price, transaction, trouble

from streamcore import (
    ChartRange,
    Event,
    PriceUpdate,
    Snapshot,
    State,
    StatusChange,
    StreamError,
    WalletTransaction,
)
from streamcore.assets.tokens import TokenTable
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


WALLET = "GfyzVseYEHwAyo112KHFU31CVi4Thp2VJk7VpbQAeN6T"


async def test_a_wallet_that_is_given_up_by_a_link_is_not_watched_when_the_relay_is_lost() -> None:
    async with staged() as stage:
        await stage.engine.subscribe_wallets([WALLET])
        await stage.engine.unsubscribe_wallets([f"https://solscan.io/account/{WALLET}"])
        await stage.lose_relay()
        assert not [names for what, names in stage.directs[0].asked if what == "subscribe_wallets"]


async def test_the_past_that_the_relay_has_told_is_known_until_the_providers_have_told_theirs() -> None:
    relays, own = series_of(candle(0, 1)), series_of(candle(0, 2))
    async with staged() as stage:
        stage.relay.cached_series["SOL", ChartRange.HOUR] = relays
        stage.relay.trend_series = {SOL: relays, "BTC": relays}
        await stage.lose_relay()
        assert stage.engine.cached_history("SOL", ChartRange.HOUR) is relays
        assert stage.engine.cached_trends() == {SOL: relays, "BTC": relays}
        stage.directs[0].fresh_series["SOL", ChartRange.HOUR] = own
        stage.directs[0].trend_series = {SOL: own}
        await stage.engine.history("SOL", ChartRange.HOUR)
        assert stage.engine.cached_history("SOL", ChartRange.HOUR) is own
        assert stage.engine.cached_trends() == {SOL: own, "BTC": relays}


async def test_who_reads_in_batches_gets_the_present_price_the_first_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with staged() as stage:
        known = price("SOL", "150", provider="kraken").as_snapshot()
        state = Snapshot(ts=0.0, prices={SOL: known}, statuses={})
        monkeypatch.setattr(stage.relay, "snapshot", lambda: state)
        stage.relay.tell(trouble(provider="kraken"))
        await stage.clock.settle()
        assert known in stage.engine.drain("kraken")
        assert stage.engine.drain("kraken") == []


async def test_who_attaches_is_told_nothing_of_providers_of_which_nothing_is_expected() -> None:
    async with staged() as stage:
        stage.relay.current = {"coinbase": status("coinbase", standby=True), **stage.relay.current}
        late = stage.engine.events()
        told = [await anext(late) for _ in range(2)]
        assert [event.provider for event in told if isinstance(event, StatusChange)] == ["kraken", "relay"]


async def test_a_ticker_that_the_relay_alone_knows_is_watched_and_given_up_while_it_is_lost() -> None:
    async with staged() as stage:
        stage.relay.tokens = TokenTable({"FOO": SOL})
        await stage.lose_relay()
        (token,) = await stage.engine.subscribe_prices(["FOO"])
        assert token.mint == SOL
        await stage.clock.settle()
        assert "'FOO'" in stage.sentences()[-1]
        await stage.engine.unsubscribe_prices(["FOO", "SOL"])
        asked = stage.directs[0].asked
        assert ("unsubscribe_prices", ("SOL",)) in asked
