"""What is shown in a terminal that is too small: its size, and the size that is needed."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

COLUMNS, LINES = 46, 12
"""The smallest terminal the other screens can be read in."""


class TooSmall(Screen[None]):
    """Stands in front of everything until there is room again."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "app.quit", "Quit", show=False)]

    def __init__(self, columns: int, lines: int) -> None:
        super().__init__()
        self._now = (columns, lines)

    def compose(self) -> ComposeResult:
        """Yield the message."""
        yield Static()

    def show(self, columns: int, lines: int) -> None:
        """Say how large the terminal is."""
        text = f"Too small: {columns}x{lines}\nNeeded: {COLUMNS}x{LINES}\nq quits"
        self.query_one(Static).update(text)

    def on_mount(self) -> None:
        """Show the size the screen was made with."""
        self.show(*self._now)


def is_too_small(columns: int, lines: int) -> bool:
    """Return whether the other screens would not fit."""
    return columns < COLUMNS or lines < LINES
