"""The dialog that asks which wallet to stop watching."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from streamtui.format.cells import cell
from streamtui.screens.dialog import Dialog
from streamtui.widgets.columns import Column
from streamtui.widgets.line_table import LineTable


class ChooseWallet(Dialog[str]):
    """Returns the address chosen, or ``None``."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,d,delete", "choose", "Choose", show=False)]

    def __init__(
        self,
        wallets: Sequence[str],
        label: Callable[[str], str],
        *,
        demo: str,
        selected: str | None = None,
    ) -> None:
        """Make the dialog.

        Args:
            wallets: What to choose from.
            label: Returns the name shown for a wallet.
            demo: What the mark for invented data says.
            selected: Where the cursor begins; ``None``: at the first.
        """
        super().__init__("Stop watching a wallet", demo=demo, hint="esc cancels · enter stops watching it")
        self._wallets = wallets
        self._selected = selected
        self._label = label
        self._table = LineTable([Column("name", "NAME", 12), Column("address", "ADDRESS", 44, rank=1)])

    def body(self) -> ComposeResult:
        """Yield the list."""
        yield self._table

    def on_mount(self) -> None:
        """Fill the list."""
        self._table.set_order(self._wallets)
        for wallet in self._wallets:
            self._table.put(wallet, (cell(self._label(wallet), "strong"), cell(wallet, "dim")))
        if self._selected is not None:
            self._table.select(self._selected)
        self._table.focus()

    def action_choose(self) -> None:
        """Return the selected wallet."""
        self.dismiss(self._table.cursor)
