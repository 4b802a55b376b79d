"""What symbols stand for, with the sources in use: the same ticker may be another asset at an exchange."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from streamcore.assets.instruments import Instrument, Venue, understand
from streamcore.assets.listings import exchange_tickers
from streamcore.assets.names import names_given
from streamcore.assets.tokens import Token, TokenTable, matching
from streamcore.providers.base import Provider
from streamcore.tracking.routing import Router


class Symbols:
    """Reads symbols, whether they are watched or not."""

    def __init__(self, providers: Sequence[Provider], tokens: TokenTable, router: Router) -> None:
        """Make one for the sources in use.

        Args:
            providers: Those sources, the preferred first.
            tokens: What is known of tokens.
            router: Knows which of the sources may serve an instrument.
        """
        self._tokens = tokens
        self._router = router
        self._venues = {provider.name: provider.venue for provider in providers}
        self._has_exchange = Venue.EXCHANGE in self._venues.values()

    def instrument(self, symbol: str) -> Instrument:
        """Return what a symbol stands for.

        Raises:
            InputError: No provider in use can know it.
        """
        return understand(symbol, self._tokens, exchanges=self._has_exchange)

    def instruments(self, symbols: Iterable[str]) -> list[Instrument]:
        """Return what each of some symbols stands for; a single text is one symbol.

        Raises:
            InputError: No provider in use can know one of them.
        """
        return [self.instrument(symbol) for symbol in names_given(symbols)]

    def described(self, instrument: Instrument) -> Token:
        """Return an instrument as consumers know it, with the name it has where it would be served."""
        first = next(iter(self._router.candidates(instrument)), None)
        return instrument.described(Venue.CHAIN if first is None else self._venues[first[0]])

    def describe(self, symbol: str) -> Token:
        """Return what a symbol stands for, as consumers know it.

        Raises:
            InputError: No provider in use can know it.
        """
        return self.described(self.instrument(symbol))

    def complete(self, prefix: str) -> list[Token]:
        """Return what a ticker or name that begins with ``prefix`` may become, tickers first."""
        tickers = {*self._tokens.tickers, *(exchange_tickers() if self._has_exchange else ())}
        return matching(prefix, {ticker: self.describe(ticker) for ticker in tickers})
