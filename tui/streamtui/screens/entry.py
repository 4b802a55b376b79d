"""The base of the dialogs that take names: symbols to subscribe, wallets to watch."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Label

from streamcore import StreamcoreError, printable, split_names
from streamtui.format.cells import PARAGRAPH, literal
from streamtui.format.content import MUTED
from streamtui.screens.dialog import Dialog
from streamtui.widgets.entry_line import EntryLine

LONGEST_SHOWN = 24
"""Characters of a name in the list of what is watched already."""


class EntryDialog(Dialog[None]):
    """Takes one or more names.

    What cannot be used is refused with the reason, and the dialog stays open for a correction. A subclass
    says in `submit` what is done with the names.
    """

    WIDTH_CLASS = "-entry"

    def __init__(
        self, title: str, prompt: str, placeholder: str, *, hint: str, demo: str, present: Sequence[str] = ()
    ) -> None:
        """Make the dialog.

        Args:
            title: Its title.
            prompt: What to type.
            placeholder: An example.
            hint: The keys that work in it.
            demo: What the mark for invented data says.
            present: What is watched already.
        """
        super().__init__(title, demo=demo, hint=hint)
        self._prompt = prompt
        self._placeholder = placeholder
        self._present = present

    def body(self) -> ComposeResult:
        """Yield prompt, input, error, what the subclass adds, and what is there already."""
        yield Label(self._prompt)
        yield EntryLine(placeholder=self._placeholder, compact=True, id="entry")
        yield Label("", id="entry-error")
        yield from self.below()
        if self._present:
            names = ", ".join(printable(name, LONGEST_SHOWN) for name in self._present)
            yield Label(literal(f"Watched now: {names}", MUTED, limit=PARAGRAPH), id="entry-present")

    def below(self) -> ComposeResult:
        """Yield what stands between the error and what is there already. Here: nothing."""
        yield from ()

    async def submit(self, names: Sequence[str]) -> bool:
        """Do what the dialog is for with the names; return whether it is done and the dialog closes.

        Raises:
            StreamcoreError: It cannot be done; the text is shown.
        """
        raise NotImplementedError

    def names(self, text: str) -> list[str]:
        """Return the names in a text."""
        return split_names(text)

    def typed(self, text: str) -> None:
        """Take note of what is in the input now. Here: do nothing."""

    def entered(self) -> bool:
        """Return whether what was typed is to be submitted now. Here: always."""
        return True

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.query_one("#entry-error", Label).update("")
        self.typed(event.value)

    @on(Input.Submitted)
    async def _submitted(self) -> None:
        if not self.entered():
            return
        line = self.query_one(EntryLine)
        if line.refused:
            return  # why is still to be read
        names = self.names(line.value)
        if not names:
            self.refuse("type at least one, or press esc to leave")
            return
        try:
            done = await self.submit(names)
        except StreamcoreError as error:
            self.refuse(str(error))
        else:
            if done:
                self.dismiss(None)

    @on(EntryLine.SecretRefused)
    def _secret_refused(self, event: EntryLine.SecretRefused) -> None:
        self.refuse(event.reason)

    def refuse(self, reason: str) -> None:
        """Say why something is not done; it stands there until something else is typed."""
        self.query_one("#entry-error", Label).update(literal(f"✗ {reason}", "$text-error", limit=PARAGRAPH))
