"""Names and values, one pair a line, for the detail views."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Label


class Fields(VerticalScroll):
    """A list of named values. Long values wrap; only values that changed are drawn again."""

    def __init__(self, values: dict[str, Content]) -> None:
        super().__init__()
        self._values = values
        self._labels = {name: Label(value, classes="field-value") for name, value in values.items()}

    def compose(self) -> ComposeResult:
        """Yield a line for each pair."""
        for name, label in self._labels.items():
            with Horizontal(classes="field"):
                yield Label(name, classes="field-name")
                yield label

    def show(self, values: dict[str, Content]) -> None:
        """Show other values under the same names."""
        for name, value in values.items():
            if self._values.get(name) != value:
                self._labels[name].update(value)
        self._values = values
