"""The help: every key of the main screen, taken from the bindings themselves."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from streamtui.format.lamps import CONNECTING, DOWN, IDLE, LIVE, POLLING, STALE
from streamtui.keys import Command, readable
from streamtui.screens.dialog import Dialog
from streamtui.widgets.line_table import LineTable
from streamtui.widgets.status_bar import TONES

LAMPS = (
    (LIVE, "the stream brings data"),
    (POLLING, "the stream is down, slower polling stands in"),
    (CONNECTING, "first connect or reconnect"),
    (STALE, "connected, but suspiciously quiet"),
    (DOWN, "nothing comes; the reason stands beside it"),
    (IDLE, "nothing is watched there"),
)


SHOWN = (
    ("▲ 3 ▼ 2", "so many are up and down in 24 hours"),
    ("PRICE $", "US dollars; digits that have just changed stand out"),
    ("24 H", "change over 24 hours"),
    ("VOLUME", "traded in 24 hours, US dollars"),
    ("AGE", "since the source confirmed the price"),
    ("quiet", "nothing is traded, and the source proves that it lives"),
    ("old", "nobody has confirmed the price for long: it may be wrong"),
    ("no source", "none of the sources in use has it"),
    ("TREND", "the course of the last minutes"),
    ("NAME", "what it is the price of; it may change with the source"),
    ("SOURCE", "who says so; poll: asked every few seconds"),
    ("5/s  18 ms", "messages a second and round trip of a provider"),
)
INDENT = 14
"""Cells before an explanation."""
BOX = 76
"""Cells the box has where there is room; ten of them are its frame."""


class HelpScreen(Dialog[None]):
    """Lists keys, lamps and what the columns say."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,q", "cancel", "Close", show=False),
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("pagedown,space", "scroll_page(1)", "Page down", show=False),
        Binding("pageup", "scroll_page(-1)", "Page up", show=False),
    ]

    def __init__(self, commands: Sequence[Command], *, demo: str) -> None:
        super().__init__("Help", demo=demo, hint="esc closes · ↑ ↓ scroll")
        self._commands = commands
        self._box.can_focus = True

    def body(self) -> ComposeResult:
        """Yield the list."""
        yield Static(self.text())

    def on_mount(self) -> None:
        """Let the arrow keys scroll."""
        self._box.focus()

    def text(self) -> Content:
        """Return the list as text."""
        lines: list[Content] = []
        section = ""
        for command in self._commands:
            if command.section != section:
                lines += [Content("")] * bool(section)
                section = command.section
                lines.append(Content.styled(section, "bold"))
            lines += self._explained(command.shown, command.help)
        lines += [Content(""), Content.styled("In every list", "bold")]
        for binding in LineTable.BINDINGS:
            if isinstance(binding, Binding):
                keys = " ".join(readable(key) for key in binding.key.split(","))
                lines += self._explained(keys, binding.description.lower())
        lines += [Content(""), Content.styled("Lamps", "bold")]
        for lamp, meaning in LAMPS:
            lines.append(Content.assemble("  ", (f"{lamp!s:<14}", TONES[lamp.tone]), meaning))
        lines += [Content(""), Content.styled("What is shown", "bold")]
        for name, meaning in SHOWN:
            lines += self._explained(name, meaning)
        return Content("\n").join(lines)

    def _explained(self, what: str, meaning: str) -> list[Content]:
        room = max(20, min(BOX, self.app.size.width) - 10 - INDENT)
        first, *others = wrap(meaning, room)
        return [
            Content.assemble((f"{what:>{INDENT - 2}}", "bold $accent"), "  ", first),
            *(Content(" " * INDENT + line) for line in others),
        ]

    def action_scroll_down(self) -> None:
        """Scroll a line down."""
        self._box.scroll_relative(y=1, animate=False)

    def action_scroll_page(self, by: int) -> None:
        """Scroll a page."""
        self._box.scroll_relative(y=by * max(1, self._box.size.height - 2), animate=False)

    def action_scroll_up(self) -> None:
        """Scroll a line up."""
        self._box.scroll_relative(y=-1, animate=False)
