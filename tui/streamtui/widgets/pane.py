"""A pane of the main screen: a title line, a table, and while a filter is typed, its input line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from streamtui.format.cells import literal
from streamtui.format.content import MUTED, demo_badge, spread
from streamtui.format.numbers import DOWN, UP
from streamtui.model.price_list import Totals
from streamtui.widgets.cached_lines import CachedLines
from streamtui.widgets.line_table import LineTable

if TYPE_CHECKING:
    from streamtui.widgets.filter_bar import FilterBar


class PaneTitle(CachedLines, Widget):
    """The line above a table."""

    name_: reactive[str] = reactive("")
    info: reactive[str] = reactive("")
    news: reactive[str] = reactive("")
    """A highlighted notice: that the list is paused, or that new rows are out of view."""
    demo: reactive[str] = reactive("")
    totals: reactive[Totals] = reactive(Totals())
    """How many of the rows are up and how many down."""

    def render(self) -> Content:
        """Return the line."""
        left = Content.assemble((f" {self.name_}", "bold"), "  ")
        totals = self.totals
        if totals.up or totals.down:
            left = Content.assemble(
                left, (f"{UP} {totals.up}", "$up"), " ", (f"{DOWN} {totals.down}", "$down"), "  "
            )
        left = Content.assemble(left, literal(self.info, MUTED))
        right = Content.assemble(
            (f" {self.news} ", "bold $background on $accent") if self.news else "",
            " " if self.news and self.demo else "",
            demo_badge(self.demo),
        )
        return spread(left, right, self.size.width)


TITLE = 1
"""Lines the title of a pane takes."""
LEAST = 5
"""Lines the lower pane always has: two titles, and three rows or lines that say why there is none."""
UPPER_SHARE = 0.55
"""What the style sheet gives the upper pane when both would like more."""


class Panes(Container):
    """Holds two panes: one above the other, or side by side where there is room.

    The upper one is as high as it needs to be, up to the share that the style sheet gives it.
    """

    BLANK = True  # the panes cover it: what it would draw is never seen
    _upper_limit: int | None = None

    def share_room(self, lower_wants: int) -> None:
        """Let the upper pane grow beyond its share by what the lower one has no use for.

        Args:
            lower_wants: How many lines the table in the lower pane would take to show everything.
        """
        upper, height = self.children[0], self.size.height
        room = height - max(LEAST, TITLE + lower_wants)
        grows = room > height * UPPER_SHARE and not self.screen.has_class("-side-by-side")
        limit = room if grows else None
        if limit != self._upper_limit:  # each assignment makes Textual lay out everything, also of the same
            self._upper_limit = limit
            upper.styles.max_height = limit


class Pane(CachedLines, Vertical):
    """A titled table that can be filtered. Subclasses fill the table and implement the keys' actions."""

    def __init__(self, name: str, table: LineTable, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self.table = table
        self.title = PaneTitle()
        self.title.set_reactive(PaneTitle.name_, name)

    def compose(self) -> ComposeResult:
        """Yield the title and the table."""
        yield self.title
        yield self.table

    @property
    def filter_text(self) -> str:
        """The text that rows must contain; empty for all rows."""
        raise NotImplementedError

    def filter_by(self, text: str) -> None:
        """Show only rows that contain a text, all of them when it is empty."""
        raise NotImplementedError

    def names_row(self, text: str) -> bool:
        """Return whether a text is what names a row everywhere, such as a signature."""
        return False

    def on_descendant_focus(self) -> None:
        """Highlight the title: the focus is in this pane."""
        self.title.add_class("-active")

    def on_descendant_blur(self) -> None:
        """Take the highlight from the title."""
        self.title.remove_class("-active")

    async def action_filter(self) -> None:
        """Let the person type what rows must contain."""
        from streamtui.widgets.filter_bar import FilterBar  # its input would delay the first frame

        if not self.query(FilterBar):
            await self.mount(FilterBar(self.filter_text, self.names_row))
        self.query_one(FilterBar).focus_input()

    def action_clear_filter(self) -> None:
        """Show all rows again."""
        self.filter_by("")

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """Filter while one types."""
        event.stop()
        self.filter_by(event.text)

    async def on_filter_bar_done(self, event: FilterBar.Done) -> None:
        """Put the line away and give the keys back to the table."""
        event.stop()
        await self.query("FilterBar").remove()
        self.table.focus()
