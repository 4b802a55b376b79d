"""Names and values in one or two columns, as a single widget: quicker to open than a widget for each."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest

from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from streamtui.format.content import MUTED

NAME = 13
"""Cells for the names."""
GAP = 2
"""Cells between two columns."""


class FactSheet(Static):
    """Shows named values; it is drawn again when one of them has changed. Long values wrap."""

    def __init__(self, facts: Mapping[str, Content], *, two_columns_from: int | None = None, id: str) -> None:  # noqa: A002 - Textual's word
        """Make the sheet.

        Args:
            facts: Names and values, in their order; side by side where there are two columns.
            two_columns_from: The width in cells from which on there are two columns; ``None``: never.
            id: Its name in the style sheet.
        """
        super().__init__(id=id)
        self._facts = facts
        self._two_columns_from = two_columns_from

    def show(self, facts: Mapping[str, Content]) -> None:
        """Show other values."""
        if facts != self._facts:
            self._facts = facts
            self._write(self.size.width)

    def on_resize(self, event: Resize) -> None:
        """Write the values for the room there is."""
        self._write(event.size.width)

    def _write(self, width: int) -> None:
        if width > NAME:
            two = self._two_columns_from is not None and width >= self._two_columns_from
            self.update(sheet(self._facts, width, columns=2 if two else 1))


def sheet(facts: Mapping[str, Content], width: int, *, columns: int) -> Content:
    """Return names and values as lines of ``width`` cells, in one or two columns."""
    room = width if columns == 1 else (width - GAP) // 2
    cells = [_lines(name, value, room) for name, value in facts.items()]
    if columns == 1:
        return Content("\n").join([line for lines in cells for line in lines])
    rows = []
    nothing: list[Content] = []
    for left, right in zip_longest(cells[::2], cells[1::2], fillvalue=nothing):
        for one, other in zip_longest(left, right, fillvalue=Content("")):
            rows.append(Content.assemble(one, " " * (room + GAP - one.cell_length), other))
    return Content("\n").join(rows)


def _lines(name: str, value: Content, width: int) -> list[Content]:
    lines = value.wrap(max(1, width - NAME))  # between words where it can
    names = [Content.styled(f"{name:<{NAME}}", MUTED), *[Content(" " * NAME)] * (len(lines) - 1)]
    return [Content.assemble(one, other) for one, other in zip(names, lines, strict=True)]
