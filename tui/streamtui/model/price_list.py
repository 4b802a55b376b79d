"""The prices on the screen: which rows there are, which of them are due for a repaint, what a filter leaves.

Nothing here draws, waits or reads a clock. Two clocks come in as numbers: ``now`` is monotonic seconds and
paces repaints, ``at`` is Unix seconds like an event's ``ts`` and tells how old a price is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from streamcore import PriceUpdate
from streamtui.model.price_order import PriceSort, in_order
from streamtui.model.price_row import Freshness, PriceRow, WatchedToken, key_of

SLACK = 1e-6
"""Seconds by which a repaint may come early: sums of floats are not exact."""
FLASH = 0.6
"""Seconds the changed digits of a price stand out, at least; the next repaint ends it."""


@dataclass(frozen=True, slots=True)
class Totals:
    """How many of some rows are up, down and unchanged in 24 hours; of the others nothing is known."""

    up: int = 0
    down: int = 0
    unchanged: int = 0


class PriceList:
    """The watched tokens, by key: the mint address where there is one, else the ticker."""

    def __init__(self, *, throttle: float, ttl: float) -> None:
        """Make an empty list.

        Args:
            throttle: Seconds between two repaints of one row.
            ttl: Seconds after which an unconfirmed price counts as old.
        """
        self.throttle = throttle
        self.ttl = ttl
        self.rows: dict[str, PriceRow] = {}
        self.sort = PriceSort.OWN
        self.backwards = False
        """Whether the order is turned round."""
        self.filter = ""
        self.watchlist: Collection[str] | None = None
        """The keys of the rows to show; ``None`` shows all."""
        self.changed = True
        """Whether rows came or went since `ordered` was last asked."""
        self.proving: Collection[str] = ()
        """The providers whose silence about a price proves that it stands."""
        self.sources: Mapping[str, str | None] = {}
        """The key of each row to its provider of the moment, or ``None``; it changes by itself."""
        self.name_of: Callable[[PriceUpdate], str] = lambda update: ""
        """Returns what an update is about, for rows whose asset depends on the source."""
        self._added = 0
        self._receivers: dict[tuple[str, str | None], tuple[PriceRow, ...]] = {}
        """Symbol and address of an update to the rows it is for; made when asked for."""
        self._waiting: set[str] = set()
        self._totals: tuple[object, Totals] | None = None

    @property
    def has_waiting(self) -> bool:
        """Whether a row waits for a repaint."""
        return bool(self._waiting)

    def due_at(self) -> float | None:
        """Return the monotonic seconds of the next moment at which `due` has a new price; ``None`` for never.

        Digits that stand out and have done so for long enough wait for the next repaint, whatever it is for.
        """
        rows = map(self.rows.__getitem__, self._waiting)
        return min((row.painted_at + self.throttle for row in rows if row.dirty), default=None)

    def add(self, token: WatchedToken) -> bool:
        """Add a row; return whether it is a new one."""
        key = key_of(token)
        if key in self.rows:
            return False
        self._added += 1
        self.rows[key] = PriceRow(key, token, self._added, name=token.name)
        self._receivers.clear()
        self._waiting.add(key)
        self.changed = True
        return True

    def rename(self, key: str, name: str) -> None:
        """Name a row that has no price yet: what a ticker stands for depends on who will serve it."""
        row = self.rows.get(key)
        if row is not None and row.update is None:
            row.name = name

    def remove(self, key: str) -> PriceRow | None:
        """Remove a row and return it; updates that still come for it are ignored."""
        row = self.rows.pop(key, None)
        if row is not None:
            self._totals = None
            self._waiting.discard(key)
            self.changed = True
            self._receivers.clear()
        return row

    def restart(self) -> None:
        """Forget every price, and keep the rows: what comes from now on is other data."""
        for key, row in self.rows.items():
            self.rows[key] = PriceRow(key, row.token, row.number, name=row.token.name)
        self._receivers.clear()
        self._totals = None
        self._waiting = set(self.rows)
        self.changed = True

    def freshness(self, row: PriceRow, at: float) -> Freshness:
        """Return what the age of a row's price means ``at`` (Unix seconds)."""
        age = row.age(at)
        if age is None or row.update is None:
            has_source = not self.sources or self.sources.get(row.key) is not None
            return Freshness.WAITING if has_source else Freshness.UNLISTED
        if age < self.ttl:
            return Freshness.FRESH
        return Freshness.QUIET if row.update.provider in self.proving else Freshness.OLD

    def apply(self, update: PriceUpdate) -> tuple[PriceRow, ...]:
        """Take an update; return the rows that wanted it.

        A row of a mint takes what is about that mint and nothing else; a row of a ticker takes what came
        under that ticker.
        """
        about = update.symbol, update.address
        rows = self._receivers.get(about)
        if rows is None:
            rows = self._receivers[about] = self._rows_for(update)
        if len(rows) > 1:
            rows = tuple([row for row in rows if self._serves(update, row)])
        for row in rows:
            if row.update is None and update.price is not None:
                row.sample(update.price)
            if not row.token.mint and (row.update is None or row.update.address != update.address):
                row.name = self.name_of(update) or row.name
            if row.update is None or row.update.change_24h != update.change_24h:
                self._totals = None
            row.update = update
            row.dirty = True
            row.seen(update)
            self._waiting.add(row.key)
        return rows

    def _serves(self, update: PriceUpdate, row: PriceRow) -> bool:
        """Whether an update that other rows take, too, is about a row, or only about the same ticker."""
        return bool(row.token.mint) or self.sources.get(row.key, update.provider) == update.provider

    def _rows_for(self, update: PriceUpdate) -> tuple[PriceRow, ...]:
        ticker = update.symbol.casefold()
        return tuple(
            row
            for row in self.rows.values()
            if (row.key == update.address if row.token.mint else row.token.symbol.casefold() == ticker)
        )

    def due(self, now: float) -> list[PriceRow]:
        """Return the rows to paint now, and count them as painted.

        A row is due at once after a quiet spell, then once per ``throttle``; what came in between is not
        lost, the row stays dirty until its last value has been returned.
        """
        due = []
        for key in list(self._waiting):
            row = self.rows[key]
            if row.dirty and now - row.painted_at >= self.throttle - SLACK:
                self._paint(row, now)
                due.append(row)
            elif row.flash and now >= row.flash_until:
                row.flash = 0
                due.append(row)
            if not row.dirty and not row.flash:
                self._waiting.discard(key)
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
                row.sample(None if self.freshness(row, at) is Freshness.OLD else row.update.price)

    def ordered(self) -> list[PriceRow]:
        """Return the rows that filter and watchlist let through, in the order asked for.

        What is not known comes last, whichever way round.
        """
        self.changed = False
        shown = [row for row in self.rows.values() if self._lets_through(row)]
        return in_order(shown, self.sort, backwards=self.backwards)

    def move(self, key: str, by: int) -> bool:
        """Move a row up (-1) or down (1) among the rows that are shown; return whether it could.

        From then on rows stand in one's own order; another order becomes one's own as it stands.
        """
        shown = self.ordered()
        at = next((at for at, row in enumerate(shown) if row.key == key), None)
        if at is None or not 0 <= at + by < len(shown):
            return False
        if self.sort is not PriceSort.OWN or self.backwards:
            numbers = sorted(row.number for row in shown)
            for row, number in zip(shown, numbers, strict=True):
                row.number = number
            self.sort, self.backwards = PriceSort.OWN, False
        one, other = shown[at], shown[at + by]
        one.number, other.number = other.number, one.number
        return True

    def totals(self) -> Totals:
        """Return what is up and down among the rows that watchlist and filter let through."""
        about = (self.watchlist, self.filter, len(self.rows))
        if self._totals is None or self._totals[0] != about:
            self._totals = (about, self._count())
        return self._totals[1]

    def _lets_through(self, row: PriceRow) -> bool:
        wanted = self.filter.casefold()
        return (self.watchlist is None or row.key in self.watchlist) and (
            not wanted or wanted in row.token.symbol.casefold() or wanted in row.name.casefold()
        )

    def _count(self) -> Totals:
        up = down = unchanged = 0
        for row in self.rows.values():
            change = row.update.change_24h if row.update else None
            if change is None or not self._lets_through(row):
                continue
            if change > 0:
                up += 1
            elif change < 0:
                down += 1
            else:
                unchanged += 1
        return Totals(up, down, unchanged)
