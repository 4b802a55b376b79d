"""What a person wants the price of, and what each kind of venue calls it.

An `Instrument` holds what was asked for; each provider says whether it has exactly that. What a ticker means
on an exchange is the subject of `streamcore.assets.listings`.
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

TICKER = re.compile(r"[A-Z0-9]{1,12}")
"""What may be a ticker on an exchange."""


class Venue(Enum):
    """Where a provider's prices are made."""

    CHAIN = "chain"
    """Tokens on Solana, by their mint."""
    EXCHANGE = "exchange"
    """Assets on an exchange, by their ticker, in US dollars."""


class Instrument(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One row a person asked for."""

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
        """What tells it from every other: a mint where that token is meant, else the ticker.

        ``BTC`` is not the mint of one of its wrapped tokens: which asset it is depends on who serves it.
        """
        if self.token is None or (not self.by_mint and self.listing is Listing.OTHER):
            return self.symbol.upper()
        return self.token.mint

    @property
    def ticker(self) -> str | None:
        """The ticker an exchange may list it by; ``None`` when no exchange can have just that."""
        if self.listing is Listing.NONE or (self.by_mint and self.listing is Listing.OTHER):
            return None
        return self.symbol.upper()

    @property
    def mint(self) -> str | None:
        """The mint of the Solana token it is or, for want of a better one, of a token wrapped around it."""
        return None if self.token is None else self.token.mint

    @cached_property
    def own_mint(self) -> str | None:
        """The mint, if that token is what was asked for, and not just a token wrapped around it."""
        return self.mint if self.by_mint or self.listing is not Listing.OTHER else None

    def address_at(self, venue: Venue) -> str | None:
        """Return the mint that a price from such a venue is the price of; ``None``: of no Solana token."""
        return self.mint if venue is Venue.CHAIN else self.own_mint

    def described(self, venue: Venue) -> Token:
        """Return it as the token it is, with the name it has at a venue.

        Its ``mint`` is empty where the ticker stands for an asset that is not that token everywhere.
        """
        token = self.token
        if token is not None and self.own_mint is not None:
            return token
        on_chain = token is not None and venue is Venue.CHAIN
        name = token.name if token is not None and on_chain else exchange_name(self.symbol)
        return Token(symbol=self.symbol, name=name, mint="")


def understand(text: str, tokens: TokenTable, *, exchanges: bool) -> Instrument:
    """Return what a person means.

    Args:
        text: A ticker in any case, with or without ``$``, a mint, a pair with the US dollar or a token that
            stands for it (see `read_pair`), or a link to a page about a token.
        tokens: The tickers that stand for one mint each.
        exchanges: Whether a source in use may know tickers that the table does not.

    Raises:
        InputError: It is neither a mint, nor a ticker that anybody in use can know.
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
        if not exchanges or not TICKER.fullmatch(ticker):
            raise
        return Instrument(symbol=ticker, token=None, by_mint=False)
    # a ticker that the configuration has given another mint means that mint, not what an exchange calls so
    own = pinned_mint(token.symbol) != token.mint
    return Instrument(symbol=token.symbol, token=token, by_mint=own or address_in(text) == token.mint)


def read_pair(text: str, tokens: TokenTable) -> Reading | None:
    """Return how a pair such as ``SOL/USDT`` is read, or an exchange's own name such as ``XBT``.

    Its hint is for the person: what is watched is not quite what was written. ``None``: it is no pair.

    Raises:
        InputError: It is priced in something that prices here are not.
    """
    typed = bare(text).removeprefix("$").upper()
    if typed in tokens.tickers:
        return None
    return pair_in(text, {*tokens.tickers, *exchange_tickers()})
