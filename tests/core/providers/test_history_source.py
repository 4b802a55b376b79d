"""What all sources of candles share: one order, nothing twice, nothing from outside the range."""

from __future__ import annotations

import asyncio
import logging
from decimal import Decimal
from typing import Any

import pytest
from manual_clock import START, ManualClock
from scripted_history import ScriptedHistory, flat, instrument

from streamcore.candles import Candle, CandleSeries, ChartRange, VolumeUnit
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.net.rate_limit import TokenBucket
from streamcore.providers.decoding import Undecodable
from streamcore.providers.history_source import ChartRateLimit, candle, candle_series, readable

MINUTE = int(START - START % 60)


def made(*candles: Candle, **more: Any) -> CandleSeries:
    known: dict[str, Any] = {"market": "SOL/USD", "volume_unit": VolumeUnit.BASE}
    arguments = {**known, **more}
    return candle_series(
        ScriptedHistory(), instrument("SOL"), ChartRange.HOUR, START + 10, candles, **arguments
    )


def test_candles_come_oldest_first_and_none_twice_and_of_two_the_later_told_counts() -> None:
    series = made(flat(MINUTE), flat(MINUTE - 120), flat(MINUTE, "3"))
    assert [(one.start, one.close) for one in series.candles] == [(MINUTE - 120, 2), (MINUTE, 3)]
    assert series.running


def test_a_hole_stays_a_hole_and_what_is_outside_the_range_is_dropped() -> None:
    outside = (flat(MINUTE - 3660), flat(MINUTE + 3600), flat(MINUTE * 1000))
    series = made(*outside, flat(MINUTE - 3540), flat(MINUTE - 60))
    assert [one.start for one in series.candles] == [MINUTE - 3540, MINUTE - 60]
    assert not series.running


def test_a_candle_that_begins_by_the_clock_of_a_source_a_little_ahead_is_kept() -> None:
    assert made(flat(MINUTE + 60)).candles[0].start == MINUTE + 60


def test_the_last_of_single_prices_does_not_run() -> None:
    assert not made(flat(MINUTE), line=True).running


@pytest.mark.parametrize(
    "row",
    [
        (1, None, 1, 1, 1, 1),
        (1, 1, 0, 1, 1, 1),
        (1, 1, 1, -1, 1, 1),
        (1, 1, 1, 1, "NaN", 1),
        (1, 1, 1, 1, 1, -1),
        (None, 1, 1, 1, 1, 1),
        ("soon", 1, 1, 1, 1, 1),
        (1, [], 1, 1, 1, 1),
    ],
    ids=str,
)
def test_a_row_with_a_figure_that_cannot_be_is_no_candle(row: tuple[Any, ...]) -> None:
    with pytest.raises(Undecodable):
        candle(*row)


def test_the_digits_of_a_candle_are_those_that_were_sent() -> None:
    one = candle(1, "0.10", Decimal("2.14031e-05"), 3, 0.1, "0.00032101")
    assert [str(value) for value in (one.open, one.high, one.low, one.close, one.volume)] == [
        "0.10",
        "0.0000214031",
        "3",
        "0.1",
        "0.00032101",
    ]


def test_rows_that_cannot_be_read_are_told_to_the_log_and_none_at_all_is_a_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def read(row: object) -> Candle:
        return candle(row, 1, 1, 1, 1)

    with caplog.at_level(logging.INFO):
        assert len(readable("Kraken", [1, "x", 2], read)) == 2
    assert "1 of 3 candles of Kraken cannot be read" in caplog.text
    assert readable("Kraken", [], read) == []
    with pytest.raises(ProviderError, match=r"Kraken answered .* unreadable") as caught:
        readable("Kraken", ["x"], read)
    assert caught.value.kind is ErrorKind.PROTOCOL


async def test_who_waits_for_a_turn_when_the_source_refuses_another_is_not_let_through() -> None:
    clock = ManualClock()
    limit = ChartRateLimit("Kraken", clock, TokenBucket(1.0, 1, clock))
    await limit.take()
    waiting = asyncio.ensure_future(limit.take())
    await clock.settle()
    limit.pause(5)
    await clock.advance(1)
    with pytest.raises(ProviderError) as caught:
        await waiting
    assert caught.value.kind is ErrorKind.RATE_LIMIT
    await clock.advance(60)
    await limit.take()


async def test_an_unlisted_source_is_asked_for_one_after_the_other() -> None:
    source = ScriptedHistory()
    found = await super(ScriptedHistory, source).many([instrument("SOL")], ChartRange.DAY, START)
    assert [series.symbol for series in found.values()] == ["SOL"]
