from __future__ import annotations

import sys
from decimal import Decimal

import pytest

from streamcore.candles import Candle, CandleSeries, ChartRange, VolumeUnit
from streamcore.history.packed_series import PackedSeries, Unpacking, origin_of


def series(count: int = 96) -> CandleSeries:
    prices = [Decimal(f"{100 + number}.{number:04}0") for number in range(count)]
    candles = [
        Candle(start=900 * at, open=price, high=price * 2, low=price / 3, close=price, volume=Decimal("1E+3"))
        for at, price in enumerate(prices)
    ]
    return CandleSeries(
        symbol="SOL", address=None, range=ChartRange.DAY, provider="kraken", market="SOL/USD", interval=900,
        candles=tuple(candles), running=True, begin=0, fetched_at=1.0 / 3, volume_unit=VolumeUnit.BASE,
    )  # fmt: skip


def digits(one: CandleSeries) -> list[str]:
    return [str(candle) for candle in one.candles]


def test_what_is_unpacked_is_what_was_packed_to_the_last_digit() -> None:
    packed = PackedSeries(series())
    assert packed.unpacked() == series()
    assert digits(packed.unpacked()) == digits(series())
    assert (packed.provider, packed.fetched_at) == ("kraken", 1.0 / 3)


def test_a_packed_series_takes_less_than_a_third() -> None:
    one = series()
    figures = (one.candles[0].open, one.candles[0].high, one.candles[0].low, one.candles[0].volume)
    plain = len(one.candles) * (sys.getsizeof(one.candles[0]) + sum(map(sys.getsizeof, figures)))
    assert len(PackedSeries(one)._packed) < plain / 3


def test_packed_series_are_a_mapping_of_series() -> None:
    known = Unpacking({"SOL": PackedSeries(series())})
    assert known == {"SOL": series()}
    assert ("SOL" in known, "BTC" in known, len(known)) == (True, False, 1)
    with pytest.raises(KeyError):
        known["BTC"]


def test_where_a_series_is_from_is_told_without_unpacking_it(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = {"SOL": series()}
    packed = Unpacking({"SOL": PackedSeries(series())})
    monkeypatch.setattr(PackedSeries, "unpacked", None)
    assert origin_of(packed, "SOL") == origin_of(plain, "SOL") == ("kraken", 1.0 / 3)
    with pytest.raises(KeyError):
        origin_of(packed, "BTC")
