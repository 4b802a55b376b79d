"""The help: every key of the main screen, taken from the bindings themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from streamtui.keys import Command, readable
from streamtui.lamps import CONNECTING, DOWN, IDLE, LIVE, POLLING, STALE
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


class HelpScreen(Dialog[None]):
    """Lists keys and lamps."""

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
            lines.append(_line(command.shown, command.help))
        lines += [Content(""), Content.styled("In every list", "bold")]
        for binding in LineTable.BINDINGS:
            if isinstance(binding, Binding):
                keys = " ".join(readable(key) for key in binding.key.split(","))
                lines.append(_line(keys, binding.description.lower()))
        lines += [Content(""), Content.styled("Lamps", "bold")]
        for lamp, meaning in LAMPS:
            lines.append(Content.assemble("  ", (f"{lamp!s:<14}", TONES[lamp.tone]), meaning))
        return Content("\n").join(lines)

    def action_scroll_down(self) -> None:
        """Scroll a line down."""
        self._box.scroll_relative(y=1, animate=False)

    def action_scroll_page(self, by: int) -> None:
        """Scroll a page."""
        self._box.scroll_relative(y=by * max(1, self._box.size.height - 2), animate=False)

    def action_scroll_up(self) -> None:
        """Scroll a line up."""
        self._box.scroll_relative(y=-1, animate=False)


def _line(keys: str, text: str) -> Content:
    return Content.assemble((f"{keys:>12}", "bold $accent"), "  ", text)
