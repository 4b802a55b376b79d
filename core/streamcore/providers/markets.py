"""Which markets in US dollars an exchange has, and what it calls them: asked of it, not assumed.

A ticker and a pair are different things. An exchange delists pairs, lists new ones, and has names of its own:
one calls the token ``JUP`` ``JUPITER``, and the HTTP side of another answers ``USDTZUSD`` for what its stream
calls ``USDT/USD``. So both are read from the exchange's own list, by what it says of base and quote. No I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from streamcore.assets.instruments import Instrument
from streamcore.assets.listings import Listing

DOLLARS = frozenset({"USD", "ZUSD"})
"""What exchanges call the US dollar as a quote."""


class Market(msgspec.Struct, frozen=True):
    """One market in US dollars."""

    pair: str
    """What the stream calls it: the topic."""
    base: str
    """The ticker of what is priced, in the spelling of today: ``BTC``, not ``XBT``."""
    name: str = ""
    """The full name of what is priced, where the exchange tells it."""
    also: tuple[str, ...] = ()
    """Other tickers that the exchange shows for it."""
    http_names: tuple[str, ...] = ()
    """What the HTTP side may call it: the first is the one to ask by. Empty: what the stream does."""


class Markets:
    """The markets of one exchange, as it listed them."""

    def __init__(self, markets: Iterable[Market], renamed: Mapping[str, str] | None = None) -> None:
        """``renamed``: tickers to those of the exchange, where it is known to have another one."""
        self._all = tuple(markets)
        self._renamed = renamed or {}
        self._by_pair = {market.pair: market for market in self._all}
        self._by_base = {market.base: market for market in self._all}
        for market in self._all:
            for ticker in market.also:
                self._by_base.setdefault(ticker, market)
        self._by_name: dict[str, list[Market]] = {}
        for market in self._all:
            self._by_name.setdefault(market.name.casefold(), []).append(market)

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Market]:
        return iter(self._all)

    def find(self, pair: str) -> Market | None:
        """Return the market that the stream calls so; ``None`` if it is not listed."""
        return self._by_pair.get(pair)

    def pair_of(self, instrument: Instrument) -> str | None:
        """Return what the stream calls the market of an instrument; ``None`` if none is listed.

        Where no base has the instrument's ticker, one whose full name is that of the very token is it under
        another ticker, provided that no other base has that name.
        """
        ticker = instrument.ticker
        if ticker is None:
            return None
        if (market := self._by_base.get(ticker)) is not None:
            return market.pair
        token = instrument.token
        if token is None or instrument.listing is not Listing.SAME:
            return None
        named = self._by_name.get(token.name.casefold(), ()) if token.name else ()
        if len(named) == 1:
            return named[0].pair
        other = self._by_base.get(self._renamed.get(ticker, ""))
        return other.pair if other is not None and not other.name else None
