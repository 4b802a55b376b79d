"""What a provider knows of tokens by their names: searching its list, and naming a mint.

Only lists come from here. Which of what is found may be shown first, and what only looks like another token,
is for `streamcore.search` to say, which compares what several providers found.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from streamcore.providers.decoding import Undecodable, number
from streamcore.text import visible
from streamcore.token_hits import TokenHit

MOST_HITS = 20
"""Tokens that one search of one provider brings; nobody reads more."""
SYMBOL_LIMIT = 24
NAME_LIMIT = 48
"""Characters kept of a ticker and of a name, which their makers choose."""


class TokenDirectory:
    """The base: a provider that has no list and knows no name."""

    async def find(self, text: str) -> Sequence[TokenHit]:
        """Return what it lists by a ticker, a name or a mint, the best match first.

        Args:
            text: What was typed, without white space around it, never empty.

        Raises:
            ProviderError: It could not be asked.
        """
        return ()

    async def name(self, mints: Sequence[str]) -> Sequence[TokenHit]:
        """Return what it knows of some mints; those that it does not know are left out.

        Raises:
            ProviderError: It could not be asked.
        """
        return ()


def shown_text(value: object, limit: int) -> str:
    """Return a ticker or a name as it may be shown, cut to ``limit`` characters; empty if it is no text."""
    return visible(value, limit) if isinstance(value, str) else ""


def amount(value: object) -> Decimal | None:
    """Return an amount of US dollars or trades; ``None`` where there is none that makes sense."""
    try:
        found = number(value)
    except Undecodable:
        return None
    return found if found is not None and found >= 0 else None
