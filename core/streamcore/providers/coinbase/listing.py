"""Coinbase's list of products, read; and what is assumed of it for as long as it is not known.

A product's id is made of two tickers, and neither need be the one that the world knows: Jupiter's token is
``JUPITER-USD``. So what is priced is read from ``base_currency``, and its full name from the list of
currencies. Source: docs.cdp.coinbase.com, "Get all known trading pairs" and "Get all known currencies";
captures of 2026-09-21 (products) and 2026-08-09 (what is listed in US dollars).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from streamcore.assets.instruments import Instrument
from streamcore.providers.decoding import Undecodable, content, json_as
from streamcore.providers.exchange import pair_of
from streamcore.providers.markets import DOLLARS, Market

TITLE = "Coinbase"

RENAMED = {"JUP": "JUPITER"}
"""Tickers that Coinbase has another one for."""

ABSENT = frozenset(
    {"CLOUD", "EURC", "GRASS", "MEW", "NOS", "PONKE", "PYUSD", "SAMO", "TRX", "USDC", "WEN", "XMR"}
)
"""Tickers of known assets that Coinbase did not list in US dollars on 2026-08-09."""


class _Product(msgspec.Struct, frozen=True):
    id: str
    base_currency: str = ""
    quote_currency: str = ""
    display_name: object = None
    status: str = "online"
    trading_disabled: bool = False


class _Currency(msgspec.Struct, frozen=True):
    id: str
    name: str = ""


def markets(products: bytes, names: Mapping[str, str]) -> list[Market]:
    """Return the markets in US dollars that are open; an entry that makes no sense is left out.

    Args:
        products: The body of the list of products.
        names: Currencies to their full names, as far as they are known; see `currency_names`.

    Raises:
        Undecodable: It is no list of products.
    """
    found: list[Market] = []
    for raw in json_as(products, list[msgspec.Raw]):
        try:
            product = content(raw, _Product)
        except Undecodable:
            continue
        if product.status != "online" or product.trading_disabled or product.quote_currency not in DOLLARS:
            continue
        base = product.base_currency.upper()
        shown = product.display_name if isinstance(product.display_name, str) else ""
        also = shown.upper().replace("/", "-").partition("-")[0]
        others = (also,) if also and also != base else ()
        found.append(Market(product.id, base, names.get(product.base_currency, ""), others))
    return found


def currency_names(currencies: bytes) -> dict[str, str]:
    """Return the full names of the currencies in the body of their list.

    Raises:
        Undecodable: It is no list of currencies.
    """
    names: dict[str, str] = {}
    for raw in json_as(currencies, list[msgspec.Raw]):
        try:
            currency = content(raw, _Currency)
        except Undecodable:
            continue
        names[currency.id] = currency.name
    return names


def assumed_product(instrument: Instrument) -> str | None:
    """Return what Coinbase calls an instrument as far as is known without the list; ``None``: it has none."""
    ticker = instrument.ticker
    if ticker in ABSENT:
        return None
    return f"{RENAMED[ticker]}-USD" if ticker in RENAMED else pair_of(instrument, "-")
