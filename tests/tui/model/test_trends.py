"""Trends that begin full."""

from __future__ import annotations

import asyncio

import pytest
from candle_series import wandering
from fake_manager import FakeManager
from manual_clock import ManualClock

from streamcore.candles import CandleSeries, ChartRange
from streamcore.config.model import Settings
from streamcore.history.packed_series import PackedSeries, Unpacking
from streamtui.model.session import Session
from streamtui.model.trends import AGAIN, MISSING_AGAIN, SOON, Trends


class Watching:
    """A session with one row, and an engine that knows its trend."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.engine = FakeManager(Settings())
        self.session = Session(Settings(), self.clock)
        self.session.attach(self.engine)
        self.trends = Trends(self.session)

    async def tick(self) -> None:
        self.trends.tick(self.engine)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    @property
    def requests(self) -> int:
        return len(self.engine.asked_for("trends"))


async def test_a_row_gets_its_trend_with_one_request_for_all_and_again_after_a_quarter_of_an_hour() -> None:
    watching = Watching()
    await watching.tick()
    assert watching.requests == 0, "there is no row yet"
    await watching.session.subscribe(["SOL", "BONK"])
    rows = watching.session.prices.rows
    for key in rows:
        watching.engine.trend_series[key] = wandering(ChartRange.DAY)
    await watching.tick()
    assert all(row.trend.has_past for row in rows.values())
    assert None not in next(iter(rows.values())).trend.samples(12)
    await watching.tick()
    assert watching.requests == 1
    await watching.clock.advance(AGAIN)
    await watching.tick()
    assert watching.requests == 2


async def test_a_new_row_is_asked_for_at_once() -> None:
    watching = Watching()
    await watching.session.subscribe(["SOL"])
    await watching.tick()
    await watching.session.subscribe(["BONK"])
    await watching.tick()
    assert watching.requests == 2


async def test_what_has_come_so_far_is_shown_while_the_rest_is_asked_for() -> None:
    watching = Watching()
    await watching.session.subscribe(["SOL"])
    (row,) = watching.session.prices.rows.values()
    gate = asyncio.Event()

    async def slow() -> dict[str, object]:
        await gate.wait()
        return {}

    watching.engine.trends = slow  # type: ignore[method-assign, assignment]
    await watching.tick()
    watching.engine.trend_series[row.key] = wandering(ChartRange.DAY)
    await watching.tick()
    assert row.trend.has_past
    watching.trends.stop()


async def test_only_a_series_that_is_another_one_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    watching = Watching()
    await watching.session.subscribe(["SOL"])
    (row,) = watching.session.prices.rows.values()
    packed, unpacked = PackedSeries(wandering(ChartRange.DAY)), 0

    def count(one: PackedSeries) -> CandleSeries:
        nonlocal unpacked
        unpacked += 1
        return unpack(one)

    unpack = PackedSeries.unpacked
    monkeypatch.setattr(PackedSeries, "unpacked", count)
    monkeypatch.setattr(watching.engine, "trends", asyncio.Event().wait)
    monkeypatch.setattr(watching.engine, "cached_trends", lambda: Unpacking({row.key: packed}))
    for _ in range(3):
        await watching.tick()
    assert row.trend.has_past
    assert unpacked == 1
    watching.trends.stop()


async def test_what_comes_at_once_is_shown_before_the_next_tick() -> None:
    watching = Watching()
    await watching.session.subscribe(["SOL"])
    (row,) = watching.session.prices.rows.values()
    gate = asyncio.Event()

    async def slow() -> dict[str, object]:
        await gate.wait()
        return {}

    watching.engine.trends = slow  # type: ignore[method-assign, assignment]
    await watching.tick()
    watching.session.changed.clear()
    watching.engine.trend_series[row.key] = wandering(ChartRange.DAY)
    await watching.clock.advance(SOON[0])
    assert row.trend.has_past
    assert watching.session.changed.is_set()
    watching.trends.stop()


async def test_a_failure_is_logged_and_asked_for_again_later(caplog) -> None:
    watching = Watching()
    await watching.session.subscribe(["SOL"])

    async def broken() -> dict[str, object]:
        raise RuntimeError("the disk is full")

    watching.engine.trends = broken  # type: ignore[method-assign, assignment]
    await watching.tick()
    assert "asking for the trends failed" in caplog.text
    del watching.engine.trends
    await watching.tick()
    assert watching.requests == 0
    await watching.clock.advance(MISSING_AGAIN)
    await watching.tick()
    assert watching.requests == 1


async def test_a_row_that_was_away_is_asked_for_like_a_new_one() -> None:
    watching = Watching()
    await watching.session.subscribe(["SOL", "BONK"])
    rows = watching.session.prices.rows
    for key in rows:
        watching.engine.trend_series[key] = wandering(ChartRange.DAY)
    await watching.tick()
    gone = next(iter(rows))
    await watching.session.unsubscribe(gone)
    await watching.tick()
    await watching.session.subscribe([gone])
    await watching.tick()
    assert rows[gone].trend.has_past


async def test_another_engine_fills_the_rows_anew() -> None:
    watching = Watching()
    await watching.session.subscribe(["SOL"])
    (row,) = watching.session.prices.rows.values()
    watching.engine.trend_series[row.key] = wandering(ChartRange.DAY)
    await watching.tick()
    watching.trends.stop()
    watching.session.prices.restart()
    await watching.tick()
    assert watching.requests == 2
    (row,) = watching.session.prices.rows.values()
    assert row.trend.has_past
