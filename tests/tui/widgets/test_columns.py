"""Which columns fit, and how wide they grow."""

from __future__ import annotations

import pytest
from rich.style import Style

from streamtui.format.cells import cell
from streamtui.widgets.columns import Column, line_of, place

THREE = (Column("a", "A", 4), Column("b", "B", 6, rank=1), Column("c", "C", 5, rank=2, grows=10))


@pytest.mark.parametrize(
    ("width", "keys", "widths"),
    [
        (60, "abc", [4, 6, 15]),
        (22, "abc", [4, 6, 6]),
        (20, "ab", [4, 6]),
        (13, "a", [4]),
        (5, "a", [3]),
    ],
)
def test_what_is_ranked_highest_goes_first_and_the_rest_grows(
    width: int, keys: str, widths: list[int]
) -> None:
    placed = place(THREE, width)
    assert "".join(one.column.key for one in placed) == keys
    assert [one.width for one in placed] == widths


@pytest.mark.parametrize("width", range(1, 60))
def test_a_line_is_exactly_as_wide_as_asked(width: int) -> None:
    placed = place(THREE, width)
    cells = [cell("漢字 and more", "up"), cell("12"), cell("x")][: len(placed)]
    line = line_of(cells, placed, width, Style(), lambda name: Style(bold=True))
    assert line.cell_length == width
    assert sum(segment.cell_length for segment in line) == width
