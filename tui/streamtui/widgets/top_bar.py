"""The first line: what this is, whether the data is invented, and from when the newest of it is."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from streamtui.layout import MUTED, demo_badge, spread


class TopBar(Widget):
    """Title, DEMO badge and the time of the newest data: a clock that stands still when the data does."""

    demo: reactive[str] = reactive("")
    """What the badge says; empty for no badge."""
    summary: reactive[str] = reactive("")
    data_time: reactive[str] = reactive("--:--:--")
    data_age: reactive[str] = reactive("")
    """How old the newest data is; empty while that is nothing to worry about."""

    def render(self) -> Content:
        """Return the line."""
        left = Content.assemble(
            (" streamtui", "bold"), "  ", demo_badge(self.demo), "  " if self.demo else ""
        )
        if self.size.width >= 60:
            left = Content.assemble(left, (self.summary, MUTED))
        label = "last data " if self.size.width >= 60 else ""
        age = (f" {self.data_age} ago", "bold $text-warning") if self.data_age else ""
        right = Content.assemble((label, MUTED), self.data_time, age, " ")
        return spread(left, right, self.size.width)
