"""What a person wants the price of, and what each kind of venue calls it.

An exchange's symbol is not a Solana mint: ``BTC`` is bitcoin on an exchange and a wrapped token on the
chain. An `Instrument` holds what was asked for; each provider says whether it has exactly that.
"""

from __future__ import annotations

import re
from enum import Enum

import msgspec

from streamcore.errors import UnknownSymbol
from streamcore.tokens import Token, TokenTable, pinned_mint

NATIVE = frozenset(
    {
        "BONK",
        "CLOUD",
        "DRIFT",
        "FARTCOIN",
        "GIGA",
        "GRASS",
        "HNT",
        "HONEY",
        "IO",
        "JITOSOL",
        "JTO",
        "JUP",
        "KMNO",
        "ME",
        "MEW",
        "MNDE",
        "MOODENG",
        "MSOL",
        "ORCA",
        "PENGU",
        "PNUT",
        "PONKE",
        "POPCAT",
        "PUMP",
        "PYTH",
        "RAY",
        "RENDER",
        "SAMO",
        "SKR",
        "SOL",
        "TNSR",
        "TRUMP",
        "USELESS",
        "W",
        "WEN",
        "WIF",
        "ZETA",
    }
)
"""Tickers under which exchanges list the very token that the pinned table has as that mint.

Not among them: everything that is only wrapped on Solana (``BTC``, ``ETH``), since its exchange price is the
price of something else.
"""

TICKER = re.compile(r"[A-Z0-9]{1,12}")
"""What may be a ticker on an exchange."""


class Venue(Enum):
    """Where a provider's prices are made."""

    CHAIN = "chain"
    """Tokens on Solana, by their mint."""
    EXCHANGE = "exchange"
    """Assets on an exchange, by their ticker, in US dollars."""


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """One row a person asked for."""

    symbol: str
    """As shown: a ticker, or a shortened mint."""
    token: Token | None
    """The Solana token of that ticker or mint; ``None`` for a ticker that only an exchange may know."""
    by_mint: bool
    """A mint was given, so nothing but that token will do."""

    @property
    def key(self) -> str:
        """What tells it from every other: the mint, or the ticker."""
        return self.symbol if self.token is None else self.token.mint

    @property
    def is_native(self) -> bool:
        """Whether an exchange's asset of that ticker and the Solana token are the same."""
        ticker = self.symbol.upper()
        return self.token is not None and ticker in NATIVE and self.token.mint == pinned_mint(ticker)

    @property
    def ticker(self) -> str | None:
        """The ticker an exchange may list it by; ``None`` when a mint without one was asked for."""
        if self.by_mint and not self.is_native:
            return None
        return self.symbol.upper()

    @property
    def mint(self) -> str | None:
        """The mint, if there is one and it is what was asked for."""
        return None if self.token is None else self.token.mint

    def address_at(self, venue: Venue) -> str | None:
        """Return the mint that a price from such a venue is the price of; ``None``: of no Solana token."""
        return self.mint if venue is Venue.CHAIN or self.is_native else None


def understand(text: str, tokens: TokenTable, *, exchanges: bool) -> Instrument:
    """Return what a person means.

    Args:
        text: A ticker in any case, with or without ``$``, or a mint.
        tokens: The tickers that stand for one mint each.
        exchanges: Whether a source in use may know tickers that the table does not.

    Raises:
        InputError: It is neither a mint, nor a ticker that anybody in use can know.
    """
    stripped = text.strip()
    try:
        token = tokens.resolve(stripped)
    except UnknownSymbol:
        ticker = stripped.removeprefix("$").upper()
        if not exchanges or not TICKER.fullmatch(ticker):
            raise
        return Instrument(symbol=ticker, token=None, by_mint=False)
    # a ticker that the configuration has given another mint means that mint, not what an exchange calls so
    own = pinned_mint(token.symbol) != token.mint
    return Instrument(symbol=token.symbol, token=token, by_mint=own or stripped == token.mint)
