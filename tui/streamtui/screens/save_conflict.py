"""The dialog that asks what to do with entries of the configuration file that this session does not have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from streamtui.format.cells import literal
from streamtui.model.config_writer import OnConflict
from streamtui.screens.dialog import Dialog


class SaveConflict(Dialog[OnConflict]):
    """Returns `OnConflict.ADD` or `OnConflict.REPLACE`, or ``None`` if nothing is to be saved."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "decide('add')", "Add", show=False),
        Binding("r", "decide('replace')", "Replace", show=False),
    ]

    def __init__(self, conflicts: Sequence[str], *, demo: str) -> None:
        """Make the dialog.

        Args:
            conflicts: As in `streamtui.model.config_writer.Conflict`.
            demo: What the mark for invented data says.
        """
        super().__init__(
            "The file has something else", demo=demo, hint="esc saves nothing · a adds to it · r replaces it"
        )
        self._conflicts = conflicts

    def body(self) -> ComposeResult:
        """Yield what the file has, and what the keys do."""
        for conflict in self._conflicts:
            yield Static(literal(f"In the file, {conflict}."))
        yield Static("")
        yield Static("a  keep what the file has, and add what is here")
        yield Static("r  let what is here take its place")

    def action_decide(self, choice: str) -> None:
        """Leave with a decision."""
        self.dismiss(OnConflict(choice))
