"""Which hits come first: what somebody vouches for, by how well it matches; what only looks so, last."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from streamcore.assets.confusables import skeletons
from streamcore.search.lookalikes import KnownNames, marked
from streamcore.token_hits import TokenHit

MOST_HITS = 40
"""Hits of all sources together; nobody reads more."""


def ranked(text: str, found: Iterable[TokenHit], known: KnownNames) -> list[TokenHit]:
    """Return each token and each market once, those to be trusted first and what looks like one of them last.

    What a source says of liquidity and volume orders only what is equal otherwise: it can be made up.

    Args:
        text: What was looked for.
        found: Hits of all sources, those of the preferred source first.
        known: Names that are vouched for; those of ``found`` are added.
    """
    hits = _joined(found)
    known.add(hits)
    order = sorted(marked(hits, known), key=lambda hit: (*_trust(hit, known), _match(text, hit), _size(hit)))
    return order[:MOST_HITS]


def _joined(found: Iterable[TokenHit]) -> list[TokenHit]:
    """Return one hit for what several sources list."""
    joined: dict[str, TokenHit] = {}
    for hit in found:
        known = joined.get(hit.wanted)
        joined[hit.wanted] = hit if known is None else _both(known, hit)
    return list(joined.values())


def _both(one: TokenHit, other: TokenHit) -> TokenHit:
    """Return what two sources say of the same: the first one's words, and what it does not know."""
    verified = one.verified or other.verified
    also = one.also_at if other.provider in (one.provider, *one.also_at) else (*one.also_at, other.provider)
    return msgspec.structs.replace(
        one,
        symbol=one.symbol or other.symbol,
        name=one.name or other.name,
        verified=verified,
        liquidity=other.liquidity if one.liquidity is None else one.liquidity,
        volume_24h=other.volume_24h if one.volume_24h is None else one.volume_24h,
        also_at=also,
        doubts=() if verified else tuple(dict.fromkeys((*one.doubts, *other.doubts))),
    )


def _trust(hit: TokenHit, known: KnownNames) -> tuple[bool, bool]:
    vouched_for = hit.verified or known.is_of_the_table(hit)
    return bool(hit.lookalike_of), not vouched_for


def _match(text: str, hit: TokenHit) -> int:
    """Return how well a hit matches, 0 the best."""
    wanted = skeletons(text)
    ticker, name = skeletons(hit.symbol), skeletons(hit.name)
    if text == hit.mint or wanted & ticker:
        return 0
    if wanted & name:
        return 1
    if any(one.startswith(form) for one in ticker for form in wanted):
        return 2
    words = {form for word in hit.name.split() for form in skeletons(word)}
    return 3 if any(one.startswith(form) for one in words for form in wanted) else 4


def _size(hit: TokenHit) -> Decimal:
    return -(hit.volume_24h or Decimal(0))
