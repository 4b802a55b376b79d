"""What every engine promises, held against the one that talks to providers."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator
from contextlib import suppress
from decimal import Decimal

import msgspec
import pytest
from bench import BONK, PATIENCE, SOL, WALLET, Bench, bench
from fake_manager import FakeManager
from virtual_time import on_virtual_time

from streamcore import (
    AlreadyStarted,
    ChartRange,
    Engine,
    Event,
    InputError,
    NotRunning,
    PriceKind,
    PriceUpdate,
    RelayClient,
    Settings,
    SettingsError,
    Snapshot,
    State,
    StatusChange,
    StreamManager,
    WalletTransaction,
)
from streamcore.direct_fallback import DirectFallback


def promised() -> list[str]:
    names = [name for name, item in vars(Engine).items() if callable(item) or isinstance(item, property)]
    return sorted(name for name in names if not name.startswith("_") or name in ("__aenter__", "__aexit__"))


@pytest.mark.parametrize("name", promised())
@pytest.mark.parametrize("engine", [StreamManager, RelayClient, DirectFallback, FakeManager])
def test_an_engine_has_everything_that_is_promised(engine: type, name: str) -> None:
    promise = vars(Engine)[name]
    kept = inspect.getattr_static(engine, name, None)
    if isinstance(promise, property) or engine is FakeManager:
        assert kept is not None or hasattr(engine(Settings()), name)
        return
    parameters = inspect.signature(promise).parameters.values()
    assert [*inspect.signature(kept).parameters.values()] == [*parameters]
    assert inspect.iscoroutinefunction(kept) is inspect.iscoroutinefunction(promise)


async def ready(consumer: AsyncIterator[Event]) -> list[Event]:
    """Return what waits for a consumer at this moment."""
    waiting: list[Event] = []
    with suppress(TimeoutError):
        while True:
            async with asyncio.timeout(0):
                waiting.append(await anext(consumer))
    return waiting


async def ready_prices(consumer: AsyncIterator[Event], symbol: str) -> list[PriceUpdate]:
    prices = [event for event in await ready(consumer) if isinstance(event, PriceUpdate)]
    return [event for event in prices if event.symbol == symbol]


async def with_prices(table: Bench) -> None:
    await table.manager.subscribe_prices(["SOL", "BONK"])
    await table.until(lambda: {event.symbol for event in table.all(PriceUpdate)} == {"SOL", "BONK"})
    await table.connected("birdeye")


@on_virtual_time
async def test_who_attaches_before_anything_is_watched_is_told_nothing_that_was_before() -> None:
    async with bench() as table:
        assert await ready(table.manager.events()) == []
        await asyncio.sleep(20)
        assert await ready(table.manager.events()) == []


@on_virtual_time
async def test_fault_5_a_second_consumer_gets_the_price_of_a_quiet_token_first_and_as_a_snapshot() -> None:
    async with bench() as table:
        await with_prices(table)
        known = {event.symbol: event for event in table.all(PriceUpdate)}
        prices = [event for event in await ready(table.manager.events()) if isinstance(event, PriceUpdate)]
        assert [(event.symbol, event.kind) for event in prices] == [
            ("SOL", PriceKind.SNAPSHOT),
            ("BONK", PriceKind.SNAPSHOT),
        ]
        for event in prices:
            last = known[event.symbol]
            assert (event.price, event.ts, event.source) == (last.price, last.ts, last.source)
            assert event.changed[0] == "price"


@on_virtual_time
async def test_fault_5_what_follows_the_snapshot_is_neither_missed_nor_told_twice() -> None:
    async with bench() as table:
        await with_prices(table)
        consumer = table.manager.events()
        assert [event.kind for event in await ready_prices(consumer, "SOL")] == [PriceKind.SNAPSHOT]
        assert await ready(consumer) == []
        table.market.trade(SOL, price=Decimal("149.5"), volume_usd=Decimal(10))
        await table.first(PriceUpdate, price=Decimal("149.5"))
        assert [(event.kind, event.price) for event in await ready_prices(consumer, "SOL")] == [
            (PriceKind.DELTA, Decimal("149.5"))
        ]


@on_virtual_time
async def test_fault_5_a_change_that_overtakes_the_snapshot_is_a_snapshot_itself() -> None:
    async with bench() as table:
        await with_prices(table)
        late = table.manager.events()
        table.market.trade(SOL, price=Decimal("149.5"), volume_usd=Decimal(10))
        await table.first(PriceUpdate, price=Decimal("149.5"))
        (sol,) = await ready_prices(late, "SOL")
        assert (sol.kind, sol.price) == (PriceKind.SNAPSHOT, Decimal("149.5"))


@on_virtual_time
async def test_who_attaches_learns_first_how_the_providers_are_that_have_been_at_work() -> None:
    async with bench() as table:
        await with_prices(table)
        first = await ready(table.manager.events())
        assert [(type(event), event.provider) for event in first[:1]] == [(StatusChange, "birdeye")]
        assert isinstance(first[0], StatusChange)
        assert first[0].state is State.CONNECTED
        assert not [event for event in first[1:] if isinstance(event, StatusChange)]


@on_virtual_time
async def test_the_snapshot_is_the_present_state_by_row_and_by_provider() -> None:
    async with bench() as table:
        before = table.manager.snapshot()
        assert before.prices == {}
        assert list(before.statuses) == ["birdeye", "helius"]
        await with_prices(table)
        await asyncio.sleep(1)
        now = table.manager.snapshot()
        assert set(now.prices) == set(table.manager.price_sources) == {SOL, BONK}
        assert {event.kind for event in now.prices.values()} == {PriceKind.SNAPSHOT}
        assert now.statuses["birdeye"].state is State.CONNECTED
        assert now.ts == table.clock.time()
        # nothing in it is tied to this process
        assert msgspec.json.decode(msgspec.json.encode(now), type=Snapshot) == now


@on_virtual_time
async def test_transactions_are_no_state_and_are_not_told_again() -> None:
    async with bench() as table:
        await table.manager.subscribe_wallets([WALLET])
        await table.connected("helius")
        await asyncio.sleep(5)
        table.ledger.sol_in(WALLET)
        await table.first(WalletTransaction)
        late = await ready(table.manager.events())
        assert not [event for event in late if isinstance(event, WalletTransaction)]


@on_virtual_time
async def test_who_attaches_before_the_start_misses_nothing() -> None:
    manager = StreamManager(Settings())
    consumer = manager.events()
    assert await ready(consumer) == []
    assert manager.snapshot().statuses == {}


@on_virtual_time
async def test_fault_11_an_engine_is_entered_once() -> None:
    async with bench() as table:
        with pytest.raises(AlreadyStarted, match="make a new StreamManager"):
            async with table.manager:
                pass
        await with_prices(table)  # the first one goes on
    with pytest.raises(AlreadyStarted):
        async with table.manager:
            pass


@on_virtual_time
async def test_fault_11_an_ended_engine_says_so_instead_of_ending_an_iteration_at_once() -> None:
    async with bench() as table:
        await with_prices(table)
        consumer = table.manager.events()
    async with asyncio.timeout(PATIENCE):
        rest = [event async for event in consumer]
    assert isinstance(rest[-1], StatusChange)
    with pytest.raises(NotRunning, match="has ended"):
        table.manager.events()
    with pytest.raises(NotRunning, match="has ended"):
        await table.manager.subscribe_prices(["SOL"])
    with pytest.raises(NotRunning, match="has ended"):
        await table.manager.subscribe_wallets([WALLET])
    with pytest.raises(NotRunning, match="has ended"):
        await table.manager.reconnect("birdeye")
    # what was known last can still be asked for
    assert table.manager.status("birdeye").state is State.DISCONNECTED
    assert set(table.manager.snapshot().prices) == {SOL, BONK}


@on_virtual_time
async def test_fault_11_an_engine_that_has_not_been_started_says_so() -> None:
    manager = StreamManager(Settings())
    for asked in (manager.subscribe_prices(["SOL"]), manager.subscribe_wallets([WALLET])):
        with pytest.raises(NotRunning, match="async with"):
            await asked
    with pytest.raises(NotRunning, match="async with"):
        manager.describe("SOL")
    with pytest.raises(NotRunning, match="async with"):
        await manager.reconnect_all()


@on_virtual_time
async def test_who_attached_before_a_start_that_fails_is_not_left_waiting() -> None:
    manager = StreamManager(Settings(demo=True))  # and nobody to serve a demo
    consumer = manager.events()
    with pytest.raises(SettingsError):
        async with manager:
            pass
    async with asyncio.timeout(PATIENCE):
        assert [event async for event in consumer] == []
    with pytest.raises(NotRunning, match="has ended"):
        manager.events()


@on_virtual_time
async def test_what_is_not_about_a_single_provider_can_be_drained_too() -> None:
    async with bench() as table:
        assert table.manager.drain("") == []


@on_virtual_time
async def test_the_past_is_asked_for_by_the_names_that_prices_are_watched_by() -> None:
    async with bench("public") as table:
        engine = table.manager
        for wrong in ("not a token!", "0x52908400098527886E0F7030069857D2E4169EE7"):
            with pytest.raises(InputError):
                await engine.history(wrong, ChartRange.DAY)
            with pytest.raises(InputError):
                engine.cached_history(wrong, ChartRange.DAY)
        assert engine.cached_history("SOL", ChartRange.DAY) is None
        assert await engine.trends() == engine.cached_trends() == {}, "nothing is watched"


@on_virtual_time
async def test_the_past_is_that_of_a_running_engine() -> None:
    engine = StreamManager(Settings())
    for ask in (engine.history("SOL", ChartRange.DAY), engine.trends()):
        with pytest.raises(NotRunning):
            await ask
    with pytest.raises(NotRunning):
        engine.cached_history("SOL", ChartRange.DAY)
    async with bench("public") as table:
        await table.manager.subscribe_prices(["SOL"])
    with pytest.raises(NotRunning):
        await table.manager.history("SOL", ChartRange.DAY)
    assert table.manager.cached_history("SOL", ChartRange.DAY) is None
    assert table.manager.cached_trends() == {}
