"""An exchange's own list of markets as a list of tokens: searched here, and asked for volumes alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from streamcore.assets.instruments import Instrument, understand
from streamcore.assets.listings import Listing, known_exchange_name
from streamcore.assets.tokens import Token, TokenTable
from streamcore.providers.market_directory import MarketDirectory
from streamcore.providers.market_volumes import MarketVolumes
from streamcore.providers.markets import Market, Markets
from streamcore.providers.token_directory import MOST_HITS, NAME_LIMIT, TokenDirectory
from streamcore.text import visible
from streamcore.token_hits import TokenHit

UNLIKE = 3
"""The rank of a market that does not match."""


class ExchangeList(TokenDirectory):
    """The markets in US dollars of one exchange, as its `MarketDirectory` keeps them."""

    def __init__(self, name: str, markets: MarketDirectory, volumes: MarketVolumes) -> None:
        """Make one.

        Args:
            name: The exchange's, as providers are named.
            markets: What it lists.
            volumes: Asked for what was traded on the markets that are found.
        """
        self._name = name
        self._markets = markets
        self._volumes = volumes
        self._tokens = TokenTable()
        self._of: Markets | None = None
        self._own: dict[str, Token] = {}
        """The pairs that trade a Solana token itself, to that token."""

    async def find(self, text: str) -> Sequence[TokenHit]:
        """Return the markets whose ticker begins like the text, then those with such a word in the name.

        A market of a Solana token has its mint.

        Raises:
            ProviderError: The exchange could not say what it lists.
        """
        markets = await self._markets.listed()
        if markets is not self._of:
            self._of, self._own = markets, self._own_tokens(markets.pair_of)
        wanted = text.casefold()
        ranks = ((_rank(wanted, *self._words(market)), market.base, market) for market in markets)
        ranked = sorted((one for one in ranks if one[0] < UNLIKE), key=lambda one: one[:2])
        found = [market for _, _, market in ranked[:MOST_HITS]]
        volumes = await self._volumes.of([market.pair for market in found])
        return [self._hit(market, volumes.get(market.pair)) for market in found]

    def _own_tokens(self, pair_of: Callable[[Instrument], str | None]) -> dict[str, Token]:
        found: dict[str, Token] = {}
        for ticker in self._tokens.tickers:
            instrument = understand(ticker, self._tokens, exchanges=True)
            token = instrument.token
            if token is not None and instrument.listing is Listing.SAME and (pair := pair_of(instrument)):
                found[pair] = token
        return found

    def _words(self, market: Market) -> tuple[Sequence[str], str]:
        token = self._own.get(market.pair)
        tickers = [market.base, *market.also, *([token.symbol] if token is not None else [])]
        return tickers, self._name_of(market)

    def _name_of(self, market: Market) -> str:
        token = self._own.get(market.pair)
        known = market.name or (token.name if token is not None else known_exchange_name(market.base))
        return visible(known, NAME_LIMIT)

    def _hit(self, market: Market, volume: Decimal | None) -> TokenHit:
        token = self._own.get(market.pair)
        return TokenHit(
            symbol=market.base if token is None else token.symbol,
            name=self._name_of(market),
            mint=None if token is None else token.mint,
            provider=self._name,
            verified=True,
            volume_24h=volume,
        )


def _rank(wanted: str, tickers: Sequence[str], name: str) -> int:
    """Return how well a market matches, 0 the best."""
    tickers, name = [ticker.casefold() for ticker in tickers], name.casefold()
    if wanted in tickers:
        return 0
    if any(ticker.startswith(wanted) for ticker in tickers):
        return 1
    return 2 if any(part.startswith(wanted) for part in (name, *name.split())) else UNLIKE
