"""The transaction table: transactions as rows, and following the newest of them."""

from __future__ import annotations

from collections.abc import Callable

from streamcore import Source, TransactionType
from streamtui.format.ages import time_of_day
from streamtui.format.cells import Cell, Span, cell
from streamtui.model.transaction_list import TransactionList
from streamtui.model.transaction_order import TransactionSort
from streamtui.themes import WALLETS
from streamtui.widgets.columns import Column
from streamtui.widgets.line_table import LineTable

COLUMNS = (
    Column("time", "TIME", 8),
    Column("wallet", "WALLET", 11, rank=2),
    Column("what", "TRANSACTION", 40, grows=400),
    Column("signature", "SIGNATURE", 9, rank=3),
)

MARKS: dict[TransactionType, tuple[str, str]] = {
    TransactionType.RECEIVED: ("+", "up"),
    TransactionType.BOUGHT: ("+", "up"),
    TransactionType.SENT: ("-", "down"),
    TransactionType.SOLD: ("-", "down"),
    TransactionType.SWAPPED: ("⇄", "strong"),
    TransactionType.FAILED: ("✗", "warn"),
}
"""The sign and its style for types that move money, and for failures; the others get a dot."""


class TransactionTable(LineTable):
    """The transactions, newest where the sort puts it.

    The cursor follows the newest row until the person moves it away, and again once it is moved back there.
    """

    def __init__(
        self,
        transactions: TransactionList,
        *,
        label: Callable[[str], str],
        number: Callable[[str], int],
        short: Callable[[str], str],
        id: str,  # noqa: A002 - Textual's word
    ) -> None:
        """Make an empty table; `refresh_rows` shows what there is.

        Args:
            transactions: What is shown.
            label: Returns the name shown for a wallet.
            number: Returns the index of a wallet, from 0, which decides its colour.
            short: Shortens a signature.
            id: Its name.
        """
        super().__init__(COLUMNS, id=id)
        self._transactions = transactions
        self._number = number
        self._label = label
        self._short = short
        self.following = True
        self.unseen = 0
        """Rows that came while it did not follow."""

    def refresh_rows(self) -> None:
        """Show what has changed since the last time."""
        was_empty = not self.row_count
        changes = self._transactions.update()
        if changes.reselected:
            self.following = True
        if changes.relabelled:
            self.forget_cells()
        if changes.first is not None:
            rows, hold = self._transactions.rows, not self.following
            self.show_rows(rows, first=changes.first, gone=changes.gone, hold=hold)
        if self.following:
            self.unseen = 0
            self._follow()
        elif not was_empty:
            self.unseen += len(changes.new)

    def _newest(self) -> int:
        """Return the row of the newest transaction; only meaningful when the rows are sorted by time."""
        return self.row_count - 1 if self._transactions.sort is TransactionSort.NEWEST_LAST else 0

    def _follow(self) -> None:
        if self.row_count and self._transactions.sort is not TransactionSort.WALLET:
            newest = self._transactions.rows.key(self._newest())
            if newest != self.cursor:
                self.select(newest)

    def moved(self, row: int) -> None:
        """Note where the person moved the cursor: the table follows only while that is the newest row."""
        self.following = row == self._newest()
        if self.following:
            self.unseen = 0

    def cells_of(self, key: str) -> tuple[Cell, ...] | None:
        """Return a transaction as cells."""
        tx = self._transactions.get(key)
        if tx is None:
            return None
        mark, style = MARKS.get(tx.type, ("·", "dim"))
        recovered = (Span("  recovered", "dim"),) if tx.source is Source.BACKFILL else ()
        failed = tx.type is TransactionType.FAILED
        wallet = f"wallet-{self._number(tx.wallet) % WALLETS + 1}"
        return (
            cell(time_of_day(tx.block_time if tx.block_time is not None else tx.ts), "dim"),
            cell(self._label(tx.wallet), wallet),
            (Span(f"{mark} ", style), Span(tx.summary, "failed" if failed else ""), *recovered),
            cell(self._short(tx.signature), "dim"),
        )
