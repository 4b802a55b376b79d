"""A mixin for widgets that change rarely: their lines are drawn once and kept until the next refresh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Region
from textual.strip import Strip

if TYPE_CHECKING:
    from textual.widget import Widget

    _Base = Widget
else:
    _Base = object


class CachedLines(_Base):
    """Keeps the lines of a widget until its next refresh.

    A mixin: it must stand before the widget's class among the bases.

    When one widget is repainted, Textual also asks the widgets around it for all of their lines, and computes
    their styles again each time. Without this cache that is most of the cost of repainting one cell.
    """

    _kept: tuple[Region, list[Strip]] | None = None

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> CachedLines:
        """Refresh, and draw the lines anew."""
        self._kept = None
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def notify_style_update(self) -> None:
        """Draw the lines anew: their colours have changed."""
        self._kept = None
        super().notify_style_update()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return some of the lines."""
        if self._kept is None or self._kept[0] != crop:
            self._kept = (crop, super().render_lines(crop))
        return self._kept[1]
