from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from manual_clock import ManualClock

from streamcore.candles import CandleSeries, ChartRange
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
        await asked.clock.advance(2.0)  # a relay takes only so many messages a minute
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


async def told(asked: Asked, span: ChartRange, **changes: Any) -> CandleSeries:
    """Have the relay tell a series, and return it."""
    task = asyncio.create_task(asked.past.series("BTC", "BTC", span))
    await asked.clock.settle()
    item = asked.item(range=str(span), **changes)
    asked.lookups.found(Found(asked.questions[-1].id, (item,)))
    return await task


async def told_trend(asked: Asked, **changes: Any) -> None:
    task = asyncio.create_task(asked.past.trends(lambda: ["BTC"]))
    await asked.clock.settle()
    item = asked.item(key="BTC", **changes)
    asked.lookups.found(Found(asked.questions[-1].id, (item,)))
    await task


def candles(asked: Asked, interval: int, count: int) -> list[dict[str, Any]]:
    """So many candles up to now, by the clock of the exchange."""
    last = int(asked.clock.time()) // interval * interval
    return [
        {"start": last - back * interval, "open": "1", "high": "1", "low": "1", "close": "1"}
        for back in reversed(range(count))
    ]


async def test_the_end_of_a_longer_range_stands_for_a_shorter_one_that_is_not_known() -> None:
    asked = Asked()
    week = await told(asked, ChartRange.WEEK, candles=candles(asked, 900, 300))
    day = asked.past.cached("BTC", ChartRange.DAY)
    assert day is not None
    assert (day.range, day.interval, day.candles[-1]) == (ChartRange.DAY, 900, week.candles[-1])
    assert 95 <= len(day.candles) <= 97
    assert asked.past.cached("BTC", ChartRange.MONTH) is None
    known = await told(asked, ChartRange.DAY)
    assert asked.past.cached("BTC", ChartRange.DAY) is known


async def test_a_few_long_candles_stand_for_no_shorter_range() -> None:
    asked = Asked()
    await told(asked, ChartRange.YEAR, interval=86_400, candles=candles(asked, 86_400, 300))
    assert asked.past.cached("BTC", ChartRange.DAY) is None
    assert asked.past.cached("BTC", ChartRange.WEEK) is not None


async def test_the_day_of_a_column_is_known_to_a_chart_unless_it_is_older_or_of_another_market() -> None:
    asked = Asked()
    await told_trend(asked, line=True, provider="defillama")
    day = asked.past.cached("BTC", ChartRange.DAY)
    assert day is not None
    assert day.provider == "defillama"
    charted = await told(asked, ChartRange.DAY)
    assert asked.past.cached("BTC", ChartRange.DAY) is charted
    await asked.clock.advance(60)
    await told_trend(asked, line=True, provider="defillama")
    assert asked.past.cached("BTC", ChartRange.DAY) is charted
    await told_trend(asked)
    day = asked.past.cached("BTC", ChartRange.DAY)
    assert day is not None
    assert (day.provider, day.fetched_at) == ("kraken", asked.clock.time())


async def test_a_relay_that_does_not_know_the_question_for_trends_has_none() -> None:
    asked = Asked()
    task = asyncio.create_task(asked.past.trends(lambda: ["BTC"]))
    await asked.clock.settle()
    asked.lookups.refused(Refused(asked.questions[-1].id, "bad_request", "there is no such question"))
    assert await task == {}
