"""The main screen: what it shows, and what its keys do."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from streamtui.keys import COMMANDS
from streamtui.screens.arranging import Arranging
from streamtui.screens.looking import Looking
from streamtui.screens.watching import Watching


class MainScreen(Watching, Arranging, Looking):
    """The screen that is there from beginning to end; dialogs stand above it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(command.binding() for command in COMMANDS if command.action not in ("quit", "command_palette")),
        Binding("q", "app.quit", "quit"),
        Binding("escape", "clear_filter", "Clear filter", show=False),
    ]
