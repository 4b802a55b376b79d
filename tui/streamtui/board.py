"""The prices on the screen: rows, which of them are due for a repaint, and in which order they stand.

Nothing here draws, waits or reads a clock. Two clocks come in as numbers: ``now`` is monotonic seconds and
paces repaints, ``at`` is Unix seconds like an event's ``ts`` and tells how old a price is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from streamcore.events import PriceUpdate

SAMPLE_INTERVAL = 3.0
"""Seconds between two samples of the sparkline."""
SAMPLES = 120
"""Samples kept of a row: six minutes."""
FLASH = 0.6
"""Seconds the changed digits of a price stand out."""


class WatchedToken(Protocol):
    """What a row must know of its token; `streamcore.tokens.Token` is one."""

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


class PriceSort(StrEnum):
    """The orders of the price table, in the order in which the key goes through them."""

    ADDED = "as added"
    SYMBOL = "symbol"
    PRICE = "price"
    CHANGE = "24 h change"
    VOLUME = "volume"


@dataclass(slots=True)
class PriceRow:
    """One watched token and the last that is known of it."""

    key: str
    token: WatchedToken
    number: int
    update: PriceUpdate | None = None
    samples: deque[Decimal | None] = field(default_factory=lambda: deque(maxlen=SAMPLES))
    shown: Decimal | None = None
    """The price on the screen."""
    before: Decimal | None = None
    """The price that was on the screen before it."""
    flash: int = 0
    """1 or -1 while the changed digits stand out, for up or down."""
    flash_until: float = 0.0
    painted_at: float = float("-inf")
    dirty: bool = True

    def age(self, at: float) -> float | None:
        """Return the seconds since a source last confirmed this price; ``None`` before the first."""
        return None if self.update is None else max(0.0, at - self.update.ts)

    def is_old(self, at: float, ttl: float) -> bool:
        """Return whether nobody has confirmed this price for ``ttl`` seconds."""
        age = self.age(at)
        return age is not None and age >= ttl


class PriceBoard:
    """The watched tokens, by key: the mint address where there is one, else the ticker."""

    def __init__(self, *, throttle: float, ttl: float) -> None:
        """Make an empty board.

        Args:
            throttle: Seconds between two repaints of one row.
            ttl: Seconds after which an unconfirmed price counts as old.
        """
        self.throttle = throttle
        self.ttl = ttl
        self.rows: dict[str, PriceRow] = {}
        self.sort = PriceSort.ADDED
        self.filter = ""
        self._added = 0
        self._by_ticker: dict[str, str] = {}
        self._restless: set[str] = set()

    @property
    def restless(self) -> bool:
        """Whether a row waits for a repaint."""
        return bool(self._restless)

    def add(self, token: WatchedToken) -> bool:
        """Add a row; return whether it is a new one."""
        key = key_of(token)
        if key in self.rows:
            return False
        self._added += 1
        self.rows[key] = PriceRow(key, token, self._added)
        self._by_ticker[token.symbol.casefold()] = key
        self._restless.add(key)
        return True

    def remove(self, key: str) -> PriceRow | None:
        """Remove a row and return it; updates that still come for it are ignored."""
        row = self.rows.pop(key, None)
        if row is not None:
            self._restless.discard(key)
            self._by_ticker = {r.token.symbol.casefold(): r.key for r in self.rows.values()}
        return row

    def apply(self, update: PriceUpdate) -> bool:
        """Take an update; return whether a row wanted it."""
        row = self.rows.get(update.address or "") or self.rows.get(
            self._by_ticker.get(update.symbol.casefold(), "")
        )
        if row is None:
            return False
        if row.update is None and update.price is not None:
            row.samples.append(update.price)
        row.update = update
        row.dirty = True
        self._restless.add(row.key)
        return True

    def due(self, now: float) -> list[PriceRow]:
        """Return the rows to paint now, and count them as painted.

        A row is due at once after a quiet spell, then once per ``throttle``; what came in between is not
        lost, the row stays dirty until its last value has been returned.
        """
        due = []
        for key in sorted(self._restless):
            row = self.rows[key]
            if row.dirty and now - row.painted_at >= self.throttle - 1e-6:
                self._paint(row, now)
                due.append(row)
            elif row.flash and now >= row.flash_until:
                row.flash = 0
                due.append(row)
            if not row.dirty and not row.flash:
                self._restless.discard(key)
        return due

    def _paint(self, row: PriceRow, now: float) -> None:
        row.dirty, row.painted_at = False, now
        price = row.update.price if row.update else None
        if price is not None and row.shown is not None and price != row.shown:
            row.before = row.shown
            row.flash = 1 if price > row.shown else -1
            row.flash_until = now + FLASH
        row.shown = price

    def sample(self, at: float) -> None:
        """Take a sample of every price; an old one leaves a gap."""
        for row in self.rows.values():
            if row.update is not None:
                row.samples.append(None if row.is_old(at, self.ttl) else row.update.price)

    def ordered(self) -> list[PriceRow]:
        """Return the rows that the filter lets through, in the order asked for; unknown values come last."""
        wanted = self.filter.casefold()
        rows = [
            row
            for row in self.rows.values()
            if wanted in row.token.symbol.casefold() or wanted in row.token.name.casefold()
        ]
        match self.sort:
            case PriceSort.ADDED:
                return sorted(rows, key=lambda row: row.number)
            case PriceSort.SYMBOL:
                return sorted(rows, key=lambda row: (row.token.symbol.casefold(), row.number))
            case PriceSort.PRICE:
                return _largest_first(rows, "price")
            case PriceSort.CHANGE:
                return _largest_first(rows, "change_24h")
            case PriceSort.VOLUME:
                return _largest_first(rows, "volume_24h")


def key_of(token: WatchedToken) -> str:
    """Return what names a token's row: its mint, or its ticker where it has none."""
    return token.mint or token.symbol


def _largest_first(rows: Iterable[PriceRow], name: str) -> list[PriceRow]:
    def rank(row: PriceRow) -> tuple[bool, Decimal, int]:
        value: Decimal | None = getattr(row.update, name, None)
        return value is None, -(value or Decimal(0)), row.number

    return sorted(rows, key=rank)


def common_prefix(a: str, b: str) -> int:
    """Return how many characters two texts share at their beginning."""
    return next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
