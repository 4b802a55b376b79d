"""The prices on the screen: the rows, which of them are due for a repaint, order and filter.

Nothing here draws, waits or reads a clock; the time is passed in. ``now`` is monotonic seconds and paces
repaints; ``at`` is Unix seconds, like an event's ``ts``, and gives the age of a price.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import msgspec

from streamcore import PriceUpdate
from streamtui.model.price_order import PriceSort, in_order
from streamtui.model.price_row import Freshness, PriceRow, WatchedToken, key_of

SLACK = 1e-6
"""Seconds by which a repaint may come early: sums of floats are not exact."""
FLASH = 0.6
"""Seconds for which the changed digits of a price stand out at least, until the next repaint."""


class Totals(msgspec.Struct, frozen=True):
    """How many rows are up, down and unchanged over 24 hours; rows without that figure are not counted."""

    up: int = 0
    down: int = 0
    unchanged: int = 0


BEFORE_CONNECTED = 5.0
"""Seconds before a connection counts as made in which its first prices may have come."""


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
        self.cut_off: Collection[str] = ()
        """Providers behind a relay that cannot be reached: their prices are old at once."""
        self.heartbeating: Mapping[str, float] = {}
        """Providers that are live and send heartbeats, and since when, in Unix seconds: while such a one says
        nothing, what it has said since then holds."""
        self.sources: Mapping[str, str | None] = {}
        """`streamcore.Engine.price_sources`: the key of a row to the provider that serves it now."""
        self.name_of: Callable[[PriceUpdate], str] = lambda update: ""
        """Returns the name of the asset of an update, for rows of a ticker: it depends on the source."""
        self._added = 0
        self._receivers: dict[tuple[str, str | None], tuple[PriceRow, ...]] = {}
        """Cache: symbol and address of an update to the rows it is for."""
        self._waiting: set[str] = set()
        self._totals: tuple[object, Totals] | None = None

    def due_at(self) -> float | None:
        """Return the monotonic seconds of the next moment at which `due` has a new price; ``None`` for never.

        Digits that stand out do not count: they go back to normal with the next repaint for any other reason.
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
        """Set the name of a row that has no price yet; with the first price, `name_of` takes over."""
        row = self.rows.get(key)
        if row is not None and row.update is None:
            row.name = name

    def set_token(self, key: str, token: WatchedToken) -> None:
        """Show a row's token by another ticker and name; its mint must be the same."""
        row = self.rows.get(key)
        if row is None or (row.token.symbol, row.name) == (token.symbol, token.name):
            return
        row.token, row.name, row.dirty = token, token.name, True
        self._waiting.add(key)
        self._receivers.clear()
        self.changed = True

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
        """Forget every price, and keep the rows: called when demo data replaces real data, or vice versa."""
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
        if row.update.provider in self.cut_off:
            return Freshness.OLD
        if age < self.ttl:
            return Freshness.FRESH
        since = self.heartbeating.get(row.update.provider)
        # a connection begins with every price there is: what is older has not been confirmed by it
        confirmed = since is not None and row.update.ts >= since - BEFORE_CONNECTED
        return Freshness.QUIET if confirmed else Freshness.OLD

    def apply(self, update: PriceUpdate) -> tuple[PriceRow, ...]:
        """Take an update; return the rows it applies to.

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
            if row.update is None:
                row.trend.add(update.ts, update.price)
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
        """Whether an update that matches several rows applies to this one, or only has the same ticker."""
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

        A row that was not painted for ``throttle`` seconds is due at once, others when that time is over. A
        row stays dirty until its last value has been returned, so no last value is lost.
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
        """Take every price into its trend; an old one leaves a gap."""
        for row in self.rows.values():
            row.sample(at, old=self.freshness(row, at) is Freshness.OLD)

    def ordered(self) -> list[PriceRow]:
        """Return the rows that pass filter and watchlist, sorted; rows without the sorted value come last."""
        self.changed = False
        shown = [row for row in self.rows.values() if self._lets_through(row)]
        return in_order(shown, self.sort, backwards=self.backwards)

    def move(self, key: str, by: int) -> bool:
        """Move a row up (-1) or down (1) among the rows that are shown; return whether it could.

        Afterwards the rows are in the person's own order, which starts from the order they were in before.
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
        """Return how many of the rows that pass watchlist and filter are up, down and unchanged."""
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
