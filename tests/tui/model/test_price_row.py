"""One row of the price list."""

from __future__ import annotations

from decimal import Decimal

from sample_events import SOL, price

from streamcore.assets.tokens import Token
from streamtui.model.price_row import PriceRow, key_of


def row(mint: str = "") -> PriceRow:
    return PriceRow("SOL", Token(symbol="SOL", name="Solana", mint=mint), 1)


def test_a_row_is_named_by_its_mint_or_its_ticker() -> None:
    assert key_of(Token(symbol="SOL", name="Solana", mint=SOL)) == SOL
    assert key_of(Token(symbol="DOGE", name="Dogecoin", mint="")) == "DOGE"


def test_the_mint_is_that_of_the_price_where_the_row_has_none() -> None:
    made = row()
    assert made.mint == ""
    made.update = price("SOL", "150", address=SOL)
    assert made.mint == SOL
    assert row(mint="own").mint == "own"


def test_the_extremes_and_the_candles_of_the_session_are_kept() -> None:
    made = row()
    for value in ("150", "160", "140", None, "155"):
        made.seen(price("SOL", value))
    assert (made.high, made.low) == (Decimal(160), Decimal(140))
    assert made.candles.candles()[-1].close == 155


def test_an_age_is_never_negative() -> None:
    made = row()
    assert made.age(100.0) is None
    made.update = price("SOL", "150", ts=100.0)
    assert made.age(130.0) == 30.0
    assert made.age(99.0) == 0.0, "a clock that was set back"
