"""The names of Kraken's pairs: each has several, among them old ones with other tickers.

Source: answers of ``AssetPairs`` and ``Ticker`` captured in 2026-09 and 2026-10.
"""

from __future__ import annotations

from typing import Any

import msgspec

# ticker, REST key, altname, wsname, base: where they do not follow from the ticker
_ROWS = """
BTC  XXBTZUSD XBTUSD  XBT/USD  XXBT
DOGE XDGUSD   XDGUSD  XDG/USD  XXDG
ETH  XETHZUSD ETHUSD  ETH/USD  XETH
XRP  XXRPZUSD XRPUSD  XRP/USD  XXRP
LTC  XLTCZUSD LTCUSD  LTC/USD  XLTC
USDT USDTZUSD USDTUSD USDT/USD USDT
EUR  ZEURZUSD EURUSD  EUR/USD  ZEUR
GBP  ZGBPZUSD GBPUSD  GBP/USD  ZGBP
"""


class PairNames(msgspec.Struct, frozen=True):
    """The names of one pair in US dollars."""

    ticker: str
    """As WebSocket v2 says it, without the quote: ``BTC``."""
    key: str
    """Its key in answers of ``Ticker`` and ``AssetPairs``: ``XXBTZUSD``."""
    altname: str
    """``XBTUSD``."""
    wsname: str
    """As WebSocket v1 said it: ``XBT/USD``."""
    base: str
    """``XXBT``."""

    @property
    def all(self) -> frozenset[str]:
        """Every name a request may use."""
        return frozenset({self.key, self.altname, self.wsname, f"{self.ticker}/USD", f"{self.ticker}USD"})

    def described(self, status: str) -> dict[str, Any]:
        """Return the pair as ``AssetPairs`` describes it."""
        return {
            "altname": self.altname,
            "wsname": self.wsname,
            "aclass_base": "currency",
            "base": self.base,
            "aclass_quote": "currency",
            "quote": "ZUSD",
            "lot": "unit",
            "cost_decimals": 5,
            "pair_decimals": 5,
            "lot_decimals": 8,
            "lot_multiplier": 1,
            "leverage_buy": [],
            "leverage_sell": [],
            "fees": [],
            "fees_maker": [],
            "fee_volume_currency": "ZUSD",
            "margin_call": 80,
            "margin_stop": 40,
            "ordermin": "0.02",
            "costmin": "0.5",
            "tick_size": "0.00001",
            "status": status,
            "execution_venue": "international",
            "long_position_limit": 37_000,
            "short_position_limit": 24_000,
        }


def in_euros(pair: PairNames) -> tuple[str, dict[str, Any]]:
    """Return key and description of the same asset's pair in euros, of which this market has no price."""
    altname, wsname = f"{pair.altname.removesuffix('USD')}EUR", f"{pair.wsname.removesuffix('USD')}EUR"
    described = pair.described("online") | {"altname": altname, "wsname": wsname, "quote": "ZEUR"}
    return f"{pair.key.removesuffix('USD')}EUR", described


def _names(row: str) -> PairNames:
    return PairNames(*row.split())


_OLD = {names.ticker: names for names in map(_names, _ROWS.strip().splitlines())}


def names_of(ticker: str) -> PairNames:
    """Return the names of the pair of an asset in US dollars."""
    known = _OLD.get(ticker)
    return known or PairNames(ticker, f"{ticker}USD", f"{ticker}USD", f"{ticker}/USD", ticker)
