"""The columns of a line table: which of them fit, where they stand, and a row of cells as a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec
from msgspec.structs import replace
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from streamtui.format.cells import Align, Cell, fitted

GAP = 2
"""Cells between two columns."""
MARGIN = 1
"""Cells at either side of a line."""

_fitted = lru_cache(maxsize=512)(fitted)


class Column(msgspec.Struct, frozen=True):
    """One column of a table."""

    key: str
    title: str
    width: int
    align: Align = "left"
    rank: int = 0
    """Where there is no room for all, columns are left out, the highest rank first; those of rank 0 never."""
    grows: int = 0
    """Cells it may grow beyond ``width`` when there is room; columns further left grow first."""


class Placed(msgspec.Struct, frozen=True):
    """A column that has room."""

    index: int
    """Its place among all columns."""
    column: Column
    x: int
    width: int


def place(columns: Sequence[Column], width: int) -> list[Placed]:
    """Return the columns that fit into ``width`` cells, each with its place and the width it has grown to."""
    room = width - 2 * MARGIN
    kept = [*enumerate(columns)]
    while kept and sum(column.width + GAP for _, column in kept) - GAP > room:
        worst = max(kept, key=lambda item: item[1].rank)
        if worst[1].rank == 0:
            break
        kept.remove(worst)
    if kept and (lacking := sum(column.width + GAP for _, column in kept) - GAP - room) > 0:
        # the last one is cut, with an ellipsis, rather than run out of the line
        index, last = kept[-1]
        kept[-1] = (index, replace(last, width=max(1, last.width - lacking), grows=0))
    spare = max(0, room - (sum(column.width + GAP for _, column in kept) - GAP))
    placed, x = [], MARGIN
    for index, column in kept:
        more = min(spare, column.grows)
        spare -= more
        placed.append(Placed(index, column, x, column.width + more))
        x += column.width + more + GAP
    return placed


def line_of(
    cells: Sequence[Cell], placed: Sequence[Placed], width: int, base: Style, style: Callable[[str], Style]
) -> Strip:
    """Return a row as one line of exactly ``width`` cells.

    Args:
        cells: What to draw, one for each of ``placed``, or none for a blank line.
        placed: The columns.
        width: Of the line.
        base: The style of the line.
        style: Returns the style on this line that has a name.
    """
    # a gap is added to the run before it: a run of its own would cost some forty bytes of escape codes
    runs: list[tuple[str, str]] = []
    for at, (one, content) in enumerate(zip(placed, cells, strict=False)):
        for span in _fitted(content, one.width, one.column.align):
            if runs and runs[-1][1] == span.style:
                runs[-1] = (runs[-1][0] + span.text, span.style)
            else:
                runs.append((span.text, span.style))
        if at < len(placed) - 1 and runs:
            runs[-1] = (runs[-1][0] + " " * GAP, runs[-1][1])
    if runs:
        runs[0] = (" " * MARGIN + runs[0][0], runs[0][1])
    segments = [Segment(text, style(name) if name else base) for text, name in runs]
    drawn = placed[len(cells) - 1].x + placed[len(cells) - 1].width if runs else 0
    if drawn > width:
        return Strip(segments, drawn).adjust_cell_length(width, base)
    if drawn < width:
        segments.append(Segment(" " * (width - drawn), base))
    return Strip(segments, width)
