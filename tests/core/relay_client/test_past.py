from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from manual_clock import ManualClock

from streamcore.candles import ChartRange
from streamcore.errors import ProviderError
from streamcore.relay_client.lookups import Lookups
from streamcore.relay_client.past import MOST_SERIES, Past
from streamcore.wire.messages import Found, Lookup, Refused

SKEW = 3600.0


class Asked:
    """A `Past` whose questions a test answers."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.questions: list[Lookup] = []
        self.lookups = Lookups(self.clock, lambda: self.questions.extend(self.lookups.requests()))
        self.past = Past(self.lookups, self.clock, shift=lambda: SKEW)

    def item(self, **changes: Any) -> dict[str, Any]:
        candle = {"start": 0, "open": "1", "high": "1", "low": "1", "close": "1.10"}
        return {
            "symbol": "BTC",
            "address": None,
            "range": "24h",
            "provider": "kraken",
            "market": "BTC/USD",
            "interval": 900,
            "candles": [candle],
            "running": True,
            "begin": 0,
            "fetched_at": self.clock.time() - SKEW,
            **changes,
        }


async def test_a_series_is_dated_by_this_computers_clock_and_fresh_for_one_of_its_candles() -> None:
    asked = Asked()
    first = asyncio.create_task(asked.past.series("BTC", "BTC", ChartRange.DAY))
    await asked.clock.settle()
    asked.lookups.found(Found(asked.questions[0].id, (asked.item(),)))
    series = await first
    assert series.fetched_at == asked.clock.time()
    assert series.candles[0].close == Decimal("1.10")
    assert await asked.past.series("BTC", "BTC", ChartRange.DAY) is series
    await asked.clock.advance(901)
    second = asyncio.create_task(asked.past.series("BTC", "BTC", ChartRange.DAY))
    await asked.clock.settle()
    assert len(asked.questions) == 2
    asked.lookups.refused(Refused(asked.questions[1].id, "busy", "later"))
    with pytest.raises(ProviderError, match="later"):
        await second
    assert asked.past.cached("BTC", ChartRange.DAY) is series


async def test_only_so_many_series_are_remembered() -> None:
    asked = Asked()
    for number in range(MOST_SERIES + 1):
        task = asyncio.create_task(asked.past.series(str(number), str(number), ChartRange.DAY))
        await asked.clock.settle()
        asked.lookups.found(Found(asked.questions[-1].id, (asked.item(),)))
        await task
    assert asked.past.cached("0", ChartRange.DAY) is None
    assert asked.past.cached("1", ChartRange.DAY) is not None


async def test_trends_are_remembered_and_a_failure_leaves_them() -> None:
    asked = Asked()
    task = asyncio.create_task(asked.past.trends(lambda: ["BTC"]))
    await asked.clock.settle()
    asked.lookups.found(Found(asked.questions[0].id, ({**asked.item(), "key": "BTC"},)))
    assert set(await task) == {"BTC"}
    task = asyncio.create_task(asked.past.trends(lambda: ["BTC"]))
    await asked.clock.settle()
    asked.lookups.refused(Refused(asked.questions[1].id, "internal", "no"))
    assert set(await task) == {"BTC"}
    assert set(asked.past.cached_trends(["BTC", "SOL"])) == {"BTC"}


async def test_a_relay_that_fetches_many_trends_is_asked_as_long_as_that_brings_more() -> None:
    asked = Asked()
    rows = ["BTC", "ETH", "XYZ"]
    task = asyncio.create_task(asked.past.trends(lambda: rows))
    for number, known in enumerate((rows[:1], rows[:2], rows[:2])):
        await asked.clock.settle()
        assert len(asked.questions) == number + 1
        items = tuple({**asked.item(), "key": key} for key in known)
        asked.lookups.found(Found(asked.questions[-1].id, items))
    assert set(await task) == {"BTC", "ETH"}
    assert len(asked.questions) == 3


async def test_an_answer_without_a_series_is_an_error() -> None:
    asked = Asked()
    task = asyncio.create_task(asked.past.series("BTC", "BTC", ChartRange.DAY))
    await asked.clock.settle()
    asked.lookups.found(Found(asked.questions[0].id))
    with pytest.raises(ProviderError, match="without a series"):
        await task
