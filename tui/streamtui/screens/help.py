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
        rows = [(command.shown, command.help) for command in self._commands]
        for binding in LineTable.BINDINGS:
            if isinstance(binding, Binding):
                keys = " ".join(readable(key) for key in binding.key.split(","))
                rows.append((keys, binding.description.lower()))
        lines = [Content.assemble((f"{keys:>10}", "bold $accent"), "  ", text) for keys, text in rows]
        lines.append(Content(""))
        for lamp, meaning in LAMPS:
            lines.append(Content.assemble("  ", (f"{lamp!s:<14}", TONES[lamp.tone]), meaning))
        return Content("\n").join(lines)

    def action_scroll_down(self) -> None:
        """Scroll a line down."""
        self._box.scroll_relative(y=1, animate=False)

    def action_scroll_up(self) -> None:
        """Scroll a line up."""
        self._box.scroll_relative(y=-1, animate=False)
