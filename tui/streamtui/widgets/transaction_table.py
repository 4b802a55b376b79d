"""The transaction feed: transactions as rows, and following the newest of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from streamcore import Source, TransactionType, WalletTransaction
from streamtui.format.ages import time_of_day
from streamtui.format.cells import Cell, Span, cell
from streamtui.model.transaction_list import FeedSort, key_of
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
"""A sign and a style for those types that move money, or did not."""


class TransactionTable(LineTable):
    """The feed. It follows the newest row until the person moves away from it, and again from there on."""

    def __init__(
        self,
        label: Callable[[str], str],
        number: Callable[[str], int],
        short: Callable[[str], str],
        *,
        id: str,  # noqa: A002 - Textual's word
    ) -> None:
        """Make an empty feed.

        Args:
            label: What to call a wallet.
            number: Which of the wallets one is, from 0, for its colour.
            short: Shortens a signature.
            id: Its name.
        """
        super().__init__(COLUMNS, id=id)
        self._number = number
        self._label = label
        self._short = short
        self._sort = FeedSort.NEWEST_FIRST
        self.following = True
        self.unseen = 0
        """Rows that came while it did not follow."""

    def show(
        self,
        transactions: Sequence[WalletTransaction],
        sort: FeedSort,
        *,
        anew: bool = False,
        other: bool = False,
    ) -> None:
        """Show these, in this order.

        Args:
            transactions: What to show.
            sort: The order they are in.
            anew: Draw those that are there already, too: a name has changed.
            other: Others were chosen to be shown, so none of them is new, and reading starts at the newest.
        """
        keys = [key_of(transaction) for transaction in transactions]
        new = [tx for key, tx in zip(keys, transactions, strict=True) if key not in self]
        draw = transactions if anew else new
        was_empty = not self.order
        if other or sort is not self._sort:
            self._sort, self.following = sort, True
        self.set_order(keys, hold=not self.following)
        for transaction in draw:
            self.put(key_of(transaction), self._cells_of(transaction))
        if self.following:
            self.unseen = 0
            self._follow()
        elif not was_empty:
            self.unseen += len(new)

    def _follow(self) -> None:
        if self.order and self._sort is not FeedSort.WALLET:
            newest = self.order[-1 if self._sort is FeedSort.NEWEST_LAST else 0]
            if newest != self.cursor:
                self.select(newest)

    def moved(self, row: int) -> None:
        """The person moved the cursor: follow on only from the newest row."""
        newest = len(self.order) - 1 if self._sort is FeedSort.NEWEST_LAST else 0
        self.following = row == newest
        if self.following:
            self.unseen = 0

    def _cells_of(self, tx: WalletTransaction) -> tuple[Cell, ...]:
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
