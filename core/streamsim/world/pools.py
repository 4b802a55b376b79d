"""The pools in which the tokens of the emulated market trade, as indexers of such exchanges list them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from decimal import Decimal

import base58
import msgspec

from streamsim.wire import is_address
from streamsim.world.catalog import CATALOG, SOL, USDC, USDT

_DEXES = ("orca", "raydium", "meteora")
_OF_SOL = {USDC: "orca", USDT: "meteora"}
"""Stable coins, and the exchange whose pool of SOL is theirs as well."""
_YOUNG = 5 * 86_400
"""Seconds for which the youngest pool of a token exists."""


class Pool(msgspec.Struct, frozen=True):
    """One pool, in which two tokens trade against each other at the prices of the market."""

    address: str
    dex: str
    base: str
    """Mint of the token whose price in the other one is the pool's price."""
    quote: str
    about: str
    """The mint of the two whose trades it shares in."""
    share: Decimal
    """Of that token's liquidity and volume."""
    opened: float
    """Unix seconds."""

    def other(self, mint: str) -> str:
        """Return the other one of its two mints."""
        return self.quote if mint == self.base else self.base


def pool_address(dex: str, mint: str) -> str:
    """Return the address of a token's pool on one exchange."""
    return base58.b58encode(hashlib.sha256(f"{dex}/{mint}".encode()).digest()).decode()


class Pools:
    """The pools of all tokens of a market; those of a token are the same every time.

    Args:
        lifetime: Returns since when a token is listed, and when the market opened for it, Unix seconds;
            ``None`` for one without a price.
    """

    def __init__(self, lifetime: Callable[[str], tuple[float, float] | None]) -> None:
        self.none: set[str] = set()
        """Mints without a pool, as tokens that still trade on the bonding curve of a launchpad are."""
        self._lifetime = lifetime
        self._known: dict[str, list[Pool]] = {}

    def of(self, mint: str) -> list[Pool]:
        """Return the pools of a token, the deepest first; none for what has no price.

        The second is older than the first, the third is young. The deepest pool of a stable coin is one of
        SOL, in which it is the quote side.
        """
        lifetime = self._lifetime(mint) if is_address(mint) else None
        if lifetime is None or mint in self.none:
            return []
        if mint not in self._known:
            self._known[mint] = self._made(mint, *lifetime)
        return self._known[mint]

    def at(self, address: str) -> Pool | None:
        """Return a pool of a token that has been asked for, or that is known by name."""
        for mint in (*self._known, *CATALOG):
            for pool in self.of(mint) if any(pool_address(dex, mint) == address for dex in _DEXES) else ():
                if pool.address == address:
                    return pool
        return None

    def _made(self, mint: str, listed: float, now: float) -> list[Pool]:
        later = min(30 * 86_400.0, (now - listed) / 10)
        young = max(listed + later, now // 3600 * 3600 - _YOUNG)
        quotes = {SOL: (USDC, USDC, USDT), USDC: (USDT, USDT, USDT)}.get(mint, (SOL, USDC, SOL))
        shares = (Decimal("0.62"), Decimal("0.31"), Decimal("0.07"))
        opened = (listed + later, listed, young)
        made = [
            Pool(pool_address(dex, mint), dex, mint, quote, mint, share, since)
            for dex, quote, share, since in zip(_DEXES, quotes, shares, opened, strict=True)
        ]
        if mint in _OF_SOL:
            made = [next(pool for pool in self.of(SOL) if pool.dex == _OF_SOL[mint]), *made[1:]]
        return made
