"""Instruments: what a person wants the price of, and its name at each kind of venue.

An `Instrument` holds what was asked for; each provider decides whether it has exactly that. What a ticker
means on an exchange is the subject of `streamcore.assets.listings`.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import cached_property

import msgspec

from streamcore.assets.listings import Listing, exchange_name, exchange_tickers, listing_of
from streamcore.assets.names import Reading, address_in, bare, pair_in
from streamcore.assets.tokens import Token, TokenTable, pinned_mint
from streamcore.errors import UnknownSymbol
from streamcore.events import price_key

TICKER = re.compile(r"[A-Z0-9]{1,12}")
"""The form of a ticker on an exchange."""


class Venue(Enum):
    """Where a provider's prices come from."""

    CHAIN = "chain"
    """Tokens on Solana, by their mint."""
    EXCHANGE = "exchange"
    """Assets on an exchange, by their ticker, in US dollars."""


class Instrument(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Something whose price a person asked for; one row of the price list."""

    symbol: str
    """As shown: a ticker, or a shortened mint."""
    token: Token | None
    """The Solana token of that ticker or mint; ``None`` for a ticker that only an exchange may know."""
    by_mint: bool
    """A mint was given, so nothing but that token will do."""

    @property
    def listing(self) -> Listing:
        """What an exchange's asset of that ticker is, compared with the Solana token."""
        return listing_of(self.symbol.upper(), self.token)

    @cached_property  # asked for with every price
    def key(self) -> str:
        """Its identity: the mint where just that token is meant, else the ticker.

        The key of ``BTC`` is its ticker, not the mint of a wrapped token: the venue decides which it is.
        """
        return price_key(self.symbol, self.own_mint)

    @property
    def ticker(self) -> str | None:
        """The ticker an exchange may list it by; ``None`` when no exchange can have just that."""
        if self.listing is Listing.NONE or (self.by_mint and self.listing is Listing.OTHER):
            return None
        return self.symbol.upper()

    @property
    def mint(self) -> str | None:
        """The mint of its Solana token, which may be only a wrapped form of it; ``None``: there is none."""
        return None if self.token is None else self.token.mint

    @cached_property
    def own_mint(self) -> str | None:
        """The mint, if it is that of the very asset and not of a wrapped form; else ``None``."""
        return self.mint if self.by_mint or self.listing is not Listing.OTHER else None

    def address_at(self, venue: Venue) -> str | None:
        """Return the mint whose price such a venue has; ``None``: what it prices is no Solana token."""
        return self.mint if venue is Venue.CHAIN else self.own_mint

    def described(self, venue: Venue) -> Token:
        """Return it as a `Token`, with the name it has at a venue.

        The ``mint`` is empty where the ticker is another asset on exchanges than on the chain.
        """
        token = self.token
        if token is not None and self.own_mint is not None:
            return token
        on_chain = token is not None and venue is Venue.CHAIN
        name = token.name if token is not None and on_chain else exchange_name(self.symbol)
        return Token(symbol=self.symbol, name=name, mint="")


ONLY_ON_EXCHANGES = "is no Solana token but traded on exchanges, none of which is in use; the demo has none"
"""Why a ticker that every exchange knows is refused: no mint that one could give would help."""


def understand(text: str, tokens: TokenTable, *, exchanges: bool) -> Instrument:
    """Return the instrument that a person means.

    Args:
        text: A ticker in any case, with or without ``$``, a mint, a pair with the US dollar or a token that
            stands for it (see `read_pair`), or a link to a page about a token.
        tokens: The tickers that stand for one mint each.
        exchanges: Whether a provider in use may know tickers that the table does not.

    Raises:
        InputError: It is neither a mint, nor a ticker that a provider in use can know.
    """
    try:
        token = tokens.resolve(text)
    except UnknownSymbol:
        if (pair := read_pair(text, tokens)) is not None:
            try:
                return understand(pair.name, tokens, exchanges=exchanges)
            except UnknownSymbol as error:
                raise UnknownSymbol(text, f"is read as {pair.name}, which {error.reason}") from None
        ticker = bare(text).removeprefix("$").upper()
        if not exchanges and ticker in exchange_tickers():
            raise UnknownSymbol(text, ONLY_ON_EXCHANGES) from None
        if not exchanges or not TICKER.fullmatch(ticker):
            raise
        return Instrument(symbol=ticker, token=None, by_mint=False)
    # a ticker that the configuration maps to another mint means that mint, not an exchange's asset
    own = pinned_mint(token.symbol) != token.mint
    return Instrument(symbol=token.symbol, token=token, by_mint=own or address_in(text) == token.mint)


def read_pair(text: str, tokens: TokenTable) -> Reading | None:
    """Return how a pair such as ``SOL/USDT`` is read, or an exchange's own name such as ``XBT``.

    Its hint tells the person when what is watched is not quite what was written. ``None``: it is no pair.

    Raises:
        InputError: Its quote currency is not the US dollar, or it is a future.
    """
    typed = bare(text).removeprefix("$").upper()
    if typed in tokens.tickers:
        return None
    return pair_in(text, {*tokens.tickers, *exchange_tickers()})
