"""A live price moves the last candle of its own market, and begins the next one by the clock."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from manual_clock import START
from scripted_history import flat, series

from streamcore import CandleSeries, ChartRange, PriceUpdate, needs_refill, with_price
from streamcore.events import PriceKind, Source

MINUTE = START - START % 60
FETCHED = MINUTE + 5


def update(price: str | None, ts: float, **fields: Any) -> PriceUpdate:
    known: dict[str, Any] = {
        "provider": "kraken",
        "ts": ts,
        "demo": False,
        "symbol": "SOL",
        "address": "So11111111111111111111111111111111111111112",
        "kind": PriceKind.DELTA,
        "source": Source.STREAM,
        "price": None if price is None else Decimal(price),
        "change_24h": None,
        "volume_24h": None,
        "changed": ("price",),
    }
    return PriceUpdate(**{**known, **fields})


def figures(one: CandleSeries) -> list[tuple[int, str]]:
    return [(int(c.start - MINUTE), f"{c.open} {c.high} {c.low} {c.close} {c.volume}") for c in one.candles]


def test_a_price_within_the_last_candle_moves_its_close_and_what_it_passes() -> None:
    begun = series(flat(MINUTE))
    up = with_price(begun, update("2.5", MINUTE + 10))
    assert figures(up) == [(0, "2 2.5 2 2.5 7")]
    down = with_price(up, update("1.5", MINUTE + 59.9))
    assert figures(down) == [(0, "2 2.5 1.5 1.5 7")]
    assert figures(begun) == [(0, "2 2 2 2 7")], "a series is never changed in place"


def test_the_next_candle_begins_by_the_clock_and_has_no_volume_that_anybody_counted() -> None:
    begun = series(flat(MINUTE), running=False)
    after = with_price(begun, update("3", MINUTE + 60))
    assert figures(after) == [(0, "2 2 2 2 7"), (60, "3 3 3 3 None")]
    assert after.running


def test_minutes_in_which_nothing_came_stay_a_hole() -> None:
    after = with_price(series(flat(MINUTE)), update("3", MINUTE + 250))
    assert [start for start, _ in figures(after)] == [0, 240]


def test_the_range_moves_on_with_its_last_candle_and_drops_what_it_leaves_behind() -> None:
    hour = [flat(MINUTE - 60 * n) for n in range(59, -1, -1)]
    after = with_price(series(*hour), update("3", MINUTE + 65))
    assert len(after.candles) == 60
    assert after.begin == after.candles[0].start == MINUTE - 58 * 60
    assert after.candles[-1].start == MINUTE + 60


def test_long_candles_begin_where_the_source_begins_them() -> None:
    offset = series(flat(MINUTE - 86_000), range=ChartRange.YEAR, interval=86_400, begin=0)
    assert figures(with_price(offset, update("3", MINUTE + 500)))[-1][0] == 400


@pytest.mark.parametrize(
    "other",
    [
        {"provider": "coinbase"},
        {"symbol": "BONK"},
        {"address": None},
        {"demo": True},
        {"price": None},
        {"ts": MINUTE - 1},
        {"ts": FETCHED - 1},
    ],
    ids=str,
)
def test_what_is_not_a_newer_price_of_that_market_changes_nothing(other: dict[str, Any]) -> None:
    begun = series(flat(MINUTE), fetched_at=FETCHED)
    assert with_price(begun, update(**{"price": "3", "ts": MINUTE + 70, **other})) is begun


def test_a_price_that_is_the_last_one_again_changes_nothing() -> None:
    begun = series(flat(MINUTE))
    assert with_price(begun, update("2", MINUTE + 10)) is begun


def test_neither_a_line_nor_a_series_without_candles_is_gone_on_with() -> None:
    for begun in (series(flat(MINUTE), line=True), series()):
        assert with_price(begun, update("3", MINUTE + 70)) is begun


def test_a_series_is_to_be_fetched_anew_once_a_whole_interval_is_missing() -> None:
    begun = series(flat(MINUTE))
    assert not needs_refill(begun, MINUTE + 119)
    assert needs_refill(begun, MINUTE + 120)
    assert not needs_refill(with_price(begun, update("3", MINUTE + 60)), MINUTE + 120)
    assert needs_refill(series(), MINUTE)
