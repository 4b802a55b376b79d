"""The dialogs that take names: symbols to subscribe, wallets to watch."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar, Protocol

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input, Label

from streamcore import StreamcoreError, split_names
from streamtui.format.cells import PARAGRAPH, cell, literal
from streamtui.format.content import MUTED
from streamtui.model.price_row import WatchedToken
from streamtui.screens.dialog import Dialog
from streamtui.widgets.columns import Column
from streamtui.widgets.entry_line import EntryLine
from streamtui.widgets.line_table import LineTable

MOST_SUGGESTIONS = 8
SUGGESTION_COLUMNS = (
    Column("symbol", "SYMBOL", 8),
    Column("name", "TOKEN", 18),
    Column("mint", "MINT", 11, grows=33),
)


class Tokens(Protocol):
    """What knows the tokens a person may mean."""

    def complete(self, prefix: str) -> Sequence[WatchedToken]:
        """Return the tokens whose ticker or name begins like this."""
        ...

    def token(self, text: str) -> WatchedToken | None:
        """Return the token a text means, if it means one."""
        ...


class EntryDialog(Dialog[None]):
    """Takes one or more names.

    What cannot be used is refused with the reason, and the dialog stays open for a correction.
    """

    WIDTH_CLASS = "-entry"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False, priority=True),
        Binding("down", "suggestion(1)", "Next suggestion", show=False),
        Binding("up", "suggestion(-1)", "Previous suggestion", show=False),
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
        tokens: Tokens | None = None,
        split: Callable[[str], list[str]] = split_names,
    ) -> None:
        """Make the dialog.

        Args:
            title: Its title.
            prompt: What to type.
            placeholder: An example.
            submit: Called with the names; a `StreamcoreError` it raises is shown, and nothing is closed.
            demo: What the mark for invented data says.
            present: What is watched already.
            tokens: Completes what is typed and tells what it means, if names are tokens.
            split: Returns the names in a text.
        """
        keys = "esc cancels · enter adds · ↑ ↓ tab completes" if tokens else "esc cancels · enter adds"
        super().__init__(title, demo=demo, hint=keys)
        self._prompt = prompt
        self._placeholder = placeholder
        self._submit = submit
        self._present = present
        self._tokens = tokens
        self._split = split
        self._chosen: list[str] = []
        """What tab takes, in the order of the suggestions."""
        self._suggestions = LineTable(SUGGESTION_COLUMNS, id="entry-suggestions")

    def body(self) -> ComposeResult:
        """Yield prompt, input, suggestions, error and what is there already."""
        yield Label(self._prompt)
        yield EntryLine(placeholder=self._placeholder, compact=True, id="entry")
        yield Label("", id="entry-error")
        if self._tokens is not None:
            yield self._suggestions
        if self._present:
            yield Label(literal(f"Watched now: {', '.join(self._present)}", MUTED), id="entry-present")

    def on_mount(self) -> None:
        """Leave the keys to the input."""
        self._suggestions.can_focus = False
        self._suggestions.always_shows_cursor = True
        self._suggest("")

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.query_one("#entry-error", Label).update("")
        self._suggest(event.value)

    def _suggest(self, text: str) -> None:
        """Show what the word being typed may become, and when none is, what all of them mean."""
        if self._tokens is None:
            return
        word = _last_word(text)
        if word:
            meant = self._tokens.token(word)
            found = [*([meant] if meant is not None else []), *self._tokens.complete(word)]
        else:
            found = [token for typed in split_names(text) if (token := self._tokens.token(typed)) is not None]
        tokens = {token.mint or token.symbol: token for token in found[: MOST_SUGGESTIONS + 1]}
        shown = dict(list(tokens.items())[:MOST_SUGGESTIONS])
        self._suggestions.set_order(list(shown))
        for key, token in shown.items():
            self._suggestions.put(
                key, (cell(token.symbol, "strong"), cell(token.name), cell(token.mint, "dim"))
            )
        if shown:
            self._suggestions.select(next(iter(shown)))
        self._suggestions.set_message(_why_no_suggestion(word))
        self._chosen = [token.symbol for token in shown.values()] if word else []

    @on(Input.Submitted)
    async def _submitted(self) -> None:
        self.action_complete()
        line = self.query_one(EntryLine)
        if line.refused:
            return  # why is still to be read
        names = self._split(line.value)
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
        """Replace the word before the cursor by the selected suggestion, unless it says that already."""
        entry = self.query_one(Input)
        key = self._suggestions.cursor
        if self._chosen and key is not None:
            word = _last_word(entry.value)
            symbol = self._chosen[self._suggestions.order.index(key)]
            if word == key or word.removeprefix("$").casefold() == symbol.casefold():
                return
            meant = None if self._tokens is None else self._tokens.token(word)
            if meant is not None and meant.symbol == symbol:
                return  # it is another spelling, such as a pair, of which the person may be told
            entry.value = f"{entry.value[: len(entry.value) - len(word)]}{symbol}"
            entry.cursor_position = len(entry.value)

    def action_suggestion(self, by: int) -> None:
        """Select the next or previous suggestion."""
        if self._tokens is not None:
            self._suggestions.action_move(by)

    @on(EntryLine.SecretRefused)
    def _secret_refused(self, event: EntryLine.SecretRefused) -> None:
        self._refuse(event.reason)

    def _refuse(self, reason: str) -> None:
        self.query_one("#entry-error", Label).update(literal(f"✗ {reason}", "$text-error", limit=PARAGRAPH))


def _why_no_suggestion(word: str) -> str:
    base, slash, _ = word.partition("/")
    if slash:
        return f"Prices are in US dollars: type {base or 'SOL'} alone, or {base or 'SOL'}/USDT."
    return "No token begins like this; a mint address works, too." if word else "Type to see tokens."


def _last_word(text: str) -> str:
    return re.split(r"[,;\s]+", text)[-1]
