"""Which of the tokens found only look like a well-known one.

Anybody can make a token with a famous ticker, and many do: neither its ticker, nor its place in a result, nor
the liquidity that its pools claim tells it from the real one. So a token that nobody vouches for and whose
ticker or name reads like that of one that somebody does is marked, whatever else is said of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import msgspec

from streamcore.assets.confusables import skeletons
from streamcore.assets.listings import exchange_tickers, known_exchange_name
from streamcore.assets.tokens import TokenTable
from streamcore.token_hits import TokenHit

_SHORTEST_NAME = 3
"""Letters of a name that is compared with tickers, and the reverse: a shorter one is like anything."""


class KnownNames:
    """The tickers and names that somebody vouches for, each with the mints that may bear it."""

    def __init__(self, tokens: TokenTable) -> None:
        """Begin with the table of tokens, and with what exchanges are known to list."""
        self._bearers: dict[str, set[str | None]] = {}
        self._shown: dict[str, str] = {}
        """Form of a name to the ticker that it is known by."""
        self._own: set[str] = set()
        """Mints of the table as it comes: none of them can look like another."""
        for token in TokenTable():
            self._own.add(token.mint)
        for token in tokens:
            self._add(token.mint, token.symbol, token.symbol, token.name if token.mint in self._own else "")
        for ticker in tokens.tickers:
            token = tokens.resolve(ticker)
            self._add(token.mint, token.symbol, ticker, "")
        for ticker in exchange_tickers():
            self._add(None, ticker, ticker, known_exchange_name(ticker))

    def add(self, hits: Iterable[TokenHit]) -> None:
        """Add what a source vouches for."""
        for hit in hits:
            if hit.verified and not self.is_of_the_table(hit) and not self._is_taken(hit):
                self._add(hit.mint, hit.symbol, hit.symbol, hit.name)

    def is_of_the_table(self, hit: TokenHit) -> bool:
        """Whether a hit is a token of the table."""
        return hit.mint in self._own

    def original_of(self, hit: TokenHit) -> str:
        """Return the ticker of what a hit only looks like; empty if it does not, or may be called so."""
        if hit.mint is None or self.is_of_the_table(hit):
            return ""
        for text in (hit.symbol, hit.name):
            for form in skeletons(text):
                bearers = self._bearers.get(form)
                if bearers is not None and hit.mint not in bearers:
                    return self._shown[form]
        return ""

    def _is_taken(self, hit: TokenHit) -> bool:
        """Whether the table has another token of that ticker, against which no source's word counts."""
        bearers = (self._bearers.get(form) for form in skeletons(hit.symbol))
        return hit.mint is not None and any(found and found & self._own for found in bearers)

    def _add(self, mint: str | None, shown: str, ticker: str, name: str) -> None:
        forms = set(skeletons(ticker))
        forms |= {form for form in skeletons(name) if len(form) >= _SHORTEST_NAME}
        for form in forms:
            self._bearers.setdefault(form, set()).add(mint)
            self._shown.setdefault(form, shown)


def well_known(name: str) -> str:
    """Return the ticker of what is known by a name, or by one that looks like it; empty if nothing is.

    That is the table of tokens and what exchanges are known to list, whatever is configured.
    """
    hit = TokenHit(symbol=name, name="", mint="", provider="", verified=False)
    return _standard().original_of(hit)


@cache
def _standard() -> KnownNames:
    return KnownNames(TokenTable())


def marked(hits: Iterable[TokenHit], known: KnownNames) -> list[TokenHit]:
    """Return the hits, each that only looks like another with that one's ticker."""
    found: list[TokenHit] = []
    for hit in hits:
        original = known.original_of(hit)
        found.append(msgspec.structs.replace(hit, lookalike_of=original) if original else hit)
    return found
