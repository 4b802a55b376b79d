"""The alerts: what there is, whether it is armed, and a line to add one."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, Label

from streamcore import StreamcoreError
from streamtui.format.ages import time_of_day
from streamtui.format.cells import PARAGRAPH, Cell, cell, literal
from streamtui.format.content import MUTED
from streamtui.format.numbers import UNKNOWN
from streamtui.model.alert_requests import add_alert, remove_alert
from streamtui.model.alerts import EXAMPLES, Alert
from streamtui.model.session import Session
from streamtui.screens.dialog import Dialog
from streamtui.widgets.columns import Column
from streamtui.widgets.entry_line import EntryLine
from streamtui.widgets.line_table import LineTable

COLUMNS = (
    Column("alert", "ALERT", 28, grows=4),
    Column("state", "STATE", 18, grows=10),
    Column("fired", "FIRED", 5, "right", rank=1),
    Column("last", "LAST", 8, "right", rank=2),
)

HISTORY_SHOWN = 6
"""How many of the last alerts that fired stand below the list."""


class AlertsDialog(Dialog[None]):
    """Lists alerts, adds and removes them."""

    shows_alerts = True

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "choose(1)", "Next alert", show=False),
        Binding("up", "choose(-1)", "Previous alert", show=False),
        Binding("ctrl+d", "remove", "Remove", show=False, priority=True),
    ]

    def __init__(self, session: Session, about: str, *, demo: str) -> None:
        """Make the dialog; ``about``, a ticker or a wallet, is what an alert is for that names nothing."""
        super().__init__("Alerts", demo=demo, hint="esc closes · enter adds · ↑ ↓ selects · ctrl+d removes")
        self._session = session
        self._about = about
        self._table = LineTable(COLUMNS, id="alerts")
        self._shown_history: list[tuple[float, str]] = []

    def body(self) -> ComposeResult:
        """Yield the line to type, what is wrong with it, and the list."""
        yield Label("Tell me when:")
        yield EntryLine(placeholder=self._example(), compact=True, id="entry")
        yield Label("", id="entry-error")
        yield Label(literal(EXAMPLES, MUTED), id="alert-examples")
        yield self._table
        yield Label("", id="alert-history")

    def _example(self) -> str:
        """Return an alert that makes sense for what the selected row is about: a tenth above its price."""
        if not self._about:
            return EXAMPLES.partition(" · ")[0]
        row = next(
            (row for row in self._session.prices.rows.values() if row.token.symbol == self._about), None
        )
        price = row.update.price if row is not None and row.update is not None else None
        limit = "200" if price is None else f"{Decimal(f'{float(price) * 1.1:.2g}'):f}"
        return f"{self._about} above {limit}, or just {limit}"

    def on_mount(self) -> None:
        """Show what there is; the keys go to the line."""
        self._table.can_focus = False
        self._table.always_shows_cursor = True
        self._table.set_message("No alerts yet.")
        self._session.alerts.unseen = 0
        self.pass_time(self._session.clock.time())

    def pass_time(self, at: float) -> None:
        """Show how the alerts are doing."""
        alerts = self._session.alerts.alerts
        keys = [str(number) for number in range(len(alerts))]
        self._table.set_order(keys)
        for key, alert in zip(keys, alerts, strict=True):
            self._table.put(key, self._cells(alert))
        history = list(self._session.alerts.history)[:HISTORY_SHOWN]
        if history != self._shown_history:
            self._shown_history = history
            lines = [literal(f"{time_of_day(ts)}  {text}", MUTED) for ts, text in history]
            title = [Content.styled("Told lately:", MUTED)] if lines else []
            self.query_one("#alert-history", Label).update(Content("\n").join([*title, *lines]))
        self._session.alerts.unseen = 0

    def _cells(self, alert: Alert) -> tuple[Cell, ...]:
        state, style = self._state(alert)
        return (
            cell(self._session.alerts.described(alert), "strong"),
            cell(state, style),
            cell(str(alert.fired), "" if alert.fired else "dim"),
            cell(time_of_day(alert.last_fired) if alert.fired else UNKNOWN, "dim"),
        )

    def _state(self, alert: Alert) -> tuple[str, str]:
        key = self._session.alerts.key(alert)
        if key not in self._session.prices.rows and key not in self._session.wallets:
            return "not watched now", "warn"
        if alert.rule.wallet is not None:
            return "armed", "dim"  # always: each transaction is another one
        if alert.armed is None:
            return "waiting for a price", "dim"
        return ("armed", "dim") if alert.armed else ("already beyond it", "warn")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if self.query_one(EntryLine).refused:
            return  # why is still to be read
        if not event.value.strip():
            self._refuse("type an alert, or press esc to leave")
            return
        try:
            add_alert(self._session, self._completed(event.value))
        except StreamcoreError as error:
            self._refuse(str(error))
            return
        event.input.value = ""
        self.pass_time(self._session.clock.time())
        self._table.select(str(len(self._session.alerts.alerts) - 1))  # a long list ends out of view

    def _completed(self, text: str) -> str:
        """Return what was typed; a bare number becomes an upper limit for what the selected row is about."""
        is_number = text.strip()[:1].isdigit()
        return f"{self._about} above {text}" if self._about and is_number else text

    @on(Input.Changed)
    def _typed(self) -> None:
        self.query_one("#entry-error", Label).update("")

    def action_choose(self, by: int) -> None:
        """Select another alert."""
        self._table.action_move(by)

    def action_remove(self) -> None:
        """Remove the selected alert."""
        if self._table.cursor is None:
            self._refuse("there is no alert to remove")
            return
        remove_alert(self._session, int(self._table.cursor))
        self._table.set_order(())
        self.pass_time(self._session.clock.time())

    @on(EntryLine.SecretRefused)
    def _secret_refused(self, event: EntryLine.SecretRefused) -> None:
        self._refuse(event.reason)

    def _refuse(self, reason: str) -> None:
        self.query_one("#entry-error", Label).update(literal(f"✗ {reason}", "$text-error", limit=PARAGRAPH))
