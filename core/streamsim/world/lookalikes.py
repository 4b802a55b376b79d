"""Invented tokens that pretend to be well-known ones, in the ways that were seen on public lists.

None of them is verified. Their symbols and names are hostile text: letters of other alphabets, invisible
characters, text that runs backwards.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal

import base58
import msgspec

from streamsim.world.listings import Listing


class Lookalike(msgspec.Struct, frozen=True):
    """One such token."""

    listing: Listing
    found_by: str
    """The ticker it pretends to have: a search for it finds this one, too."""
    holders: int
    trades: int
    """In 24 hours."""
    launchpad: str = ""
    has_liquidity: bool = True
    """Whether lists know a figure."""
    freezable: bool = False
    """Whether its maker can freeze accounts."""
    suspected: bool = False
    """Whether a list has marked it as suspicious."""


_SUPPLY = Decimal(10**9)


def _mint(text: str) -> str:
    return base58.b58encode(hashlib.sha256(f"lookalike/{text}".encode()).digest()).decode()


def _listing(
    mint: str, symbol: str, name: str, price: str, liquidity: int, volume: int, days: float
) -> Listing:
    return Listing(
        mint,
        symbol,
        name,
        6,
        Decimal(price),
        Decimal(volume),
        Decimal(liquidity),
        _SUPPLY,
        0.3,
        verified=False,
        days=days,
    )


DECOY = _listing(
    "9n9SwzkUxyZHHaU3LtudaRd37M5X6QKZYZR64Qmh7o8m",
    "SOL",
    "Solana Official",
    "0.0000136976",
    600,
    18_677,
    days=2,
)
"""A namesake of SOL that a search turns up, as searches do."""


_ALL = (
    Lookalike(DECOY, "SOL", holders=41, trades=96),
    # captured in 2026-08, under this very mint
    Lookalike(
        _listing(
            "8cmK4vWFRPMttT49MuDG5p6c2zMnr4xg9eVE8DgMpump",
            "USDC",
            "United States Dog Coin",
            "0.000004319",
            0,
            2421,
            days=95,
        ),
        "USDC",
        holders=14,
        trades=39,
        launchpad="pump.fun",
        has_liquidity=False,
    ),
    # a Cyrillic letter at the end, a name with an override of direction and an invisible space
    Lookalike(
        _listing(_mint("usdc"), "USD\u0421", "USD\u202eCoin\u200b", "1.0", 2_100_000_000, 361_000, days=1),
        "USDC",
        holders=3,
        trades=44,
        freezable=True,
    ),
    Lookalike(
        _listing(_mint("jup"), "JUP", "Jupiter", "0.61", 940_000_000, 38_000, days=3),
        "JUP",
        holders=58,
        trades=47,
    ),
    Lookalike(
        _listing(_mint("trump"), "TRUMP", "OFFICIAL TRUMP", "9.1", 1_632_000_000, 360_814, days=12),
        "TRUMP",
        holders=112,
        trades=44,
        suspected=True,
    ),
    # Greek capitals throughout
    Lookalike(
        _listing(
            _mint("bonk"), "\u0392\u039f\u039d\u039a", "\u0392onk", "0.000016", 51_000_000, 900, days=0.3
        ),
        "BONK",
        holders=7,
        trades=12,
        launchpad="pump.fun",
    ),
    Lookalike(
        _listing(_mint("wif"), "$WI\u200bF", "dogwif\u2060hat", "0.0000844", 6_100, 5_200, days=0.1),
        "WIF",
        holders=220,
        trades=810,
        launchpad="letsbonk.fun",
    ),
    Lookalike(
        _listing(_mint("btc"), "BTC", "Bitcoin [Official] \x1b[31m", "0.0042", 88_000, 61_000, days=40),
        "BTC",
        holders=900,
        trades=2300,
    ),
)

LOOKALIKES = {lookalike.listing.mint: lookalike for lookalike in _ALL}
"""All of them, by mint."""
