"""The first line: name, DEMO badge, what is watched, what is not saved, and the time of the newest data."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from streamtui.format.content import MUTED, demo_badge, spread
from streamtui.widgets.cached_lines import CachedLines

GAP = "  "
"""What stands between two parts of the line at least."""


class DataClock(CachedLines, Widget):
    """The time of the newest data, followed by its age when the data is old.

    A widget of its own, so that what changes every second is drawn without the rest of the line.
    """

    time: reactive[str] = reactive("--:--:--")
    age: reactive[str] = reactive("", layout=True)

    def render(self) -> Content:
        """Return the time and the age."""
        age = (f" {self.age} ago", "bold $text-warning") if self.age else ""
        return Content.assemble(self.time, age, " ")


class TopBar(CachedLines, Widget):
    """Title, DEMO badge and the time of the newest data: a clock that stands still when the data does."""

    demo: reactive[str] = reactive("")
    """What the badge says; empty for no badge."""
    summary: reactive[str] = reactive("")
    unsaved: reactive[bool] = reactive(False)
    """Whether what is watched has changed since it was last saved."""
    alerts: reactive[int] = reactive(0)
    """How many alerts have fired since the list of alerts was last open."""
    data_time: reactive[str] = reactive("--:--:--", repaint=False)
    data_age: reactive[str] = reactive("")
    """How old the newest data is; empty while that is nothing to worry about."""

    def __init__(self) -> None:
        super().__init__()
        self._clock = DataClock()

    def compose(self) -> ComposeResult:
        """Yield the clock, at the right end of the line."""
        yield self._clock

    def watch_data_time(self, data_time: str) -> None:
        """Pass it on."""
        self._clock.time = data_time

    def watch_data_age(self, data_age: str) -> None:
        """Pass it on."""
        self._clock.age = data_age

    def render(self) -> Content:
        """Return the line, with room for the clock."""
        left = Content.assemble(
            (" streamtui", "bold"), "  ", demo_badge(self.demo), "  " if self.demo else ""
        )
        # the most urgent first: what does not fit is cut off at the end
        if self.alerts:
            badge = f" {self.alerts} alert{'s' * (self.alerts > 1)} · a "
            left = Content.assemble(left, (badge, "bold $background on $accent"), "  ")
        if self.unsaved:
            left = Content.assemble(left, ("not saved · ctrl+s", "$text-warning"), "  ")
        if self.size.width >= 60:
            left = Content.assemble(left, (self.summary, MUTED))
        width, clock = self.size.width, " " * self._clock.render().cell_length
        right = Content.assemble(("last data ", MUTED), clock)
        # the time says as much alone: the label gives way to what stands at the left
        if width < 60 or left.cell_length + right.cell_length + len(GAP) > width:
            right = Content(clock)
        return spread(left, right, width)
