"""The half of a provider that all exchanges share: one stream for everybody, and a list of markets."""

from __future__ import annotations

from streamcore.assets.instruments import Instrument, Venue
from streamcore.events import DataKind
from streamcore.net.endpoint import Endpoint
from streamcore.providers.base import Provider
from streamcore.providers.exchange_list import ExchangeList
from streamcore.providers.market_directory import MarketDirectory
from streamcore.providers.market_volumes import MarketVolumes
from streamcore.urls import hidden_parts, shown_url


class ExchangeProvider(Provider):
    """An exchange behind the seam; topics are pairs with the US dollar, in the exchange's own spelling."""

    kind = DataKind.PRICES
    venue = Venue.EXCHANGE
    has_quotes = True
    markets: MarketDirectory

    def __init__(self, ws_url: str, markets: MarketDirectory, volumes: MarketVolumes) -> None:
        """Make one.

        Args:
            ws_url: Where its stream is.
            markets: What it lists, and under which names.
            volumes: Asked for what was traded on the markets that a search finds.
        """
        self._url = ws_url
        self._passed_over: set[str] = set()
        """Pairs that a connection has had no answer about."""
        self.markets = markets
        self.directory = ExchangeList(self.name, markets, volumes)

    def topic(self, instrument: Instrument) -> str | None:
        """Return the pair with the US dollar; ``None`` where there is none, as far as is known."""
        return self.markets.pair_of(instrument)

    def endpoint(self) -> Endpoint:
        """Return the stream's URL; there is nothing secret about it."""
        return Endpoint(self._url, shown_url(self._url), secrets=hidden_parts(self._url))

    def forget(self) -> None:
        """Fetch the list of markets anew; refused topics are remembered by the routing, not here."""
        self._passed_over.clear()
        self.markets.doubt()
