"""The line to type a filter into."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from streamtui.widgets.entry_line import EntryLine


class FilterBar(Horizontal):
    """Posts `Changed` with every keystroke; enter keeps the filter, esc clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "drop", "show all rows", show=False)]

    class Changed(Message):
        """The text has changed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Done(Message):
        """The person has finished typing."""

    def __init__(self, text: str, known: Callable[[str], bool]) -> None:
        """Make the line.

        Args:
            text: The filter that holds already.
            known: Returns whether a text names a row, whatever it looks like.
        """
        super().__init__()
        self._text = text
        self._known = known

    def compose(self) -> ComposeResult:
        """Yield the input and what its keys do."""
        yield Label("/")
        yield EntryLine(
            self._text,
            known=self._known,
            placeholder="text that a row must contain",
            compact=True,
            select_on_focus=False,
        )
        yield Label("enter keeps  esc clears", id="filter-keys")

    def focus_input(self) -> None:
        """Give the focus to the input."""
        self.query_one(Input).focus()

    def action_drop(self) -> None:
        """Show all rows again."""
        self.post_message(self.Changed(""))
        self.post_message(self.Done())

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(event.value.strip()))

    @on(EntryLine.SecretRefused)
    def _secret_refused(self, event: EntryLine.SecretRefused) -> None:
        event.stop()
        self.notify(event.reason, severity="error", markup=False)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Done())
