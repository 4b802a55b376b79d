"""Everything known about one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content

from streamcore import Source, WalletTransaction, printable
from streamtui.clipboard import sent
from streamtui.format.ages import moment
from streamtui.format.cells import PARAGRAPH, literal
from streamtui.format.content import MUTED
from streamtui.format.numbers import UNKNOWN, amount
from streamtui.screens.dialog import Dialog
from streamtui.widgets.fields import Fields

EXPLORER = "https://solscan.io/tx/"
UNREAD = "not known: the transaction could not be read"
SOURCES = {
    Source.STREAM: "stream",
    Source.BACKFILL: "recovered after a gap in the stream",
    Source.POLL: "polling",
}


class TransactionDetail(Dialog[None]):
    """One row of the transaction list in full."""

    WIDTH_CLASS = "-wide"  # a signature in one piece can be copied

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,q", "cancel", "Close", show=False),
        Binding("y", "copy('signature')", "Copy the signature", show=False),
        Binding("l", "copy('link')", "Copy the explorer link", show=False),
        Binding("m", "copy('wallet')", "Copy the wallet", show=False),
    ]

    def __init__(self, transaction: WalletTransaction, label: Callable[[str], str]) -> None:
        demo = "DEMO" if transaction.demo else ""
        super().__init__(
            f"{label(transaction.wallet)}  {transaction.type}",
            demo=demo,
            hint="esc closes · y copies the signature · l the link · m the wallet",
        )
        self.transaction = transaction
        self._label = label

    def body(self) -> ComposeResult:
        """Yield the values."""
        yield Fields(self._values())

    @property
    def link(self) -> str:
        """The page of an explorer about it; invented transactions have none."""
        return "" if self.transaction.demo else f"{EXPLORER}{self.transaction.signature}"

    def action_copy(self, what: str) -> None:
        """Copy the signature, the link or the wallet."""
        tx = self.transaction
        text = {"signature": tx.signature, "link": self.link, "wallet": tx.wallet}[what]
        if text:
            self.app.copy_to_clipboard(text)
            self.notify(printable(sent(f"the {what}", text)), markup=False, timeout=4)
        else:
            self.notify("No explorer knows an invented transaction.", markup=False, timeout=4)

    def _values(self) -> dict[str, Content]:
        tx = self.transaction
        is_read = tx.sol_change is not None
        label = self._label(tx.wallet)
        named = f"{tx.wallet} ({label})" if label not in (tx.wallet, "") and "…" not in label else tx.wallet
        return {
            "what": literal(tx.summary, limit=PARAGRAPH),
            **({"action": literal(tx.action)} if tx.action else {}),
            "error": literal(tx.error, "bold $text-error", limit=PARAGRAPH) if tx.error else Content("none"),
            "wallet": literal(named),
            "signature": literal(tx.signature),
            "link": literal(self.link or "none: the transaction is invented", MUTED if tx.demo else ""),
            "SOL": Content(
                f"{amount(tx.sol_change, signed=True)} SOL, without fee and rent" if is_read else UNREAD
            ),
            "tokens": self._tokens() if is_read else Content(UNREAD),
            "fee": Content(
                UNREAD if tx.fee is None else f"{amount(tx.fee)} SOL" if tx.fee else "not paid by this wallet"
            ),
            "rent": self._rent(),
            **({"tip": Content(f"{amount(tx.tip)} SOL, counted in the SOL above")} if tx.tip else {}),
            "with": self._with(),
            "program": literal(tx.program or UNKNOWN),
            "slot": Content(f"{tx.slot:,}"),
            "block time": Content(moment(tx.block_time)),
            "received": Content(moment(tx.ts)),
            "source": literal(f"{tx.provider}, {SOURCES[tx.source]}"),
        }

    def _rent(self) -> Content:
        rent = self.transaction.rent
        if rent is None:
            return Content(UNREAD)
        if not rent:
            return Content("none")
        return Content(f"{amount(abs(rent))} SOL {'got back' if rent > 0 else 'paid for new accounts'}")

    def _with(self) -> Content:
        """Return everybody on the other side, a line each."""
        tx = self.transaction
        addresses = tx.counterparties or (tx.counterparty or UNKNOWN,)
        return Content("\n").join([literal(address) for address in addresses])

    def _tokens(self) -> Content:
        changes = self.transaction.token_changes
        if not changes:
            return Content("none")
        return Content("\n").join(
            [
                Content.assemble(
                    (amount(change.amount, signed=True), "bold"),
                    " ",
                    literal(change.symbol or "unknown token"),
                    "  ",
                    literal(change.mint, MUTED),
                )
                for change in changes
            ]
        )
