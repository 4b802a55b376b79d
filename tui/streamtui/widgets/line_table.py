"""A table for data that never stops: it draws line by line and repaints single cells.

Textual's ``DataTable`` repaints all of itself for every changed cell, and for every cell set to the value
it has. Here a cell is compared first, and only its own few columns of one line are drawn again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from streamtui.format.cells import Cell, Span, cell, fitted
from streamtui.themes import WALLETS
from streamtui.widgets.columns import Column, Placed, line_of, place

HEADER = 1
"""Lines the column titles take."""


class LineTable(ScrollView, can_focus=True):
    """Rows of cells with a cursor. Rows are named by keys; the cursor stays with its row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "jump(0)", "First row", show=False),
        Binding("end,G", "jump(-1)", "Last row", show=False),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line-table--cursor",
        "line-table--header",
        "line-table--message",
        "line-table--strong",
        "line-table--dim",
        "line-table--up",
        "line-table--down",
        "line-table--warn",
        "line-table--flash-up",
        "line-table--flash-down",
        "line-table--failed",
        *(f"line-table--wallet-{number}" for number in range(1, WALLETS + 1)),
    }

    class CursorMoved(Message):
        """The person has moved the cursor; a cursor that merely follows its row says nothing."""

        def __init__(self, table: LineTable, row: int) -> None:
            super().__init__()
            self.table = table
            self.row = row

        @property
        def control(self) -> LineTable:
            """The table it happened in."""
            return self.table

    class Chosen(Message):
        """A row was clicked twice."""

        def __init__(self, table: LineTable) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> LineTable:
            """The table it happened in."""
            return self.table

    class Uncovered(Message):
        """Other rows may be in view than before: the table was scrolled, resized or rearranged."""

        def __init__(self, table: LineTable) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> LineTable:
            """The table it happened in."""
            return self.table

        def can_replace(self, message: Message) -> bool:
            """One of several in a row is enough."""
            return isinstance(message, LineTable.Uncovered)

    class TitleClicked(Message):
        """The title of a column was clicked."""

        def __init__(self, table: LineTable, column: str) -> None:
            super().__init__()
            self.table = table
            self.column = column

        @property
        def control(self) -> LineTable:
            """The table it happened in."""
            return self.table

    def __init__(self, columns: Sequence[Column], *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._columns = tuple(columns)
        self.always_shows_cursor = False
        """Whether the cursor is seen although the keys go elsewhere, to a line above the table."""
        self._placed: list[Placed] = []
        self._order: list[str] = []
        self._position: dict[str, int] = {}
        self._cells: dict[str, list[Cell]] = {}
        self._strips: dict[tuple[str, bool], Strip] = {}
        self._styles: dict[str, Style] = {}
        self._base: Style | None = None
        self._background: Color | None = None
        self._header: tuple[object, Strip] | None = None
        self._pending: list[Region] | None = None
        """What is to be drawn again, while that is gathered."""
        self._drawn = Size(0, 0)
        """The size it was drawn in last; asking Textual for it takes as long as comparing a row."""
        self._cursor: str | None = None
        self._message: tuple[str, ...] = ()
        self._note: tuple[str, ...] = ()
        self._titles = {column.key: column.title for column in columns}
        self._marked: tuple[str, str] = ("", "")

    # What is shown

    @property
    def order(self) -> tuple[str, ...]:
        """The keys of the rows, from the top."""
        return tuple(self._order)

    def __contains__(self, key: object) -> bool:
        return key in self._position

    @property
    def cursor(self) -> str | None:
        """The key of the selected row; ``None`` when there is no row."""
        return self._cursor

    def in_view(self) -> list[str]:
        """Return the keys of the rows that can be seen now."""
        top = int(self.scroll_y)
        return self._order[top : top + max(0, self._drawn.height - HEADER)]

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other rows have come into view."""
        super().watch_scroll_y(old_value, new_value)
        if int(old_value) != int(new_value):
            self.post_message(self.Uncovered(self))

    def set_message(self, *lines: str) -> None:
        """Show these lines for as long as there are no rows: why it is empty, and what to press."""
        if lines != self._message:
            self._message = lines
            if not self._order:
                self.refresh()

    def set_note(self, *lines: str) -> None:
        """Show these lines below the rows, as far as there is room."""
        if lines != self._note:
            self._note = lines
            self._set_height()
            self._refresh_lines_from(len(self._order))

    def set_title(self, column: str, title: str) -> None:
        """Change the title of a column."""
        if self._titles[column] != title:
            self._titles[column] = title
            self.refresh(Region(0, 0, self.size.width, HEADER))

    def mark_title(self, column: str, mark: str) -> None:
        """Put a mark, one cell wide, after the title of a column, and take it from the others."""
        if self._marked != (column, mark):
            self._marked = (column, mark)
            self.refresh(Region(0, 0, self.size.width, HEADER))

    def set_order(self, keys: Sequence[str], *, hold: bool = False) -> None:
        """Show exactly these rows in this order. Rows that are no longer among them are forgotten.

        The cursor stays on its row; if that is gone, it goes to the row that took its place. With ``hold``
        the rows in view stay where they are, for somebody who reads them; what is new is out of sight.
        """
        if list(keys) == self._order:
            return
        top = int(self.scroll_y)
        held = self._order[top] if hold and top < len(self._order) else None
        old_at = self._position.get(self._cursor or "", 0)
        old_order, self._order = self._order, list(keys)
        self._position = {key: at for at, key in enumerate(self._order)}
        for gone in set(old_order) - self._position.keys():
            self._cells.pop(gone, None)
            self._strips.pop((gone, False), None)
            self._strips.pop((gone, True), None)
        if self._cursor not in self._position:
            self._cursor = self._order[min(old_at, len(self._order) - 1)] if self._order else None
            if self._cursor is not None:
                self._refresh_cells(self._cursor, (0, self._drawn.width))
        self._set_height()
        first = next(
            (at for at, (a, b) in enumerate(zip(old_order, self._order, strict=False)) if a != b),
            min(len(old_order), len(self._order)),
        )
        if held in self._position and self._position[held] != top:
            self.scroll_to(y=self._position[held], animate=False, force=True, immediate=True)
        if first == 0:
            self.refresh()
        else:
            self._refresh_lines_from(first)

    def put(self, key: str, cells: Sequence[Cell]) -> None:
        """Show ``cells``, one for each column in the order of the columns, in the row ``key``.

        Only cells that differ from what the row holds are drawn.
        """
        known = self._cells.get(key)
        if known is None:
            self._cells[key] = list(cells)
            self._forget_strips(key)
            self._refresh_cells(key, (0, self._drawn.width))
            return
        changed = [index for index, new in enumerate(cells) if new != known[index]]
        if not changed:
            return
        self._cells[key] = list(cells)
        self._forget_strips(key)
        drawn = [(placed.x, placed.width) for placed in self._placed if placed.index in changed]
        if drawn:
            self._refresh_cells(key, *drawn)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Let Textual hear only at the end what is to be drawn again: once for many rows."""
        self._pending = []
        try:
            yield
        finally:
            regions, self._pending = self._pending, None
            if regions:
                self.refresh(*regions)

    def width_of(self, column: str) -> int:
        """Return the width a column has now; 0 when there is no room for it."""
        return next((placed.width for placed in self._placed if placed.column.key == column), 0)

    # The cursor

    def select(self, key: str) -> None:
        """Put the cursor on a row that is shown, and bring it into view."""
        before, self._cursor = self._cursor, key
        if before is not None:
            self._refresh_cells(before, (0, self.size.width))
        self._refresh_cells(key, (0, self.size.width))
        self._show_cursor()

    def action_move(self, by: int) -> None:
        """Move the cursor by some rows."""
        if self._order:
            self._go(self._position[self._cursor or self._order[0]] + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by some pages."""
        self.action_move(by * max(1, self.size.height - HEADER - 1))

    def action_jump(self, to: int) -> None:
        """Go to the first (0) or last (-1) row."""
        self._go(0 if to == 0 else len(self._order) - 1)

    def _go(self, row: int) -> None:
        if not self._order:
            return
        row = min(max(row, 0), len(self._order) - 1)
        self.select(self._order[row])
        self.post_message(self.CursorMoved(self, row))

    def _show_cursor(self) -> None:
        if self._cursor is None:
            return
        row, room = self._position[self._cursor], self.size.height - HEADER
        if room <= 0:
            return
        top = int(self.scroll_y)
        if row < top:
            self.scroll_to(y=row, animate=False, force=True, immediate=True)
        elif row >= top + room:
            self.scroll_to(y=row - room + 1, animate=False, force=True, immediate=True)

    def on_click(self, event: events.Click) -> None:
        """Select the row under the pointer; a second click opens it. A title says that it was clicked."""
        if event.y < HEADER:
            for placed in self._placed:
                if placed.x <= event.x < placed.x + placed.width:
                    self.post_message(self.TitleClicked(self, placed.column.key))
        row = event.y - HEADER + int(self.scroll_y)
        if event.y >= HEADER and row < len(self._order):
            self._go(row)
            if event.chain == 2:
                self.post_message(self.Chosen(self))

    # Drawing

    def on_resize(self) -> None:
        """Place the columns anew."""
        self._drawn = self.size
        self._placed = place(self._columns, self.size.width)
        self._set_height()
        self._strips.clear()
        self._header = None
        self.refresh()
        self.post_message(self.Uncovered(self))
        self.call_after_refresh(self._show_cursor)

    def notify_style_update(self) -> None:
        """Forget what was drawn in other colours."""
        super().notify_style_update()
        self._styles.clear()
        self._base = self._background = self._header = None
        self._strips.clear()

    def _set_height(self) -> None:
        # a new virtual size lays out and repaints everything: without need for a scrollbar it stays as it is
        below = len(self._note) + 1 if self._note and self._order else 0
        height = len(self._order) + HEADER + below
        grows = self.styles.height is not None and self.styles.height.is_auto
        wanted = Size(0, height if grows or height > self.size.height else HEADER)
        if wanted != self.virtual_size:
            self.virtual_size = wanted

    def _style(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            full = self.get_component_rich_style(f"line-table--{name}")
            # only the cursor and the header bring a background; other spans keep the one of their line
            style = full if name in ("cursor", "header") else full.without_color + Style(color=full.color)
            self._styles[name] = style
        return style

    def _base_style(self) -> Style:
        if self._base is None:  # Textual would put it together anew for every line
            self._base = self.rich_style
        return self._base

    def render_line(self, y: int) -> Strip:
        """Draw one line of what is visible."""
        return self._line(y, self.size.width)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw some lines. The table has no border, padding or tint that Textual would have to add."""
        self._drawn = self.size
        width = self._drawn.width
        if self._background is None:
            self._background = self.background_colors[1]
        strips = [self._line(y, width) for y in crop.line_range]
        for line_filter in self.get_line_filters():
            strips = [strip.apply_filter(line_filter, self._background) for strip in strips]
        start, end = crop.column_span
        return strips if (start, end) == (0, width) else [strip.crop(start, end) for strip in strips]

    def _line(self, y: int, width: int) -> Strip:
        if y < HEADER:
            titles = tuple([self._title(placed.column.key) for placed in self._placed])
            if self._header is None or self._header[0] != (titles, width):
                self._header = ((titles, width), self._draw(titles, self._style("header"), width))
            return self._header[1]
        row = y - HEADER + int(self.scroll_y)
        if row >= len(self._order):
            below = row - len(self._order) - 1  # a blank line between
            return (
                self._draw_message(self._note, below, width)
                if self._order
                else self._draw_message(self._message, row, width)
            )
        key = self._order[row]
        selected = key == self._cursor and (self.has_focus or self.always_shows_cursor)
        strip = self._strips.get((key, selected))
        if strip is None:
            cells = self._cells.get(key)
            base = self._base_style()
            if selected:
                base += self._style("cursor")
            drawn = [cells[placed.index] for placed in self._placed] if cells else []
            strip = self._draw(drawn, base, width)
            self._strips[key, selected] = strip
        return strip

    def _title(self, column: str) -> Cell:
        marked, mark = self._marked
        title = self._titles[column]
        if column != marked or not mark:
            return cell(title)
        return (Span(title.rstrip() + mark, "strong"),)

    def _draw(self, cells: Sequence[Cell], base: Style, width: int) -> Strip:
        return line_of(cells, self._placed, width, base, self._style)

    def _draw_message(self, lines: Sequence[str], at: int, width: int) -> Strip:
        base = self._base_style()
        if not 0 <= at < len(lines):
            return Strip.blank(width, base)
        spans = fitted((Span(" "), Span(lines[at], "message")), width)
        return Strip([Segment(s.text, base + self._style(s.style) if s.style else base) for s in spans])

    def _forget_strips(self, key: str) -> None:
        self._strips.pop((key, False), None)
        self._strips.pop((key, True), None)

    def _refresh_cells(self, key: str, *cells: tuple[int, int]) -> None:
        """Draw some cells of a row again, each given by where it begins and its width."""
        y = self._position.get(key, -1) + HEADER - int(self.scroll_y)
        if key in self._position and HEADER <= y < self._drawn.height:
            regions = [Region(x, y, width, 1) for x, width in cells]
            if self._pending is None:
                self.refresh(*regions)
            else:
                self._pending += regions

    def _refresh_lines_from(self, row: int) -> None:
        y = max(HEADER, row + HEADER - int(self.scroll_y))
        if y < self.size.height:
            self.refresh(Region(0, y, self.size.width, self.size.height - y))

    def watch_has_focus(self, has_focus: bool) -> None:
        """The cursor shows only where the keys go."""
        super().watch_has_focus(has_focus)
        if self._cursor is not None:
            self._refresh_cells(self._cursor, (0, self.size.width))
