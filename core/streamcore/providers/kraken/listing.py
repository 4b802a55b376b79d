"""Kraken's list of pairs, ``AssetPairs``, read; and its old names, for as long as the list is not known.

Kraken has four names for a pair: its own (``XXBTZUSD``), under which HTTP answers, a short one (``XBTUSD``),
by which HTTP is asked, that of the first stream (``XBT/USD``), and that of the stream in use (``BTC/USD``),
which the list does not have. Only bitcoin and dogecoin have another ticker there.
Source: docs.kraken.com, "Get Tradable Asset Pairs"; captures of 2026-09-25 and, of fiat money, 2021-04-17.
"""

from __future__ import annotations

import re

import msgspec

from streamcore.providers.decoding import Undecodable, content
from streamcore.providers.markets import DOLLARS, Market

NEW_TICKERS = {"XBT": "BTC", "XDG": "DOGE"}
"""The old tickers in the list to those that the stream has now."""

OLD_TICKERS = {new: old for old, new in NEW_TICKERS.items()}

TRADING = frozenset({"online", "post_only", "limit_only", "reduce_only", "cancel_only"})
"""States of a pair that has a price; in the softer ones not every order is taken."""

_OLD_SPELLING = re.compile(r"XBT|XDG|X[A-Z]{3}Z")
"""Tickers that HTTP, unlike the stream, takes for the old name of another asset: ``XETHZUSD`` is ether."""


class _Pair(msgspec.Struct, frozen=True):
    """One entry; ``wsname`` is the name at the first stream, ``quote`` Kraken's own name of the quote."""

    altname: str = ""
    wsname: str = ""
    status: str = "online"


def markets(result: msgspec.Raw) -> list[Market]:
    """Return the markets in US dollars of an answer's ``result``; an entry that makes no sense is left out.

    Raises:
        Undecodable: It is no list of pairs.
    """
    found: list[Market] = []
    for key, raw in content(result, dict[str, msgspec.Raw]).items():
        try:
            pair = content(raw, _Pair)
        except Undecodable:
            continue
        old, joint, quote = pair.wsname.partition("/")
        if not joint or quote not in DOLLARS or pair.status not in TRADING:
            continue
        base = NEW_TICKERS.get(old, old)
        names = dict.fromkeys(name for name in (pair.altname, key, pair.wsname, f"{base}/USD") if name)
        found.append(Market(f"{base}/USD", base, http_names=tuple(names)))
    return found


def base_of(pair: str) -> str:
    """Return what a pair of the stream is the price of."""
    return pair.partition("/")[0]


def is_ambiguous(pair: str) -> bool:
    """Whether HTTP would take a pair for that of another asset, as far as is known without the list."""
    return _OLD_SPELLING.fullmatch(base_of(pair)) is not None


def assumed_names(pair: str) -> tuple[str, ...]:
    """Return what HTTP may call a pair, as far as is known without the list; the first is to ask by."""
    base = base_of(pair)
    asked = f"{OLD_TICKERS.get(base, base)}USD"
    old = asked[:-3]
    return asked, pair, f"{base}USD", f"X{old}ZUSD", f"{old}ZUSD", f"Z{old}ZUSD"
