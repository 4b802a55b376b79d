"""The dialogs that take names: symbols to subscribe, wallets to watch."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Label

from streamcore.errors import StreamcoreError
from streamtui.cells import literal
from streamtui.layout import MUTED
from streamtui.screens.dialog import Dialog

MOST_SUGGESTIONS = 5


class EntryDialog(Dialog[None]):
    """Takes one or more names, separated by commas or spaces.

    What cannot be used is refused with the reason, and the dialog stays open for a correction.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        prompt: str,
        placeholder: str,
        submit: Callable[[Sequence[str]], Awaitable[object]],
        *,
        demo: str,
        present: Sequence[str] = (),
        complete: Callable[[str], Sequence[tuple[str, str]]] | None = None,
    ) -> None:
        """Make the dialog.

        Args:
            title: Its title.
            prompt: What to type.
            placeholder: An example.
            submit: Called with the names; a `StreamcoreError` it raises is shown, and nothing is closed.
            demo: What the mark for invented data says.
            present: What is watched already.
            complete: Returns names that begin with a text, and what they mean.
        """
        keys = "enter adds · tab completes · esc cancels" if complete else "enter adds · esc cancels"
        super().__init__(title, demo=demo, hint=keys)
        self._prompt = prompt
        self._placeholder = placeholder
        self._submit = submit
        self._present = present
        self._complete = complete
        self._suggested: list[str] = []

    def body(self) -> ComposeResult:
        """Yield prompt, input, suggestions, error and what is there already."""
        yield Label(self._prompt)
        yield Input(placeholder=self._placeholder, compact=True, id="entry")
        yield Label("", id="entry-suggestions")
        yield Label("", id="entry-error")
        if self._present:
            yield Label(literal(f"Watched now: {', '.join(self._present)}", MUTED), id="entry-present")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.query_one("#entry-error", Label).update("")
        if self._complete is None:
            return
        word = _last_word(event.value)
        found = list(self._complete(word))[:MOST_SUGGESTIONS] if word else []
        self._suggested = [symbol for symbol, _ in found]
        lines = [
            Content.assemble(literal(f"{symbol:<10}"), "  ", literal(name, MUTED)) for symbol, name in found
        ]
        self.query_one("#entry-suggestions", Label).update(Content("\n").join(lines))

    @on(Input.Submitted)
    async def _submitted(self, event: Input.Submitted) -> None:
        names = list(dict.fromkeys(filter(None, re.split(r"[,;\s]+", event.value))))
        if not names:
            self._refuse("type at least one, or press esc to leave")
            return
        try:
            await self._submit(names)
        except StreamcoreError as error:
            self._refuse(str(error))
        else:
            self.dismiss(None)

    def action_complete(self) -> None:
        """Replace the word before the cursor by the first suggestion."""
        entry = self.query_one(Input)
        if self._suggested:
            word = _last_word(entry.value)
            entry.value = f"{entry.value[: len(entry.value) - len(word)]}{self._suggested[0]}"
            entry.cursor_position = len(entry.value)

    def _refuse(self, reason: str) -> None:
        self.query_one("#entry-error", Label).update(literal(f"✗ {reason}", "$text-error"))


def _last_word(text: str) -> str:
    return re.split(r"[,;\s]+", text)[-1]
