"""The values of a price."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from candle_series import END, candle, series_of
from sample_events import price

from streamcore.assets.tokens import Token
from streamcore.candles import Candle, ChartRange
from streamtui.model.price_row import Freshness, PriceRow
from streamtui.screens.price_facts import facts


def told(**fields: Any) -> dict[str, str]:
    row = PriceRow("SOL", Token(symbol="SOL", name="Solana", mint=""), 1)
    row.update = price("SOL", "150", **fields)
    row.seen(row.update)
    return {name: value.plain for name, value in facts(row, row.update.ts, Freshness.FRESH).items()}


def test_what_is_not_known_is_a_dash_with_who_does_not_tell_it_and_not_a_zero() -> None:
    shown = told(change_24h=None, volume_24h=None, provider="birdeye")
    assert shown["24 h"] == "–"
    for name in ("24 h volume", "24 h range", "24 h average", "24 h trades", "bid, ask"):
        assert shown[name] == "– not told by birdeye", name


def test_before_the_first_price_nobody_is_named() -> None:
    row = PriceRow("SOL", Token(symbol="SOL", name="Solana", mint=""), 1)
    shown = {name: value.plain for name, value in facts(row, END, Freshness.WAITING).items()}
    assert shown["bid, ask"] == shown["24 h range"] == shown["24 h trades"] == "–"


def by_candles(provider: str, *candles: Candle, **fields: Any) -> str:
    row = PriceRow("SOL", Token(symbol="SOL", name="Solana", mint=""), 1)
    row.update = price("SOL", "150", ts=END, provider="birdeye")
    day = {"range": ChartRange.DAY, "interval": 900, "begin": int(END) - 86_400, "provider": provider}
    row.take_past(series_of(*candles, **{**day, **fields}), END)
    return facts(row, END, Freshness.FRESH)["24 h range"].plain


def test_where_the_source_tells_no_range_it_is_that_of_the_candles_whose_source_is_named() -> None:
    first = candle(int(END) - 86_400, 145, 160, 140, 150)
    assert by_candles("geckoterminal", first) == "140.00 ──────●───── 160.00, Geckoterminal candles"
    young = candle(int(END) - 7200, 145, 160, 140, 150)
    assert by_candles("birdeye", young).endswith(" candles since 29 Oct 20:00")
    outside = candle(int(END) - 900, 160)
    assert by_candles("birdeye", outside) == "160.00 to 160.00, Birdeye candles since 29 Oct 21:45"


def test_an_average_that_the_source_does_not_tell_is_about_that_of_the_candles() -> None:
    row = PriceRow("SOL", Token(symbol="SOL", name="Solana", mint=""), 1)
    row.update = price("SOL", "150", ts=END, provider="coinbase")
    one = candle(int(END) - 900, 150, volume=7)
    row.take_past(series_of(one, range=ChartRange.DAY, interval=900, provider="coinbase"), END)
    assert facts(row, END, Freshness.FRESH)["24 h average"].plain == "about 150.00 USD, Coinbase candles"
    row.update = price("SOL", "150", ts=END, provider="coinbase", vwap_24h=Decimal(149))
    assert facts(row, END, Freshness.FRESH)["24 h average"].plain == "149.00 USD"


@pytest.mark.parametrize(
    "unfit", [{"line": True}, {"interval": 86_400}, {"range": ChartRange.HOUR, "begin": int(END) - 3600}]
)
def test_single_prices_long_candles_and_an_hour_tell_no_range_of_a_day(unfit: dict[str, Any]) -> None:
    assert by_candles("birdeye", candle(int(END) - 900, 145), **unfit) == "– not told by birdeye"


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        ("140", "160", "low 140.00 ──────●───── 160.00 high"),
        ("150", "160", "low 150.00 ●─────────── 160.00 high"),
        ("140", "150", "low 140.00 ───────────● 150.00 high"),
        ("151", "160", "low 151.00, high 160.00"),
        ("150", "150", "low 150.00, high 150.00"),
    ],
)
def test_the_price_stands_between_the_lowest_and_the_highest(low: str, high: str, shown: str) -> None:
    assert told(low_24h=Decimal(low), high_24h=Decimal(high))["24 h range"] == shown


def test_a_book_that_is_out_of_order_has_no_spread() -> None:
    assert told(bid=Decimal(150), ask=Decimal("150.3"))["bid, ask"] == "150.00 / 150.30, spread 20.0 bp"
    assert told(bid=Decimal(151), ask=Decimal(150))["bid, ask"] == "151.00 / 150.00"
    assert told(bid=Decimal(151))["bid, ask"] == "151.00 / –"
