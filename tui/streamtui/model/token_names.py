"""What tokens are called that have no name in the table: what a search or a source said of them.

Such a name is an outsider's word. It is shown, never looked up: a row is known by its mint.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from streamtui.model.price_row import WatchedToken

if TYPE_CHECKING:
    from streamcore import TokenHit

IMITATION = "≠"
"""Stands before the ticker of a token that only looks like another one."""
CONFIGURED = "from the configuration"
"""The name of a token that the configuration file names and nothing else knows."""
LONGEST_TICKER = 16
"""Characters of a ticker in the configuration file."""
_END_OF_MINT = 4
"""Characters of the mint that tell two tokens of one ticker apart."""


class NamedToken(msgspec.Struct, frozen=True):
    """A token with the name that was found for it."""

    symbol: str
    name: str
    mint: str
    bare: WatchedToken | None = None
    """The token as it was without."""


def without_found_name(token: WatchedToken) -> WatchedToken:
    """Return a token as the engine describes it."""
    return token.bare if isinstance(token, NamedToken) and token.bare is not None else token


class TokenNames:
    """The names found, by mint, and the mints whose names nobody has asked for yet."""

    def __init__(self) -> None:
        self._hits: dict[str, TokenHit] = {}
        self._bare: set[str] = set()
        """Mints that were given without any name."""
        self._to_ask: dict[str, None] = {}
        self.wanted = asyncio.Event()
        """Set while there are names to ask for."""

    def add(self, hits: Iterable[TokenHit]) -> None:
        """Take note of what tokens are called."""
        for hit in hits:
            if hit.mint is not None and (hit.symbol or hit.name):
                self._hits[hit.mint] = hit

    def forget(self) -> None:
        """Forget every name, and that it was asked for."""
        self._hits.clear()
        self._to_ask.clear()
        self.wanted.clear()

    def named(self, token: WatchedToken) -> WatchedToken:
        """Return a token with the name that was found for it; as it is if it has one, or none was found."""
        if not is_unnamed(token):
            return token
        if not token.name:
            self._bare.add(token.mint)
        hit = self._hits.get(token.mint)
        if hit is None:
            return token
        symbol = token.symbol if token.name == CONFIGURED or not hit.symbol else hit.symbol
        if not hit.lookalike_of:
            return NamedToken(symbol, hit.name or token.name, token.mint, token)
        name = f"not {hit.lookalike_of}: {hit.name or hit.symbol}"
        return NamedToken(f"{IMITATION}{symbol}", name, token.mint, token)

    def found(self, mint: str) -> TokenHit | None:
        """Return what was found of a token that was given without a name."""
        return self._hits.get(mint) if mint in self._bare else None

    def want(self, token: WatchedToken) -> None:
        """Have the name of a token asked for, if it has none and none was found."""
        if is_unnamed(token) and token.mint not in self._hits:
            self._to_ask[token.mint] = None
            self.wanted.set()

    def ask_again(self, mints: Iterable[str]) -> None:
        """Have these names asked for once more: nobody could be asked."""
        self._to_ask |= dict.fromkeys(mints)
        self.wanted.set()

    def to_ask(self) -> list[str]:
        """Return the mints whose names are to be asked for, each once."""
        self.wanted.clear()
        mints, self._to_ask = [*self._to_ask], {}
        return mints

    def tickers(self, mints: Iterable[str]) -> dict[str, str]:
        """Return the tickers found for those of some mints that were given without a name, by mint."""
        found = (
            (mint, self._hits[mint].symbol) for mint in mints if mint in self._hits and mint in self._bare
        )
        return {mint: symbol for mint, symbol in found if symbol}


def is_unnamed(token: WatchedToken) -> bool:
    """Whether nobody has said what a token is called: a mint was given, or a ticker in the configuration."""
    return bool(token.mint) and token.name in ("", CONFIGURED)


def means_something(name: str) -> bool:
    """Whether a ticker is, looks like, or is read as something well known: ``USDC``, ``U5DC``, ``SOLUSD``."""
    from streamcore import InputError, TokenTable, read_pair, well_known  # not needed for the first frame

    try:
        is_pair = read_pair(name, TokenTable()) is not None
    except InputError:
        is_pair = True
    return is_pair or bool(well_known(name))


def names_for(
    tickers: Mapping[str, str], taken: Collection[str], means_another: Callable[[str], bool]
) -> dict[str, str]:
    """Return names under which tokens can be kept in the configuration, each to its mint.

    A name that is kept means that mint from then on. So it is never one that means something else already, or
    that could be taken for it: then the end of the mint stands behind it.

    Args:
        tickers: Mints to the tickers that were found for them.
        taken: Names that are in the file, in any case.
        means_another: Returns whether a ticker means, or looks like, something well known.
    """
    used = {name.casefold() for name in taken}
    names: dict[str, str] = {}
    for mint, ticker in tickers.items():
        plain = "".join(one for one in ticker if one.isalnum() or one in "._-")[:LONGEST_TICKER]
        name = plain
        if not plain or plain.casefold() in used or means_another(plain) or means_another(ticker):
            shown = plain if plain.isascii() else ""
            name = f"{shown or 'TOKEN'}-{mint[-_END_OF_MINT:]}"
        if name.casefold() in used:
            name = mint[:LONGEST_TICKER]
        if name.casefold() not in used:
            used.add(name.casefold())
            names[name] = mint
    return names
