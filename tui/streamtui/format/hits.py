"""What a search has found, in words: how far a token can be trusted, and what speaks against it."""

from __future__ import annotations

from streamcore import TokenHit


def standing(hit: TokenHit) -> str:
    """Return in a word or two what a hit is: ``verified``, ``unverified``, ``not USDC``."""
    if hit.lookalike_of:
        return f"not {hit.lookalike_of}"
    if not hit.verified:
        return "unverified"
    return "verified" if hit.mint else "listed"


def is_trusted(hit: TokenHit) -> bool:
    """Whether somebody vouches for a hit, and nothing better known has its name."""
    return hit.verified and not hit.lookalike_of


def found_at(hit: TokenHit) -> str:
    """Return the names of all providers that have a hit."""
    return ", ".join((hit.provider, *hit.also_at))


def remarks(hit: TokenHit) -> str:
    """Return what a person should know before choosing a hit; empty where there is nothing to say."""
    said: list[str] = []
    if hit.lookalike_of:
        said.append(f"looks like {hit.lookalike_of} and is another token")
    if not hit.verified:
        said.append("nobody has verified it")
    return "; ".join([*said, *hit.doubts])
