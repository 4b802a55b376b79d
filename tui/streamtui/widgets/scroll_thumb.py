"""How many lines a list has, for its scrollbar, which is drawn again only if that can be seen."""

from __future__ import annotations

from math import ceil

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar

STEPS = len(ScrollBar.renderer.VERTICAL_BARS)
"""Places of a thumb's ends within a cell."""


def set_lines(view: ScrollView, lines: int, *, grows: bool) -> None:
    """Set how many lines a view has; ``grows``: its own height follows from them.

    A new virtual size makes Textual lay out and repaint everything: it is only told where a scrollbar comes
    or goes, and the scrollbar only of what can be seen on it.
    """
    wanted = Size(0, lines)
    if wanted == view.virtual_size:
        return
    if not grows and view.show_vertical_scrollbar and lines > view.virtual_size.height:
        view.set_reactive(ScrollView.virtual_size, wanted)
        lengthen(view.vertical_scrollbar, lines)
    else:
        view.virtual_size = wanted


def lengthen(bar: ScrollBar, height: int) -> None:
    """Tell a vertical scrollbar how many lines there are, without the repaint Textual makes each time."""
    before = place(bar)
    bar.set_reactive(ScrollBar.window_virtual_size, height)
    if place(bar) != before:
        bar.refresh()


def place(bar: ScrollBar) -> tuple[int, int]:
    """Return where the thumb begins and ends, in steps from the top; computed as Textual does."""
    size, lines, window = bar.size.height, bar.window_virtual_size, bar.window_size
    if not size or not window or lines <= window:
        return 0, size * STEPS
    length = max(1.0, window * size / lines)
    start = int((size - length) * (bar.position / (lines - window)) * STEPS)
    return start, start + ceil(length * STEPS)
