"""The sentences in a table: in place of rows that are missing, and below rows that wait."""

from __future__ import annotations

from textwrap import wrap

from streamcore import printable
from streamtui.format.cells import PARAGRAPH

GAP = 1
"""Blank lines between the rows and the note below them."""


class TableTexts:
    """Wraps the message and the note of a table to its width.

    The message stands there while there are no rows. The note stands below the rows; while its beginning
    would be out of view, it covers the last lines of the table, because it says why the rows are empty.
    """

    def __init__(self) -> None:
        self.message: tuple[str, ...] = ()
        """Paragraphs."""
        self.note: tuple[str, ...] = ()
        """Paragraphs; the first one says the most."""
        self._wrapped: dict[tuple[str, int], list[str]] = {}

    def message_lines(self, width: int) -> list[str]:
        """Return the lines of the message in a table so many cells wide."""
        return self._lines(self.message, width)

    def note_lines(self, width: int) -> list[str]:
        """Return the lines of the note in a table so many cells wide."""
        return self._lines(self.note, width)

    def note_at(self, line: int, below: int, width: int, height: int) -> tuple[list[str], int] | None:
        """Return the lines of the note and which of them is to be drawn; ``None`` where a row belongs.

        Args:
            line: The line of the table, from 0 below the column titles.
            below: The line behind the last row, which is beyond ``height`` when not all rows are in view.
            width: Of the table, in cells.
            height: Lines below the column titles.
        """
        covered = self.covered(below, width, height)
        if covered:
            top = height - covered
            return None if line < top else (self._paragraph(self.note[0], width), line - top)
        return None if line < below else (self.note_lines(width), line - below - GAP)

    def covered(self, below: int, width: int, height: int) -> int:
        """Return how many of the last lines the note covers; the arguments are those of `note_at`."""
        first = self._paragraph(self.note[0], width) if self.note else []
        return len(first) if below + GAP + len(first) > height > len(first) else 0

    def _lines(self, paragraphs: tuple[str, ...], width: int) -> list[str]:
        return [line for paragraph in paragraphs for line in self._paragraph(paragraph, width)]

    def _paragraph(self, text: str, width: int) -> list[str]:
        found = self._wrapped.get((text, width))
        if found is None:
            if len(self._wrapped) > 2 * (len(self.message) + len(self.note)):
                self._wrapped.clear()  # a countdown makes another text every second
            found = self._wrapped[text, width] = wrap(printable(text, PARAGRAPH), max(1, width - 1))
        return found
