"""Which rows a table shows, by number and by key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol


class RowOrder(Protocol):
    """The keys of the rows of a table, from the top; none comes twice.

    While it draws, a table asks only for the rows in view and for the row of the cursor. An order that is
    kept elsewhere, such as `streamtui.model.transaction_order.TransactionOrder`, need not be copied.
    """

    def __len__(self) -> int:
        """Return how many rows there are."""
        ...

    def __contains__(self, key: object) -> bool:
        """Return whether a key has a row."""
        ...

    def key(self, row: int) -> str:
        """Return the key of a row, counted from 0 at the top; there must be one."""
        ...

    def keys(self, start: int = 0, stop: int | None = None) -> list[str]:
        """Return the keys of some rows, from the top."""
        ...

    def row(self, key: str) -> int | None:
        """Return the row of a key; ``None`` when it is not shown."""
        ...


class ListedRows:
    """Rows in the order of a list."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._keys = list(keys)
        self._row_of = {key: row for row, key in enumerate(self._keys)}

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._row_of

    def key(self, row: int) -> str:
        """Return the key of a row."""
        return self._keys[row]

    def keys(self, start: int = 0, stop: int | None = None) -> list[str]:
        """Return the keys of some rows."""
        return self._keys[start:stop]

    def row(self, key: str) -> int | None:
        """Return the row of a key."""
        return self._row_of.get(key)

    def first_difference(self, others: Sequence[str]) -> int | None:
        """Return the first row at which ``others`` differ from these; ``None``: they are the same."""
        for row, (one, other) in enumerate(zip(self._keys, others, strict=False)):
            if one != other:
                return row
        return None if len(self._keys) == len(others) else min(len(self._keys), len(others))
