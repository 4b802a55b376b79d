from __future__ import annotations

import asyncio
from decimal import Decimal

from fake_manager import FakeManager
from manual_clock import ManualClock
from sample_events import price, trouble

from streamcore import AlertSettings, ErrorKind
from streamcore.assets.tokens import TokenTable
from streamcore.config.model import Settings
from streamtui.model.price_list import FLASH
from streamtui.model.price_row import Freshness
from streamtui.model.session import Session
from streamtui.model.updates import PRICES_FIRST, Updates


async def test_nothing_is_repainted_while_changed_digits_merely_stand_out() -> None:
    clock = ManualClock()
    painted: list[float] = []

    def repaint() -> float:
        painted.append(clock.monotonic())
        session.prices.due(clock.monotonic())
        return 1.0

    session = Session(Settings(), clock)
    updates = Updates(
        session,
        engine_factory=None,
        repaint=repaint,
        tick=lambda: None,
        notice=lambda text, bad: None,
        alarm=lambda text: None,
    )
    session.prices.add(TokenTable().resolve("SOL"))
    for value in ("150", "149"):
        session.prices.apply(price("SOL", value))
        session.prices.due(clock.monotonic())
        await clock.advance(1.0)
    frames = asyncio.create_task(updates.frames())
    session.prices.apply(price("SOL", "148"))
    session.mark_changed()
    await clock.advance(FLASH * 3)
    assert painted == [2.0], "the end of a flash waits for the next repaint"
    session.prices.apply(price("SOL", "147"))
    session.mark_changed()
    await clock.settle()
    assert painted[1:] == [clock.monotonic()]
    frames.cancel()


async def test_what_changes_alone_is_painted_at_once_also_while_another_row_waits_for_its_window() -> None:
    clock = ManualClock()
    painted: list[tuple[float, list[str]]] = []

    def repaint() -> float:
        rows = session.prices.due(clock.monotonic())
        painted.append((round(clock.monotonic(), 3), [row.token.symbol for row in rows]))
        return len(rows) / 20

    session = Session(Settings(), clock)
    updates = Updates(
        session,
        engine_factory=None,
        repaint=repaint,
        tick=lambda: None,
        notice=lambda text, bad: None,
        alarm=lambda text: None,
    )
    for symbol in ("SOL", "JUP"):
        session.prices.add(TokenTable().resolve(symbol))
    session.prices.due(clock.monotonic())
    await clock.advance(1.0)
    frames = asyncio.create_task(updates.frames())

    async def tell(symbol: str, value: str) -> None:
        mint = TokenTable().resolve(symbol).mint
        session.prices.apply(price(symbol, value, address=mint))
        session.mark_changed()
        await clock.advance(0.02)

    await tell("SOL", "150")
    await tell("SOL", "151")
    await tell("JUP", "0.6")
    await clock.advance(0.2)
    assert painted[0] == (1.0, ["SOL"])
    assert (1.04, ["JUP"]) in [(round(at, 2), rows) for at, rows in painted]
    assert (1.1, ["SOL"]) in [(round(at, 2), rows) for at, rows in painted], "the last price of its window"
    frames.cancel()


async def test_the_past_is_asked_for_after_the_first_price_or_when_that_is_late() -> None:
    for first_price in (True, False):
        engine, clock = FakeManager(Settings()), ManualClock()
        session = Session(Settings(symbols=("SOL",)), clock)
        updates = Updates(
            session,
            engine_factory=lambda settings, engine=engine: engine,
            repaint=lambda: 1.0,
            tick=lambda: None,
            notice=lambda text, bad: None,
            alarm=lambda text: None,
        )
        tasks = [asyncio.create_task(work()) for work in (updates.run, updates.ticks)]
        await clock.advance(PRICES_FIRST - 1.5)
        assert not engine.asked_for("trends")
        if first_price:
            engine.tell(price("SOL", "150", ts=clock.time()))
        await clock.advance(1.0)
        assert bool(engine.asked_for("trends")) == first_price
        await clock.advance(2.0)
        assert engine.asked_for("trends")
        for task in tasks:
            task.cancel()


async def test_fault_18_what_no_source_has_is_told_without_the_name_of_a_provider() -> None:
    engine = FakeManager(Settings())
    clock = ManualClock()
    notices: list[str] = []
    session = Session(Settings(), clock)
    updates = Updates(
        session,
        engine_factory=lambda settings: engine,
        repaint=lambda: 1.0,
        tick=lambda: None,
        notice=lambda text, bad: notices.append(text),
        alarm=lambda text: None,
    )
    running = asyncio.create_task(updates.run())
    for provider in ("kraken", ""):
        engine.tell(trouble(f"not here {provider}", provider=provider, kind=ErrorKind.SUBSCRIPTION))
    await clock.settle()
    assert notices == ["kraken: not here kraken", "not here "]
    assert [entry.provider for entry in session.health.log] == ["kraken", ""]
    running.cancel()


async def test_a_clock_that_is_set_back_makes_no_price_fresh_and_stops_no_chart() -> None:
    engine, clock = FakeManager(Settings()), ManualClock()
    rule = AlertSettings(symbol="SOL", change=Decimal(5), minutes=10.0)
    session = Session(Settings(symbols=("SOL",), alerts=(rule,)), clock)
    alarms: list[str] = []
    updates = Updates(
        session,
        engine_factory=lambda settings: engine,
        repaint=lambda: 1.0,
        tick=lambda: None,
        notice=lambda text, bad: None,
        alarm=alarms.append,
    )
    tasks = [asyncio.create_task(work()) for work in (updates.run, updates.ticks)]
    await clock.settle()
    engine.tell(price("SOL", "100", ts=clock.time()))
    await clock.advance(40.0)
    (row,) = session.prices.rows.values()
    assert session.prices.freshness(row, clock.time()) is Freshness.OLD
    clock.wall_offset = -3600.0
    await clock.advance(1.0)
    assert session.prices.freshness(row, clock.time()) is Freshness.OLD
    assert row.age(clock.time()) == 41.0
    assert session.last_data == clock.time() - 41.0
    engine.tell(price("SOL", "106", ts=clock.time()))
    await clock.settle()
    assert [(candle.open, candle.close) for candle in row.candles.candles()] == [(100, 106)]
    assert row.candles.since is not None
    assert row.candles.since <= clock.time()
    assert alarms == ["SOL +6.00 % in 10 min: 106.00 USD"]
    for task in tasks:
        task.cancel()


async def test_a_clock_that_is_corrected_a_little_is_not_set_back() -> None:
    clock = ManualClock()
    session = Session(Settings(), clock)
    session.last_data = clock.time() + 1.0
    updates = Updates(
        session,
        engine_factory=None,
        repaint=lambda: 1.0,
        tick=lambda: None,
        notice=lambda text, bad: None,
        alarm=lambda text: None,
    )
    ticks = asyncio.create_task(updates.ticks())
    await clock.settle()
    before = session.last_data
    clock.wall_offset = -1.0
    await clock.advance(1.0)
    assert session.last_data == before
    ticks.cancel()
