"""Titles above columns."""

from __future__ import annotations

from streamtui.format.cells import Span, cell
from streamtui.widgets.column_titles import ColumnTitles
from streamtui.widgets.columns import Column, place

COLUMNS = (Column("a", "A  ", 4), Column("b", "B", 4))


def test_one_column_is_marked_at_a_time() -> None:
    titles = ColumnTitles(COLUMNS)
    assert titles.mark("a", "↓")
    assert not titles.mark("a", "↓")
    assert titles.cells(place(COLUMNS, 20)) == ((Span("A↓", "strong"),), cell("B"))
    assert titles.mark("b", "↑")
    assert titles.cells(place(COLUMNS, 20)) == (cell("A  "), (Span("B↑", "strong"),))
    assert titles.mark("", "")
    assert titles.cells(place(COLUMNS, 20)) == (cell("A  "), cell("B"))
