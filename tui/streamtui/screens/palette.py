"""The command palette, whose input refuses the secret of a wallet like every other one."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.command import CommandInput, CommandPalette

from streamcore import printable
from streamtui.widgets.entry_line import EntryLine


class PaletteLine(CommandInput, EntryLine):  # Textual's first: by its name it is styled and gets the focus
    """The input of the palette."""


class Palette(CommandPalette):
    """Textual's palette with an input that keeps and shows no secret."""

    def compose(self) -> ComposeResult:
        """Yield Textual's parts, and the own input in the place of its."""
        for part in super().compose():
            if isinstance(part, CommandInput):
                yield PaletteLine(placeholder=part.placeholder, select_on_focus=False)
            else:
                yield part

    @on(EntryLine.SecretRefused)
    def _secret_refused(self, event: EntryLine.SecretRefused) -> None:
        event.stop()
        self.notify(printable(event.reason, 600), severity="error", markup=False)
