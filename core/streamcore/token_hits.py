"""What a search for a token finds: one hit for each token or market that a source lists.

Names and tickers are an outsider's words, written by whoever made the token: show them with
`streamcore.printable`. A hit is an offer; nothing but a person's choice makes a row of it.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec


class TokenHit(msgspec.Struct, frozen=True, kw_only=True):
    """One token or market that a search found. Figures are ``None`` where the source does not tell them."""

    symbol: str
    """Its ticker; empty where the source has none."""
    name: str
    """Its name; empty where the source has none."""
    mint: str | None
    """Its address; ``None`` for what an exchange lists by its ticker."""
    provider: str
    """Where it was found; ``table`` for the tokens that this program knows by itself."""
    verified: bool
    """The source vouches that it is what its ticker says: a verified token, or a market of an exchange."""
    liquidity: Decimal | None = None
    """US dollars in its pools. A figure that pools claim of themselves; it proves nothing."""
    volume_24h: Decimal | None = None
    """US dollars."""
    lookalike_of: str = ""
    """The well-known ticker or name that this only looks like; empty if there is none."""
    also_at: tuple[str, ...] = ()
    """Further providers that list the very same."""
    doubts: tuple[str, ...] = ()
    """What speaks against one that nobody vouches for, each as a phrase: ``made 2 d ago``."""

    @property
    def wanted(self) -> str:
        """What to subscribe to get just this: the mint, or the ticker on an exchange."""
        return self.mint or self.symbol


class SearchFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A source that could not be searched; what the others found stands."""

    provider: str
    message: str
    """Why, as a sentence for a person."""


class SearchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a search found, and who could not be asked."""

    hits: tuple[TokenHit, ...]
    """Those that a source vouches for first, those that only look like a well-known one last."""
    failures: tuple[SearchFailure, ...] = ()
