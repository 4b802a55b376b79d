"""The last line: the keys, as many as fit."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from streamtui.keys import Command


class KeyBar(Widget):
    """Shows the commands with their first key; a click does what the key does.

    When it gets narrow those with the highest rank go first, so that help and quit are always there.
    """

    def __init__(self, commands: Sequence[Command]) -> None:
        super().__init__()
        self._commands = tuple(commands)

    def shown(self, width: int) -> list[Command]:
        """Return the commands that fit into ``width`` cells."""
        kept = list(self._commands)
        while kept and sum(len(self._text(command)) for command in kept) > width:
            kept.remove(max(kept, key=lambda command: command.rank))
        return kept

    def render(self) -> Content:
        """Return the line."""
        parts: list[Content] = []
        for command in self.shown(self.size.width):
            key, label = command.shown.split(" ")[0], command.label
            click = Style.from_meta({"@click": f"screen.{command.action}"})
            text = Content.assemble((f" {key} ", "bold $accent"), (f"{label} ", "$foreground"))
            parts.append(text.stylize(click))
        return Content("").join(parts)

    def _text(self, command: Command) -> str:
        return f" {command.shown.split(' ')[0]} {command.label} "
