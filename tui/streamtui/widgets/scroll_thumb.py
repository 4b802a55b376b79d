"""The thumb of a scrollbar: told that a list has grown, the bar is drawn again only if that can be seen."""

from __future__ import annotations

from math import ceil

from textual.scrollbar import ScrollBar

STEPS = len(ScrollBar.renderer.VERTICAL_BARS)
"""Places of a thumb's ends within a cell."""


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
