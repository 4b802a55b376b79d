"""What the emulated market starts from for one token."""

from __future__ import annotations

from decimal import Decimal

import msgspec


class Listing(msgspec.Struct, frozen=True):
    """What the market starts from for one token."""

    mint: str
    symbol: str
    name: str
    decimals: int
    price: Decimal
    """USD."""
    volume_24h: Decimal
    """USD."""
    liquidity: Decimal
    """USD."""
    supply: Decimal
    """Whole tokens."""
    volatility: float
    """Standard deviation of a day's logarithmic return."""
    verified: bool = True
    days: float | None = None
    """Since it was listed; ``None`` leaves it to the catalogue."""
