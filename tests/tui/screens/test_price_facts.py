"""The values of a price."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sample_events import price

from streamcore.assets.tokens import Token
from streamtui.model.price_row import Freshness, PriceRow
from streamtui.screens.price_facts import facts


def told(**fields: Any) -> dict[str, str]:
    row = PriceRow("SOL", Token(symbol="SOL", name="Solana", mint=""), 1)
    row.update = price("SOL", "150", **fields)
    row.seen(row.update)
    return {name: value.plain for name, value in facts(row, row.update.ts, Freshness.FRESH).items()}


def test_what_is_not_known_is_a_dash_and_not_a_zero() -> None:
    shown = told(change_24h=None, volume_24h=None)
    for name in ("24 h", "24 h volume", "24 h range", "24 h average", "24 h trades", "bid, ask"):
        assert shown[name] == "–", name


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
