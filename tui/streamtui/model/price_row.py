"""A row of the price list: one watched token and the last that is known of its price."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Protocol

from msgspec.structs import replace

from streamcore import PriceUpdate
from streamtui.format.numbers import is_sayable
from streamtui.model.candles import Candles

SAMPLE_INTERVAL = 6.0
"""Seconds between two samples of the sparkline."""
SAMPLES = 120
"""Samples kept of a row: twelve minutes."""


class WatchedToken(Protocol):
    """What a row must know of its token; `streamcore.assets.tokens.Token` is one."""

    @property
    def symbol(self) -> str:
        """The ticker to show."""
        ...

    @property
    def name(self) -> str:
        """What it is; empty when unknown."""
        ...

    @property
    def mint(self) -> str:
        """Its mint address; empty when it is no Solana token."""
        ...


@dataclass(slots=True)
class PriceRow:
    """One watched token and the last that is known of it."""

    key: str
    token: WatchedToken
    number: int
    update: PriceUpdate | None = None
    samples: deque[Decimal | None] = field(default_factory=lambda: deque(maxlen=SAMPLES))
    sampled: int = 0
    """How many samples have been taken, also those that are not kept any more."""
    shown: Decimal | None = None
    """The price on the screen."""
    before: Decimal | None = None
    """The price that was on the screen before it."""
    candles: Candles = field(default_factory=Candles)
    high: Decimal | None = None
    """The highest price of this session."""
    low: Decimal | None = None
    flash: int = 0
    """1 or -1 while the changed digits stand out, for up or down."""
    flash_until: float = 0.0
    name: str = ""
    """What it is the price of; it may change with the source, see `PriceList.name_of`."""
    painted_at: float = float("-inf")
    dirty: bool = True

    def sample(self, price: Decimal | None) -> None:
        """Take a sample; ``None`` leaves a gap, and so does an absurd price."""
        self.samples.append(price if is_sayable(price) else None)
        self.sampled += 1

    def seen(self, update: PriceUpdate) -> None:
        """Keep what an update says about the course of the price."""
        price = update.price
        if not is_sayable(price):
            return
        if self.high is None or self.low is None:
            self.high = self.low = price
        elif price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.candles.add(update.ts, float(price))

    def set_back(self, at: float, by: float) -> None:
        """Date back what was dated by a clock that has been set back by so many seconds, to ``at``."""
        if self.update is not None and self.update.ts > at:
            self.update = replace(self.update, ts=self.update.ts - by)
            self.candles.set_back(by)

    def trend(self) -> Decimal | None:
        """Return by how much the price has changed over the samples, as a share of the first."""
        known = [sample for sample in self.samples if sample is not None]
        return (known[-1] - known[0]) / known[0] if len(known) > 1 and known[0] else None

    @property
    def mint(self) -> str:
        """The mint of what its price is the price of; empty when that is no Solana token."""
        return self.token.mint or (self.update.address or "" if self.update else "")

    def age(self, at: float) -> float | None:
        """Return the seconds since a source last confirmed this price; ``None`` before the first."""
        return None if self.update is None else max(0.0, at - self.update.ts)


class Freshness(Enum):
    """What the age of a price means."""

    WAITING = "waiting"
    """No price has come yet."""
    UNLISTED = "unlisted"
    """No price will come: no source in use has it."""
    FRESH = "fresh"
    QUIET = "quiet"
    """Nothing was traded for long: its source proves all the time that it would have told."""
    OLD = "old"
    """Nobody has confirmed it for long, so it may be wrong."""


def key_of(token: WatchedToken) -> str:
    """Return what names a token's row: its mint, or its ticker where it has none."""
    return token.mint or token.symbol
