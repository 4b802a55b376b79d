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


class _OnLine(dict[str, Style]):
    """The styles on one kind of line by their names, each computed when it is first asked for."""

    def __init__(
        self, base: Style, style: Callable[[str], Style], filtered: Callable[[Style], Style]
    ) -> None:
        super().__init__({"": filtered(base)})
        self._base, self._style, self._filtered = base, style, filtered

    def __missing__(self, name: str) -> Style:
        style = self[name] = self._filtered(self._base + self._style(name))
        return style


class LinePainter:
    """Draws header, rows and messages of one table.

    ``placed`` are the columns that have room; whoever changes it must call `forget_lines`.
    """

    def __init__(
        self,
        base_style: Callable[[], Style],
        style: Callable[[str], Style],
        filtered: Callable[[Style], Style] = lambda style: style,
    ) -> None:
        """Make a painter that has drawn nothing yet.

        Args:
            base_style: Returns the style of a line. It is expensive, because Textual computes it with each
                call; the painter keeps the result.
            style: Returns the style of one of the names in `STYLES`; expensive like ``base_style``.
            filtered: Returns what the app's filters, such as that for ``NO_COLOR``, make of a style.
        """
        self.placed: list[Placed] = []
        self._ask_base_style = base_style
        self._ask_style = style
        self._filtered = filtered
        self._base: Style | None = None
        self._styles: dict[str, Style] = {}
        self._on_lines: dict[bool, _OnLine] = {}
        """The styles on lines without the cursor, and on the line with it."""
        self._rows: dict[tuple[str, bool], Strip] = {}
        """By key, and whether the cursor is on it."""
        self._header: tuple[object, Strip] | None = None

    def forget_styles(self) -> None:
        """Have everything drawn anew when it is next asked for, in styles that are computed again."""
        self._styles.clear()
        self._base = None
        self._on_lines.clear()
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
            self._header = ((titles, width), self._draw(titles, self._header_style(), width))
        return self._header[1]

    def row(self, key: str, cells: Sequence[Cell] | None, width: int, *, selected: bool) -> Strip:
        """Return the line of a row; blank while its cells are not known."""
        strip = self._rows.get((key, selected))
        if strip is None:
            shown = [cells[placed.index] for placed in self.placed] if cells else []
            strip = self._rows[key, selected] = self._draw(shown, self._on_line(selected), width)
        return strip

    def message(self, lines: Sequence[str], at: int, width: int) -> Strip:
        """Return line ``at`` of a message; blank when it has no such line."""
        styles = self._on_line(False)
        if not 0 <= at < len(lines):
            return Strip.blank(width, styles[""])
        spans = fitted((Span(" "), Span(lines[at], "message")), width)
        return Strip([Segment(span.text, styles[span.style]) for span in spans])

    def _draw(self, cells: Sequence[Cell], styles: _OnLine, width: int) -> Strip:
        return line_of(cells, self.placed, width, styles[""], styles.__getitem__)

    def _on_line(self, selected: bool) -> _OnLine:
        styles = self._on_lines.get(selected)
        if styles is None:
            base = self._base_style()
            styles = _OnLine(base + self._style("cursor") if selected else base, self._style, self._filtered)
            self._on_lines[selected] = styles
        return styles

    def _header_style(self) -> _OnLine:
        return _OnLine(self._style("header"), self._style, self._filtered)

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
