"""The order of the transactions on the screen: from a row's number to its key and back, by bisection.

A full list holds thousands of rows and changes with every transaction, so finding, adding and removing a row
must not go through all of them.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class TransactionSort(StrEnum):
    """The orders of the transaction list, in the order in which the key goes through them."""

    NEWEST_FIRST = "newest first"
    NEWEST_LAST = "newest last"
    WALLET = "wallet"


class Rank(NamedTuple):
    """The sort key of a row; the smallest comes first."""

    label: str
    """The name of its wallet in small letters, where rows are sorted by that; else empty."""
    slot: int
    """The order of the chain: a transaction recovered after a gap is put between the others."""
    arrived: int
    """The order of arrival, which decides within a slot."""
    key: str


class TransactionOrder:
    """The keys of rows in sorted order; a `streamtui.widgets.row_order.RowOrder`."""

    def __init__(self) -> None:
        self.newest_first = False
        """Whether the largest rank is the first row."""
        self._ranks: list[Rank] = []
        self._rank_of: dict[str, Rank] = {}

    def __len__(self) -> int:
        return len(self._ranks)

    def __contains__(self, key: object) -> bool:
        return key in self._rank_of

    def key(self, row: int) -> str:
        """Return the key of a row, counted from 0 at the top; there must be one."""
        return self._ranks[-1 - row if self.newest_first else row].key

    def keys(self, start: int = 0, stop: int | None = None) -> list[str]:
        """Return the keys of some rows, from the top."""
        start, stop, _ = slice(start, stop).indices(len(self._ranks))
        return [self.key(row) for row in range(start, stop)]

    def row(self, key: str) -> int | None:
        """Return the row of a key; ``None`` when it is not shown."""
        rank = self._rank_of.get(key)
        if rank is None:
            return None
        at = bisect_left(self._ranks, rank)
        return len(self._ranks) - 1 - at if self.newest_first else at

    def add(self, rank: Rank) -> None:
        """Put a row where it belongs; its key must not be there yet."""
        insort(self._ranks, rank)
        self._rank_of[rank.key] = rank

    def discard(self, key: str) -> bool:
        """Take a row out, and return whether it was there."""
        rank = self._rank_of.pop(key, None)
        if rank is None:
            return False
        del self._ranks[bisect_left(self._ranks, rank)]
        return True

    def replace(self, ranks: Iterable[Rank]) -> None:
        """Show exactly these."""
        self._ranks = sorted(ranks)
        self._rank_of = {rank.key: rank for rank in self._ranks}
