"""The last line: the keys, as many as fit."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from streamtui.keys import Command, Target
from streamtui.widgets.cached_lines import CachedLines


class KeyBar(CachedLines, Widget):
    """Shows the commands with their first key; a click does what the key does.

    Room is given in the order of their rank, the lowest first, so that help and quit are always there.
    """

    def __init__(self, commands: Sequence[Command]) -> None:
        super().__init__()
        self._commands = tuple(commands)

    def shown(self, width: int) -> list[Command]:
        """Return the commands that fit into ``width`` cells."""
        kept = set()
        for command in sorted(self._commands, key=lambda command: command.rank):
            room = len(self._text(command))
            if room <= width:
                kept.add(command)
                width -= room
        return [command for command in self._commands if command in kept]

    def render(self) -> Content:
        """Return the line."""
        parts: list[Content] = []
        for command in self.shown(self.size.width):
            key, label = command.shown.split(" ")[0], command.label
            click = Style.from_meta({"@click": self._action(command)})
            text = Content.assemble((f" {key} ", "bold $accent"), (f"{label} ", "$foreground"))
            parts.append(text.stylize(click))
        return Content("").join(parts)

    def _text(self, command: Command) -> str:
        return f" {command.shown.split(' ')[0]} {command.label} "

    @staticmethod
    def _action(command: Command) -> str:
        return (
            f"app.{command.action}" if command.target is Target.APP else f"screen.command({command.action!r})"
        )
