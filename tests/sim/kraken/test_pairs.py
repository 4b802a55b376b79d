"""The names of Kraken's pairs."""

from __future__ import annotations

import pytest

from streamsim.kraken.pairs import in_euros, names_of


@pytest.mark.parametrize(
    ("ticker", "key", "altname", "wsname", "base"),
    [
        ("BTC", "XXBTZUSD", "XBTUSD", "XBT/USD", "XXBT"),
        ("DOGE", "XDGUSD", "XDGUSD", "XDG/USD", "XXDG"),
        ("USDT", "USDTZUSD", "USDTUSD", "USDT/USD", "USDT"),
        ("SOL", "SOLUSD", "SOLUSD", "SOL/USD", "SOL"),
        ("NEW", "NEWUSD", "NEWUSD", "NEW/USD", "NEW"),
    ],
)
def test_a_pair_has_the_names_that_were_captured(
    ticker: str, key: str, altname: str, wsname: str, base: str
) -> None:
    names = names_of(ticker)
    assert (names.key, names.altname, names.wsname, names.base) == (key, altname, wsname, base)
    assert {key, altname, wsname, f"{ticker}/USD"} <= names.all


def test_the_same_asset_is_listed_in_euros_too() -> None:
    key, described = in_euros(names_of("BTC"))
    assert (key, described["altname"], described["quote"]) == ("XXBTZEUR", "XBTEUR", "ZEUR")
