"""Tokens as a search finds them."""

from __future__ import annotations

from typing import Any

from streamcore.token_hits import TokenHit

USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
DOG = "8cmK4vWFRPMttT49MuDG5p6c2zMnr4xg9eVE8DgMpump"
HATS = "Hu6xf6bNiJ5ErRaG7Yhos89jgfAdCG1tu8DCips2pump"


def hit(symbol: str = "HATS", mint: str | None = HATS, **more: Any) -> TokenHit:
    """Return a token that nobody vouches for, found at Jupiter unless ``more`` says otherwise."""
    fields = {"symbol": symbol, "name": "", "mint": mint, "provider": "jupiter", "verified": False}
    return TokenHit(**fields | more)
