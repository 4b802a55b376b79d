"""The base of the two panes of the main screen: what their keys do, notifications, copying and exporting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.message import Message

from streamcore import DataKind, PriceUpdate, StreamcoreError, WalletTransaction, printable
from streamtui.clipboard import sent
from streamtui.format.texts import NO_FILES, count
from streamtui.model.session import Session
from streamtui.widgets.line_table import LineTable
from streamtui.widgets.pane import Pane

NOTIFICATION_SECONDS = 4.0
"""How long a notification stays on the screen."""


class SessionPane(Pane):
    """Shows one kind of data of a session.

    The actions are those of `streamtui.keys.COMMANDS`. An action that needs a row and finds none says so;
    every action that changes what is shown posts `Changed`.
    """

    kind: ClassVar[DataKind]
    """The kind of data it shows; the key that reconnects prefers a provider of this kind."""

    class Changed(Message):
        """What is shown has changed; the bars above and below the panes may have to change, too."""

    def __init__(self, name: str, table: LineTable, session: Session, *, id: str) -> None:  # noqa: A002 - Textual's word
        """Make the pane.

        Args:
            name: Its title.
            table: Where the rows are shown.
            session: What is shown and asked.
            id: Its name in the style sheet.
        """
        super().__init__(name, table, id=id)
        self.session = session

    # What it shows

    def describe(self) -> None:
        """Say in the title what is shown, and in an empty table why there is nothing."""
        raise NotImplementedError

    @property
    def alert_subject(self) -> str:
        """The ticker or wallet of the selected row, for a new alert; empty without a row."""
        raise NotImplementedError

    def exported(self) -> tuple[str, Sequence[PriceUpdate | WalletTransaction]]:
        """Return the plural noun for the rows, used in file names, and the events to write to a file."""
        raise NotImplementedError

    # What keys do

    @on(LineTable.Chosen)
    def _row_chosen(self, event: LineTable.Chosen) -> None:
        event.stop()
        self.action_details()

    def action_details(self) -> None:
        """Show everything about the selected row."""
        raise NotImplementedError

    def copied(self) -> tuple[str, str]:
        """Return the text to copy from the selected row, and what it is called; both empty without a row."""
        raise NotImplementedError

    def action_copy(self) -> None:
        """Copy the identifier of the selected row: the mint address, or the signature."""
        text, what = self.copied()
        if text:
            self.app.copy_to_clipboard(text)
            self.tell(sent(what, text))
        else:
            self.tell("No row is selected.")

    async def action_remove(self) -> None:
        """Stop watching what the selected row is about."""
        raise NotImplementedError

    def action_sort(self) -> None:
        """Go to the next order."""
        raise NotImplementedError

    def action_turn_round(self) -> None:
        """Turn the order round."""
        raise NotImplementedError

    def action_move_up(self) -> None:
        """Put the selected row before the one above it."""
        raise NotImplementedError

    def action_move_down(self) -> None:
        """Put the selected row after the one below it."""
        raise NotImplementedError

    async def action_export_csv(self) -> None:
        """Write the rows to a CSV file."""
        await self._export("csv")

    async def action_export_json(self) -> None:
        """Write the rows to a JSON file."""
        await self._export("json")

    async def _export(self, form: str) -> None:
        from streamtui.model.exporting import Format, export

        if self.session.in_browser:
            self.tell(NO_FILES, bad=True)
            return
        what, events = self.exported()
        if not events:
            self.tell(f"There are no {what} to export.")
            return
        now = self.session.clock.time()
        try:
            path = await asyncio.to_thread(export, events, what, Format(form), Path(), now)
        except StreamcoreError as error:
            self.tell(str(error), bad=True)
        else:
            self.tell(f"{count(len(events), what.removesuffix('s'))} written to {path}")

    def action_alerts(self) -> None:
        """Show the alerts, and let one add and remove some."""
        from streamtui.screens.alerts import AlertsDialog

        self.app.push_screen(AlertsDialog(self.session, self.alert_subject, demo=self.session.demo))

    # Notifications and requests

    def tell(self, text: str, *, bad: bool = False) -> None:
        """Show a notification; ``bad`` marks it as an error."""
        self.notify(
            printable(text),
            severity="error" if bad else "information",
            markup=False,
            timeout=NOTIFICATION_SECONDS,
        )

    async def ask(self, request: Awaitable[object], done: str) -> None:
        """Wait for a request to the engine, and show ``done``, or why it was refused."""
        try:
            await request
        except StreamcoreError as error:
            self.tell(str(error), bad=True)
        else:
            self.tell(done)
        self.changed()

    def changed(self) -> None:
        """Update the title, and post `Changed`."""
        self.describe()
        self.post_message(self.Changed())
