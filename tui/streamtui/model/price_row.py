"""A row of the price list: one watched token and its last price."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Protocol

from msgspec.structs import replace

from streamcore import CandleSeries, PriceUpdate, price_key
from streamtui.format.numbers import is_plausible
from streamtui.model.day_range import KEPT_FOR, DayRange, day_range
from streamtui.model.session_candles import SessionCandles
from streamtui.model.trend import Trend

SAMPLE_INTERVAL = 6.0
"""Seconds after which a price that has moved is taken into the trend."""


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
    """One watched token, its last price, and how that is drawn."""

    key: str
    token: WatchedToken
    number: int
    """The place of the row in the person's own order; smaller is higher."""
    update: PriceUpdate | None = None
    """The last update; ``None`` before the first."""
    trend: Trend = field(default_factory=Trend)
    """The price over the last 24 hours."""
    shown: Decimal | None = None
    """The price on the screen."""
    before: Decimal | None = None
    """The price that was on the screen before it."""
    candles: SessionCandles = field(default_factory=SessionCandles)
    """What this session has seen."""
    high: Decimal | None = None
    """The highest price of this session."""
    low: Decimal | None = None
    day: DayRange | None = None
    """The extremes of 24 hours by candles of some source; ``None``: not known, or long ago."""
    flash: int = 0
    """1 or -1 while the changed digits stand out, for up or down."""
    flash_until: float = 0.0
    """Monotonic seconds."""
    name: str = ""
    """The name of the asset; it may change with the source, see `PriceList.name_of`."""
    painted_at: float = float("-inf")
    """Monotonic seconds of the last repaint."""
    dirty: bool = True
    """Whether the last update has not been painted yet."""

    def seen(self, update: PriceUpdate) -> None:
        """Add the price of an update to the candles and to the extremes of the session."""
        price = update.price
        if not is_plausible(price):
            return
        if self.high is None or self.low is None:
            self.high = self.low = price
        elif price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        if self.day is not None and self.day.provider == update.provider:
            self.day.take(price)
        self.candles.add(update.ts, float(price))

    def take_past(self, series: CandleSeries, at: float) -> None:
        """Take from the past, as of Unix seconds ``at``, what the price's source does not tell itself."""
        self.day = day_range(series, at) or self.day

    def sample(self, at: float, *, old: bool) -> None:
        """Take the price into the trend at Unix seconds ``at``; an ``old`` one leaves a gap."""
        if self.update is not None:
            self.trend.add(at, None if old else self.update.price)
        if self.day is not None and at - self.day.taken_at >= KEPT_FOR:
            self.day = None

    @property
    def high_24h(self) -> Decimal | None:
        """The highest price of 24 hours at the row's own source, as it says or by its candles."""
        day = self._own_day
        told = self.update.high_24h if self.update is not None else None
        return told if told is not None or day is None else day.high

    @property
    def low_24h(self) -> Decimal | None:
        """The lowest price of 24 hours, as of `high_24h`."""
        day = self._own_day
        told = self.update.low_24h if self.update is not None else None
        return told if told is not None or day is None else day.low

    @property
    def _own_day(self) -> DayRange | None:
        own = self.update is not None and self.day is not None and self.day.provider == self.update.provider
        return self.day if own else None

    def set_back(self, at: float, by: float) -> None:
        """Date the row back after the wall clock was set back by so many seconds, to Unix seconds ``at``."""
        if self.update is not None and self.update.ts > at:
            self.update = replace(self.update, ts=self.update.ts - by)
            self.candles.set_back(by)
            self.trend.set_back(by)

    @property
    def mint(self) -> str:
        """The mint address of the asset whose price is shown; empty when that is no Solana token."""
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
    """Not confirmed for long, but its source is live and sends heartbeats: nothing was traded."""
    OLD = "old"
    """Not confirmed for long, and the source does not prove that it is alive: the price may be wrong."""


def key_of(token: WatchedToken) -> str:
    """Return the key of a token's row: its mint, or its ticker where it has none."""
    return price_key(token.symbol, token.mint)
