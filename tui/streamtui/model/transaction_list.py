"""The transactions on the screen: their order, what a filter lets through, and what a pause holds back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import StrEnum

from streamcore import TransactionType, WalletTransaction

CAPACITY = 5000
"""Transactions kept; beyond it the oldest go."""


DUST = Decimal("0.0001")
"""SOL; a transfer of less, and of nothing else, is dust."""


class FeedSort(StrEnum):
    """The orders of the feed, in the order in which the key goes through them."""

    NEWEST_FIRST = "newest first"
    NEWEST_LAST = "newest last"
    WALLET = "wallet"


class TransactionList:
    """The transactions of the watched wallets, in the order of the chain.

    While it is paused nothing that is shown moves; what arrives is kept and counted.
    """

    def __init__(self, label: Callable[[str], str], *, capacity: int = CAPACITY) -> None:
        """Make an empty journal.

        Args:
            label: What to call a wallet.
            capacity: Transactions kept.
        """
        self._label = label
        self._capacity = capacity
        self._entries: dict[str, tuple[int, int, WalletTransaction]] = {}
        self._held: list[WalletTransaction] = []
        self._arrived = 0
        self.sort = FeedSort.NEWEST_FIRST
        self.filter = ""
        self.wallet: str | None = None
        """The wallet to show; ``None`` shows all."""
        self.type: TransactionType | None = None
        """The type to show; ``None`` shows all."""
        self.hides_dust = False
        self.hidden = 0
        """How many transactions `ordered` last left out as dust."""
        self.paused = False
        self.changed = True
        """Whether something happened since `ordered` was last asked."""

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def held(self) -> int:
        """How many transactions wait for the end of the pause."""
        return len(self._held)

    def get(self, key: str) -> WalletTransaction | None:
        """Return the transaction of a row."""
        entry = self._entries.get(key)
        return entry[2] if entry else None

    def add(self, transaction: WalletTransaction) -> None:
        """Take a transaction: it is shown, or held back while paused."""
        self.changed = True
        if self.paused:
            self._held.append(transaction)
            del self._held[: max(0, len(self._held) - self._capacity)]
        else:
            self._insert(transaction)

    def set_paused(self, paused: bool) -> None:
        """Pause, or go on and show everything that was held back."""
        self.paused, self.changed = paused, True
        if not paused:
            for transaction in self._held:
                self._insert(transaction)
            self._held.clear()

    def types(self) -> list[TransactionType]:
        """Return the types there are, in the order of their definition."""
        there = {entry[2].type for entry in self._entries.values()}
        return [one for one in TransactionType if one in there]

    def forget(self, wallet: str) -> None:
        """Drop everything about a wallet that is no longer watched."""
        self._entries = {k: entry for k, entry in self._entries.items() if entry[2].wallet != wallet}
        self._held = [transaction for transaction in self._held if transaction.wallet != wallet]
        self.wallet = None if self.wallet == wallet else self.wallet
        self.changed = True

    def clear(self) -> None:
        """Drop every transaction."""
        self._entries.clear()
        self._held.clear()
        self.changed = True

    def ordered(self) -> list[WalletTransaction]:
        """Return what the filter lets through, in the order asked for."""
        self.changed = False
        entries = sorted(self._entries.values(), key=lambda entry: entry[:2])
        wanted = self.filter.casefold()
        shown = [
            tx
            for _, _, tx in entries
            if (self.wallet is None or tx.wallet == self.wallet)
            and (self.type is None or tx.type is self.type)
            and (not wanted or wanted in self._searched(tx))
        ]
        self.hidden = 0
        if self.hides_dust:
            kept = [tx for tx in shown if not is_dust(tx)]
            self.hidden, shown = len(shown) - len(kept), kept
        if self.sort is FeedSort.NEWEST_FIRST:
            shown.reverse()
        elif self.sort is FeedSort.WALLET:
            shown.sort(key=lambda tx: self._label(tx.wallet).casefold())
        return shown

    def _insert(self, transaction: WalletTransaction) -> None:
        # the slot is the order of the chain: what is recovered after a gap belongs between the others
        self._arrived += 1
        self._entries[key_of(transaction)] = (transaction.slot, self._arrived, transaction)
        if len(self._entries) > self._capacity:
            del self._entries[min(self._entries, key=lambda key: self._entries[key][:2])]

    def _searched(self, tx: WalletTransaction) -> str:
        symbols = " ".join(change.symbol or change.mint for change in tx.token_changes)
        parts = (
            self._label(tx.wallet),
            tx.wallet,
            tx.type,
            tx.summary,
            tx.signature,
            tx.program or "",
            symbols,
        )
        return "\n".join(parts).casefold()


def is_dust(transaction: WalletTransaction) -> bool:
    """Return whether a transaction is of the kind strangers send to be noticed.

    That is: less than `DUST` of SOL and nothing else, or tokens that nobody knows and the wallet neither
    asked nor paid for, or a mere mention, or what failed for another. What the wallet itself paid a fee for
    is never dust, and neither is what could not be read: nobody knows what it is.
    """
    if transaction.fee or transaction.summary.startswith("unparsed: "):
        return False
    if transaction.type in (TransactionType.MENTIONED, TransactionType.FAILED):
        return True
    if transaction.type is not TransactionType.RECEIVED or abs(transaction.sol_change) >= DUST:
        return False
    return all(change.symbol is None for change in transaction.token_changes)


def key_of(transaction: WalletTransaction) -> str:
    """Return what names a transaction's row: one signature can concern several wallets."""
    return f"{transaction.signature} {transaction.wallet}"


def labeller(labels: Mapping[str, str]) -> Callable[[str], str]:
    """Return what names a wallet: the person's own name for it, else its shortened address."""

    def label(address: str) -> str:
        return labels.get(address) or shortened(address)

    return label


def shortened(address: str) -> str:
    """Return an address or a signature as people recognise it: ``7xKX…gAsU``."""
    from streamcore import short_address  # its table is not needed for the first frame

    return short_address(address)
