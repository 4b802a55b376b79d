"""The pane of the transactions: what it shows, and what keys do in it."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on

from streamcore import DataKind, WalletTransaction
from streamtui.model.labels import shortened
from streamtui.model.session import Session
from streamtui.model.transaction_order import TransactionSort
from streamtui.screens.main.session_pane import SessionPane
from streamtui.screens.main.transaction_texts import transactions_info, unseen_notice, why_no_transactions
from streamtui.widgets.line_table import LineTable
from streamtui.widgets.transaction_table import TransactionTable


class TransactionPane(SessionPane):
    """Shows the transactions of the watched wallets. Dialogs are imported only when opened."""

    kind = DataKind.WALLETS

    def __init__(self, session: Session) -> None:
        """Make the pane of a session."""
        self._transactions = session.transactions
        self._table = TransactionTable(
            session.transactions,
            label=session.label,
            number=session.number_of,
            short=shortened,
            id="transaction-table",
        )
        super().__init__("TRANSACTIONS", self._table, session, id="transactions")

    # What it shows

    def draw(self) -> bool:
        """Draw what has changed; return whether something had."""
        changed = self._transactions.changed
        if changed:
            self._table.refresh_rows()
        return changed

    def describe(self) -> None:
        """Say in the title what is shown, and in an empty table why there is nothing."""
        serving = self.session.health.serving(DataKind.WALLETS)
        self.title.info = transactions_info(self.session, self._table.row_count)
        self.title.demo = "DEMO" if serving and serving.demo else ""
        self.title.news = unseen_notice(self.session, self._table.unseen)
        self._table.set_message(*why_no_transactions(self.session))

    @on(LineTable.CursorMoved)
    def _cursor_moved(self, event: LineTable.CursorMoved) -> None:
        event.stop()
        self._table.moved(event.row)
        self.changed()

    @property
    def selected(self) -> WalletTransaction | None:
        """The transaction of the cursor."""
        return self._transactions.get(self._table.cursor or "")

    @property
    def alert_subject(self) -> str:
        """The name of the wallet of the selected row."""
        return self.session.label(self.selected.wallet) if self.selected is not None else ""

    def exported(self) -> tuple[str, Sequence[WalletTransaction]]:
        """Return the transactions that are shown."""
        return "transactions", self._transactions.shown()

    # What keys do

    def action_details(self) -> None:
        """Show everything about the selected transaction."""
        from streamtui.screens.transaction_detail import TransactionDetail

        if self.selected is not None:
            self.app.push_screen(TransactionDetail(self.selected, self.session.label))

    def copied(self) -> tuple[str, str]:
        """Return the signature."""
        return (self.selected.signature if self.selected is not None else "", "the signature")

    def action_watch(self) -> None:
        """Ask for wallets."""
        from streamtui.model.lookups import Lookups
        from streamtui.screens.wallet_dialog import WalletDialog

        present = [self.session.label(wallet) for wallet in self.session.wallets]
        dialog = WalletDialog(
            self._watch, Lookups(self.session).resolve_wallet, demo=self.session.demo, present=present
        )
        self.app.push_screen(dialog)

    async def _watch(self, entries: Sequence[str]) -> None:
        labels: dict[str, str] = {}
        addresses = []
        for entry in entries:
            address, _, label = entry.partition(" ")
            addresses.append(address)
            if label:
                labels[address] = label
        new = await self.session.watch(addresses)
        if not new and not labels:
            self.tell(f"Watched already: {', '.join(map(self.session.label, addresses))}")
        if labels:
            self.session.name_wallets(labels)
            self.draw()

    async def action_remove(self) -> None:
        """Let one choose which wallet to stop watching, beginning at that of the selected row."""
        if not self.session.wallets:
            self.tell("No wallet is watched.")
            return
        from streamtui.screens.choose_wallet import ChooseWallet

        # asked first: all transactions of the wallet go with it, and the selected row may have just changed
        dialog = ChooseWallet(
            self.session.wallets,
            self.session.label,
            demo=self.session.demo,
            selected=None if self.selected is None else self.selected.wallet,
        )
        self.app.push_screen(dialog, self._unwatch)

    async def _unwatch(self, wallet: str | None) -> None:
        if wallet is not None and wallet in self.session.wallets:
            label = self.session.label(wallet)
            await self.ask(self.session.unwatch(wallet), f"No longer watching {label}")

    def action_pause(self) -> None:
        """Hold the list still, or let it go on."""
        self._transactions.set_paused(not self._transactions.paused)
        self._redraw()

    # Which of them, in which order

    @property
    def filter_text(self) -> str:
        """The text that a transaction must contain."""
        return self._transactions.selection.text

    def names_row(self, text: str) -> bool:
        """Return whether a text is the signature of a transaction that is kept."""
        return self._transactions.has_signature(text)

    def filter_by(self, text: str) -> None:
        """Show only transactions that contain a text; without one, those of all wallets and types."""
        self._transactions.select(text=text, **({} if text else {"wallet": None, "type": None}))
        self._redraw()

    def action_sort(self) -> None:
        """Go to the next order."""
        sorts = list(TransactionSort)
        self._sort(sorts[(sorts.index(self._transactions.sort) + 1) % len(sorts)])

    def action_turn_round(self) -> None:
        """Put the oldest first, or the newest again."""
        newest_first = self._transactions.sort is TransactionSort.NEWEST_LAST
        self._sort(TransactionSort.NEWEST_FIRST if newest_first else TransactionSort.NEWEST_LAST)

    @on(LineTable.TitleClicked)
    def _title_clicked(self, event: LineTable.TitleClicked) -> None:
        event.stop()
        if event.column == "wallet":
            self._sort(TransactionSort.WALLET)
        elif event.column == "time":
            self.action_turn_round()

    def _sort(self, sort: TransactionSort) -> None:
        self._transactions.sort_by(sort)
        self._redraw()

    def action_move_up(self) -> None:
        """Say that transactions cannot be moved."""
        self.tell("Transactions stand in the order of the chain; only prices can be moved.")

    def action_move_down(self) -> None:
        """Say that transactions cannot be moved."""
        self.action_move_up()

    def action_next_wallet(self) -> None:
        """Show the transactions of the next wallet, or of all."""
        choices = [None, *self.session.wallets]
        now = self._transactions.selection.wallet
        at = choices.index(now) if now in choices else 0
        self._transactions.select(wallet=choices[(at + 1) % len(choices)])
        self._redraw()

    def action_next_type(self) -> None:
        """Show the next type of transaction, or all."""
        choices = [None, *self._transactions.types()]
        now = self._transactions.selection.type
        at = choices.index(now) if now in choices else 0
        self._transactions.select(type=choices[(at + 1) % len(choices)])
        self._redraw()

    def action_hide_dust(self) -> None:
        """Leave out dust and spam, or show it again."""
        self._transactions.select(without_dust=not self._transactions.selection.without_dust)
        self._redraw()

    def _redraw(self) -> None:
        self.draw()
        self.changed()
