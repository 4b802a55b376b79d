"""A table for data that never stops: it draws line by line and repaints single cells.

Textual's ``DataTable`` repaints all of itself whenever a cell is set, even to the value it already has. Here
cells are compared first, and only those that differ are drawn again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from streamtui.format.cells import Cell
from streamtui.widgets.column_titles import ColumnTitles
from streamtui.widgets.columns import Column, place
from streamtui.widgets.line_painter import STYLES, LinePainter
from streamtui.widgets.region_refresh import RegionRefresh
from streamtui.widgets.row_order import ListedRows, RowOrder
from streamtui.widgets.scroll_thumb import set_lines
from streamtui.widgets.table_texts import GAP, TableTexts

HEADER = 1
"""Lines the column titles take."""


class _TableMessage(Message):
    """Something happened in a table."""

    def __init__(self, table: LineTable) -> None:
        super().__init__()
        self.table = table

    @property
    def control(self) -> LineTable:
        """The table it happened in."""
        return self.table


class LineTable(ScrollView, can_focus=True):
    """Rows of cells with a cursor. Each row has a key; the cursor stays on its row when rows move."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "jump(0)", "First row", show=False),
        Binding("end,G", "jump(-1)", "Last row", show=False),
    ]

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"line-table--{name}" for name in STYLES}

    class CursorMoved(_TableMessage):
        """The person has moved the cursor. It is not posted when the row of the cursor itself moves."""

        def __init__(self, table: LineTable, row: int) -> None:
            super().__init__(table)
            self.row = row

    class Chosen(_TableMessage):
        """A row was double-clicked."""

    class Uncovered(_TableMessage):
        """Other rows may be in view than before: the table was scrolled, resized or rearranged."""

        def can_replace(self, message: Message) -> bool:
            """One of several in a row is enough."""
            return isinstance(message, LineTable.Uncovered)

    class TitleClicked(_TableMessage):
        """The title of a column was clicked."""

        def __init__(self, table: LineTable, column: str) -> None:
            super().__init__(table)
            self.column = column

    def __init__(self, columns: Sequence[Column], *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._columns = tuple(columns)
        self.always_shows_cursor = False
        """Whether the cursor is drawn without the focus too: for a list below an input that has it."""
        self._rows: RowOrder = ListedRows()
        self._cells: dict[str, list[Cell]] = {}
        self._painter = LinePainter(
            lambda: self.rich_style,
            lambda name: self.get_component_rich_style(f"line-table--{name}"),
            self._filtered,
        )
        self._repaint = RegionRefresh(self, HEADER)
        self._cursor: str | None = None
        self._cursor_row = 0
        """The row of the cursor, as of its last move or the last change of the rows."""
        self._top: str | None = None
        """The key of the first row in view, as of the last scrolling or the last change of the rows."""
        self._texts = TableTexts()
        self._titles = ColumnTitles(columns)

    # What is shown

    @property
    def order(self) -> tuple[str, ...]:
        """The keys of the rows, from the top."""
        return tuple(self._rows.keys())

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    @property
    def cursor(self) -> str | None:
        """The key of the selected row; ``None`` when there is no row."""
        return self._cursor

    @property
    def lines_wanted(self) -> int:
        """How many lines it would take to show everything, with the column titles."""
        return HEADER + (len(self._rows) or len(self._texts.message_lines(self._repaint.drawn.width)))

    def in_view(self) -> list[str]:
        """Return the keys of the rows that can be seen now."""
        top = int(self.scroll_y)
        return self._rows.keys(top, top + max(0, self._repaint.drawn.height - HEADER))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other rows have come into view."""
        super().watch_scroll_y(old_value, new_value)
        if int(old_value) != int(new_value):
            self._note_top()
            self.post_message(self.Uncovered(self))

    def set_message(self, *lines: str) -> None:
        """Show these sentences for as long as there are no rows: why it is empty, and what to press."""
        if lines != self._texts.message:
            self._texts.message = lines
            if not len(self._rows):
                self.refresh()

    def set_note(self, *lines: str) -> None:
        """Show these sentences below the rows, at least the first of them."""
        if lines != self._texts.note:
            self._texts.note = lines
            self._set_height()
            self.refresh()

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Have these columns from now on; the rows are to be `put` again."""
        self._columns = tuple(columns)
        self._titles = ColumnTitles(columns)
        self._cells.clear()
        self.on_resize()

    def mark_title(self, column: str, mark: str) -> None:
        """Put a mark, one cell wide, after the title of a column, and take it from the others."""
        if self._titles.mark(column, mark):
            self.refresh(Region(0, 0, self.size.width, HEADER))

    def set_order(self, keys: Sequence[str]) -> None:
        """Show exactly these rows in this order. Rows that are no longer among them are forgotten.

        The cursor stays on its row; if that is gone, it goes to the row that took its place.
        """
        before = self._rows if isinstance(self._rows, ListedRows) else ListedRows(self._rows.keys())
        first = before.first_difference(keys)
        if first is not None:
            rows = ListedRows(keys)
            self.show_rows(rows, first=first, gone=[key for key in before.keys() if key not in rows])  # noqa: SIM118 - not a dict

    def show_rows(self, rows: RowOrder, *, first: int, gone: Iterable[str], hold: bool = False) -> None:
        """Show these rows, whose order may be the same object as before with other contents.

        The cursor stays on its row; if that is gone, it goes to the row that took its place.

        Args:
            rows: The order.
            first: The first row that differs from what was shown.
            gone: Keys of rows that are no longer shown, or show something else: what was put there is
                forgotten.
            hold: Whether the rows in view stay where they are, for somebody who reads them; what is new is
                out of sight then.
        """
        top, held = int(self.scroll_y), self._top
        self._rows = rows
        for key in gone:
            self._cells.pop(key, None)
            self._painter.forget(key)
        if self._cursor is None or self._cursor not in rows:
            self._cursor = rows.key(min(self._cursor_row, len(rows) - 1)) if len(rows) else None
            if self._cursor is not None:
                self._refresh_row(self._cursor)
        if self._cursor is not None:
            self._cursor_row = rows.row(self._cursor) or 0
        self._set_height()
        row = rows.row(held) if hold and held is not None else None
        if row is not None and row != top:
            self.scroll_to(y=row, animate=False, force=True, immediate=True)
        self._note_top()
        self._repaint.lines_from(first)

    def _note_top(self) -> None:
        top = int(self.scroll_y)
        self._top = self._rows.key(top) if top < len(self._rows) else None

    def put(self, key: str, cells: Sequence[Cell]) -> None:
        """Show ``cells``, one for each column in the order of the columns, in the row ``key``.

        Only cells that differ from what the row holds are drawn.
        """
        known = self._cells.get(key)
        if known is None:
            self._cells[key] = list(cells)
            self._painter.forget(key)
            self._refresh_row(key)
            return
        changed = [index for index, new in enumerate(cells) if new != known[index]]
        if not changed:
            return
        self._cells[key] = list(cells)
        self._painter.forget(key)
        drawn = [(placed.x, placed.width) for placed in self._painter.placed if placed.index in changed]
        if drawn:
            self._refresh_row(key, *drawn)

    def cells_of(self, key: str) -> Sequence[Cell] | None:
        """Return the cells of a row in view that was not `put`; ``None`` while there are none.

        A table whose rows do not change overrides it, so that cells are only made for rows that are seen.
        """
        return None

    def forget_cells(self) -> None:
        """Forget the cells of all rows; they come again through `cells_of` or `put`."""
        self._cells.clear()
        self._painter.forget_lines()
        self.refresh()

    def batched_refresh(self) -> AbstractContextManager[None]:
        """Refresh once, at the end of the block, for all rows that are `put` in it."""
        return self._repaint.together()

    def width_of(self, column: str) -> int:
        """Return the width a column has now; 0 when there is no room for it."""
        return next((placed.width for placed in self._painter.placed if placed.column.key == column), 0)

    # The cursor

    def select(self, key: str) -> None:
        """Put the cursor on a row that is shown, and bring it into view."""
        before, self._cursor = self._cursor, key
        self._cursor_row = self._rows.row(key) or 0
        if before is not None:
            self._refresh_row(before)
        self._refresh_row(key)
        self._show_cursor()

    def action_move(self, by: int) -> None:
        """Move the cursor by some rows."""
        if self._cursor is not None:
            self._go((self._rows.row(self._cursor) or 0) + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by some pages."""
        self.action_move(by * max(1, self.size.height - HEADER - 1))

    def action_jump(self, to: int) -> None:
        """Go to the first (0) or last (-1) row."""
        self._go(0 if to == 0 else len(self._rows) - 1)

    def _go(self, row: int) -> None:
        if not len(self._rows):
            return
        row = min(max(row, 0), len(self._rows) - 1)
        self.select(self._rows.key(row))
        self.post_message(self.CursorMoved(self, row))

    def _show_cursor(self) -> None:
        row = None if self._cursor is None else self._rows.row(self._cursor)
        room = self.size.height - HEADER
        room -= self._texts.covered(len(self._rows), self.size.width, room)
        if row is None or room <= 0:
            return
        top = int(self.scroll_y)
        if row < top:
            self.scroll_to(y=row, animate=False, force=True, immediate=True)
        elif row >= top + room:
            self.scroll_to(y=row - room + 1, animate=False, force=True, immediate=True)
        around = self.parent
        if isinstance(around, Widget) and around.allow_vertical_scroll:  # a dialog too small for its contents
            # the titles belong to the first row: it is scrolled to when a dialog opens
            first = HEADER if row == 0 else 0
            line = Region(0, HEADER - first + row - int(self.scroll_y), 1, first + 1)
            around.scroll_to_region(line.translate(self.virtual_region.offset), animate=False, immediate=True)

    def on_click(self, event: events.Click) -> None:
        """Select the row under the pointer; a second click opens it. A title says that it was clicked."""
        if event.y < HEADER:
            for placed in self._painter.placed:
                if placed.x <= event.x < placed.x + placed.width:
                    self.post_message(self.TitleClicked(self, placed.column.key))
        row = event.y - HEADER + int(self.scroll_y)
        if event.y >= HEADER and row < len(self._rows):
            self._go(row)
            if event.chain == 2:
                self.post_message(self.Chosen(self))

    # Drawing

    def on_resize(self) -> None:
        """Place the columns anew."""
        self._repaint.drawn = self.size
        self._painter.placed = place(self._columns, self.size.width)
        self._painter.forget_lines()
        self._set_height()
        self.refresh()
        self.post_message(self.Uncovered(self))
        self.call_after_refresh(self._show_cursor)

    def notify_style_update(self) -> None:
        """Forget what was drawn in other colours."""
        super().notify_style_update()
        self._painter.forget_styles()

    def _set_height(self) -> None:
        width = self._repaint.drawn.width
        note = self._texts.note_lines(width) if len(self._rows) and width else []
        below = len(note) + GAP if note else 0
        height = len(self._rows) + HEADER + below
        grows = self.styles.height is not None and self.styles.height.is_auto
        set_lines(self, height if grows or height > self.size.height else HEADER, grows=grows)

    def render_line(self, y: int) -> Strip:
        """Draw one line of what is visible."""
        return self._line(y, self.size.width)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw some lines. The table has no border, padding or tint that Textual would have to add."""
        self._repaint.drawn = self.size
        width = self._repaint.drawn.width
        strips = [self._line(y, width) for y in crop.line_range]
        start, end = crop.column_span
        return strips if (start, end) == (0, width) else [strip.crop(start, end) for strip in strips]

    def _filtered(self, style: Style) -> Style:
        # Textual filters every line; but a filter looks at styles alone, so that once for each is enough
        segments = [Segment("x", style)]
        for line_filter in self.get_line_filters():
            segments = line_filter.apply(segments, self.background_colors[1])
        return segments[0].style or style

    def _line(self, y: int, width: int) -> Strip:
        if y < HEADER:
            return self._painter.header(self._titles.cells(self._painter.placed), width)
        row, rows = y - HEADER + int(self.scroll_y), len(self._rows)
        if not rows:
            return self._painter.message(self._texts.message_lines(width), row, width)
        below = rows - int(self.scroll_y)
        note = self._texts.note_at(y - HEADER, below, width, self._repaint.drawn.height - HEADER)
        if note is not None:
            return self._painter.message(*note, width)
        key = self._rows.key(row)
        cells = self._cells.get(key)
        if cells is None and (made := self.cells_of(key)) is not None:
            cells = self._cells[key] = list(made)
        selected = key == self._cursor and (self.has_focus or self.always_shows_cursor)
        return self._painter.row(key, cells, width, selected=selected)

    def _refresh_row(self, key: str, *spans: tuple[int, int]) -> None:
        """Draw a row again, or only some spans of it."""
        row = self._rows.row(key)
        if row is not None:
            self._repaint.spans(row, *(spans or (self._repaint.whole_line,)))

    def watch_has_focus(self, has_focus: bool) -> None:
        """The cursor shows only where the keys go."""
        super().watch_has_focus(has_focus)
        if self._cursor is not None:
            self._refresh_row(self._cursor)
