"""The lines of a table, drawn once and kept until what they show or how they look has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from streamtui.format.cells import Cell, Span, fitted
from streamtui.themes import WALLETS
from streamtui.widgets.columns import Placed, line_of

STYLES = (
    "cursor",
    "header",
    "message",
    "strong",
    "dim",
    "up",
    "down",
    "warn",
    "flash-up",
    "flash-down",
    "failed",
    *(f"wallet-{number}" for number in range(1, WALLETS + 1)),
)
"""The names of all styles of a table; the style sheet gives each its colour."""

WITH_BACKGROUND = ("cursor", "header")
"""The styles with a background of their own; with the others, that of the line stays."""


class LinePainter:
    """Draws header, rows and messages of one table.

    ``placed`` are the columns that have room; whoever changes it must call `forget_lines`.
    """

    def __init__(self, base_style: Callable[[], Style], style: Callable[[str], Style]) -> None:
        """Make a painter that has drawn nothing yet.

        Args:
            base_style: Returns the style of a line. It is expensive, because Textual computes it with each
                call; the painter keeps the result.
            style: Returns the style of one of the names in `STYLES`; expensive like ``base_style``.
        """
        self.placed: list[Placed] = []
        self._ask_base_style = base_style
        self._ask_style = style
        self._base: Style | None = None
        self._styles: dict[str, Style] = {}
        self._rows: dict[tuple[str, bool], Strip] = {}
        """By key, and whether the cursor is on it."""
        self._header: tuple[object, Strip] | None = None

    def forget_styles(self) -> None:
        """Have everything drawn anew when it is next asked for, in styles that are computed again."""
        self._styles.clear()
        self._base = None
        self.forget_lines()

    def forget_lines(self) -> None:
        """Have every line drawn anew when it is next asked for."""
        self._rows.clear()
        self._header = None

    def forget(self, key: str) -> None:
        """Have a row drawn anew when it is next asked for."""
        self._rows.pop((key, False), None)
        self._rows.pop((key, True), None)

    def header(self, titles: tuple[Cell, ...], width: int) -> Strip:
        """Return the line of the column titles."""
        if self._header is None or self._header[0] != (titles, width):
            self._header = ((titles, width), self._draw(titles, self._style("header"), width))
        return self._header[1]

    def row(self, key: str, cells: Sequence[Cell] | None, width: int, *, selected: bool) -> Strip:
        """Return the line of a row; blank while its cells are not known."""
        strip = self._rows.get((key, selected))
        if strip is None:
            base = self._base_style()
            if selected:
                base += self._style("cursor")
            shown = [cells[placed.index] for placed in self.placed] if cells else []
            strip = self._rows[key, selected] = self._draw(shown, base, width)
        return strip

    def message(self, lines: Sequence[str], at: int, width: int) -> Strip:
        """Return line ``at`` of a message; blank when it has no such line."""
        base = self._base_style()
        if not 0 <= at < len(lines):
            return Strip.blank(width, base)
        spans = fitted((Span(" "), Span(lines[at], "message")), width)
        return Strip([Segment(s.text, base + self._style(s.style) if s.style else base) for s in spans])

    def _draw(self, cells: Sequence[Cell], base: Style, width: int) -> Strip:
        return line_of(cells, self.placed, width, base, self._style)

    def _style(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            full = self._ask_style(name)
            style = full if name in WITH_BACKGROUND else full.without_color + Style(color=full.color)
            self._styles[name] = style
        return style

    def _base_style(self) -> Style:
        if self._base is None:
            self._base = self._ask_base_style()
        return self._base
