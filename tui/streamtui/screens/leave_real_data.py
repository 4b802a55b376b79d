"""The dialog that asks before the real prices and transactions of a session are lost."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from streamtui.format.texts import count
from streamtui.screens.dialog import Dialog


class LeaveRealData(Dialog[bool]):
    """Returns ``True`` if invented data is to be shown all the same.

    The key that agrees is none that opens the dialog or lies beside it: a slip of a finger loses nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "agree", "Agree", show=False)]

    def __init__(self, prices: int, transactions: int) -> None:
        """Make the dialog; it says how many prices and transactions would be lost."""
        super().__init__(
            "Show invented data?", demo="", hint="esc keeps the real data · y shows invented data"
        )
        self._lost = f"{count(prices, 'price')} and {count(transactions, 'transaction')}"

    def body(self) -> ComposeResult:
        """Yield what would be lost, and how to keep it."""
        yield Static(f"{self._lost} of this session would be lost, and the charts.")
        yield Static("Later D brings real data back, but not these.")

    def action_agree(self) -> None:
        """Leave with consent."""
        self.dismiss(True)
