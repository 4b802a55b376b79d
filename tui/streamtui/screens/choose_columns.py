"""Which columns the prices have, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Label

from streamcore import PriceColumn
from streamtui.format.cells import cell
from streamtui.screens.dialog import Dialog
from streamtui.widgets.columns import Column
from streamtui.widgets.line_table import LineTable
from streamtui.widgets.price_columns import MEANINGS

_COLUMNS = (
    Column("chosen", "", 1),
    Column("name", "COLUMN", 8),
    Column("state", "", 7),
    Column("meaning", "SHOWS", 40, rank=1, grows=8),
)


class ChooseColumns(Dialog[tuple[PriceColumn, ...]]):
    """Lists all columns, those that are chosen first, in their order. What is changed shows at once.

    Its result is the columns to keep; without one they are to be as they were before.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,q,C", "keep", "Keep", show=False),
        Binding("space,x", "turn", "Show or hide", show=False),
        Binding("shift+up,K", "shift(-1)", "Move up", show=False),
        Binding("shift+down,J", "shift(1)", "Move down", show=False),
        Binding("r", "reset", "The usual ones", show=False),
    ]

    def __init__(
        self,
        columns: Sequence[PriceColumn],
        usual: Sequence[PriceColumn],
        show: Callable[[Sequence[PriceColumn]], Sequence[str]],
        *,
        demo: str,
    ) -> None:
        """Make the dialog.

        Args:
            columns: Those that are shown now, from the left.
            usual: Those that are shown unless somebody has chosen others.
            show: Shows these columns; returns which of them have room.
            demo: What the mark for invented data says.
        """
        super().__init__(
            "Columns of the prices",
            demo=demo,
            hint="enter keeps · esc takes back · space shows or hides · shift+↑ ↓ moves",
        )
        self._usual = tuple(usual)
        self._show_columns = show
        self._chosen = list(columns)
        self._others = [column for column in PriceColumn if column not in self._chosen]
        self._table = LineTable(_COLUMNS, id="columns")

    def body(self) -> ComposeResult:
        """Yield the list, and what it is good to know."""
        yield self._table
        yield Label(
            "Where there is no room for all, the last are left out first. r: the usual ones. "
            "ctrl+s, back at the prices, saves them.",
            id="columns-note",
        )

    def on_mount(self) -> None:
        """Show the list; the keys go to it."""
        self._table.focus()
        self._show()

    def _show(self) -> None:
        fitting = self._show_columns(self._chosen)
        self._table.set_order([*self._chosen, *self._others])
        for column in [*self._chosen, *self._others]:
            chosen = column in self._chosen
            state = "" if not chosen or column in fitting else "no room"
            self._table.put(
                column,
                (
                    cell("✓" if chosen else " ", "strong"),
                    cell(column, "strong" if chosen else "dim"),
                    cell(state, "warn"),
                    cell(MEANINGS[column], "dim"),
                ),
            )

    def _apply(self, cursor: str | None) -> None:
        self._show()
        if cursor is not None:
            self._table.select(cursor)

    @on(LineTable.Chosen)
    def action_turn(self) -> None:
        """Show the selected column, as the last one, or hide it."""
        if self._table.cursor is None:
            return
        column = PriceColumn(self._table.cursor)
        if column in self._others:
            self._chosen.append(column)
        elif len(self._chosen) > 1:
            self._chosen.remove(column)
        else:
            self.notify("One column has to stay.", markup=False, timeout=4)
            return
        self._others = [column for column in PriceColumn if column not in self._chosen]
        self._apply(column)

    def action_shift(self, by: int) -> None:
        """Move the selected column to the left (-1) or right."""
        column = self._table.cursor
        if column is None or column not in self._chosen:
            return
        at = self._chosen.index(PriceColumn(column))
        if 0 <= at + by < len(self._chosen):
            self._chosen[at], self._chosen[at + by] = self._chosen[at + by], self._chosen[at]
            self._apply(column)

    def action_reset(self) -> None:
        """Choose the usual columns."""
        self._chosen = list(self._usual)
        self._others = [column for column in PriceColumn if column not in self._chosen]
        self._apply(self._table.cursor)

    def action_keep(self) -> None:
        """Close, and keep the columns as they are now."""
        self.dismiss(tuple(self._chosen))
