"""The titles above the columns of a table, one of which may be marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from streamtui.format.cells import Cell, Span, cell
from streamtui.widgets.columns import Column, Placed


class ColumnTitles:
    """The title of each column."""

    def __init__(self, columns: Sequence[Column]) -> None:
        """Begin with the titles of the columns themselves."""
        self._titles = {column.key: column.title for column in columns}
        self._marked: tuple[str, str] = ("", "")
        """A column and the mark after its title; none while both are empty."""

    def mark(self, column: str, mark: str) -> bool:
        """Put a mark, one cell wide, after the title of a column, and take it from the others.

        Returns whether the line of titles must be drawn again.
        """
        changed = self._marked != (column, mark)
        self._marked = (column, mark)
        return changed

    def cells(self, placed: Iterable[Placed]) -> tuple[Cell, ...]:
        """Return the titles of the columns that have room."""
        return tuple([self._cell(one.column.key) for one in placed])

    def _cell(self, column: str) -> Cell:
        marked, mark = self._marked
        title = self._titles[column]
        if column != marked or not mark:
            return cell(title)
        return (Span(title.rstrip() + mark, "strong"),)
