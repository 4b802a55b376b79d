"""Has only parts of a table drawn again: spans of a row, or everything from a line on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from textual.geometry import Region, Size
from textual.scroll_view import ScrollView


class RegionRefresh:
    """Asks Textual to draw parts of a table again, where they can be seen."""

    def __init__(self, table: ScrollView, header: int) -> None:
        """``header``: lines above the rows that do not scroll."""
        self.drawn = Size(0, 0)
        """The size the table was drawn in last, which the table says; asking Textual for it takes as long as
        comparing a row."""
        self._table = table
        self._header = header
        self._pending: list[Region] | None = None
        """The regions to draw again, gathered during `together`; ``None`` outside it."""

    @property
    def whole_line(self) -> tuple[int, int]:
        """The span of a line but for what is below the scrollbar, which would be drawn again, too."""
        return (0, self.drawn.width - self._table.scrollbar_size_vertical)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Gather what is asked for in the block, and ask Textual once, at its end."""
        self._pending = []
        try:
            yield
        finally:
            regions, self._pending = self._pending, None
            if regions:
                self._table.refresh(*regions)

    def spans(self, row: int, *spans: tuple[int, int]) -> None:
        """Draw parts of a row again, each given by where it begins and its width."""
        y = row + self._header - int(self._table.scroll_y)
        if self._header <= y < self.drawn.height:
            regions = [Region(x, y, width, 1) for x, width in spans]
            if self._pending is None:
                self._table.refresh(*regions)
            else:
                self._pending += regions

    def lines_from(self, row: int) -> None:
        """Draw everything from a row on again."""
        y, height = max(self._header, row + self._header - int(self._table.scroll_y)), self._table.size.height
        if y < height:
            x, width = self.whole_line
            self._table.refresh(Region(x, y, width, height - y))
