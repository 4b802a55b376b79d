"""The transactions on the screen: what is kept, what of it is shown, and what a pause holds back.

Adding a transaction costs about the same in a list of a hundred and of five thousand. Only a change of the
selection, the order or the labels goes through all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from streamcore import TransactionType, WalletTransaction
from streamtui.model.dust import is_dust
from streamtui.model.transaction_order import Rank, TransactionOrder, TransactionSort

CAPACITY = 5000
"""Transactions kept; beyond it the oldest go."""


class Selection(msgspec.Struct, frozen=True):
    """Which transactions are shown."""

    text: str = ""
    """A text that a transaction must contain, ignoring case."""
    wallet: str | None = None
    """The wallet to show; ``None`` shows all."""
    type: TransactionType | None = None
    """The type to show; ``None`` shows all."""
    without_dust: bool = False


@dataclass(slots=True)
class Changes:
    """How the rows differ from what they were at the last `TransactionList.update`."""

    first: int | None = None
    """The first row that differs; ``None``: none does."""
    new: set[str] = field(default_factory=set)
    """Keys of rows that have come."""
    gone: set[str] = field(default_factory=set)
    """Keys of rows that have gone, or have another content now."""
    relabelled: bool = False
    """Whether wallets have other names, so that every row has to be drawn."""
    reselected: bool = False
    """Whether the selection or the order was changed: then no row counts as new."""

    def at(self, row: int) -> None:
        """Note that the rows from this one on differ."""
        self.first = row if self.first is None else min(self.first, row)


class _Entry(NamedTuple):
    arrived: int
    transaction: WalletTransaction


class TransactionList:
    """The transactions of the watched wallets, in the order of the chain.

    While it is paused nothing that is shown moves; what arrives is held back and counted.
    """

    def __init__(self, label: Callable[[str], str], *, capacity: int = CAPACITY) -> None:
        """Make an empty list.

        Args:
            label: Returns the name shown for a wallet.
            capacity: How many transactions are kept.
        """
        self._label = label
        self._capacity = capacity
        self._entries: dict[str, _Entry] = {}
        self._by_age = TransactionOrder()
        """All keys, the oldest first."""
        self._arrived = 0
        self._held: list[tuple[int, int, WalletTransaction]] = []
        """A heap of what waits for the end of the pause, by slot and arrival."""
        self.dropped = 0
        """How many of the transactions held back in this pause were dropped because there were too many."""
        self.paused = False
        self.selection = Selection()
        """What is shown; `select` changes it."""
        self.sort = TransactionSort.NEWEST_FIRST
        """The order; `sort_by` changes it."""
        self.rows = TransactionOrder()
        """The rows that are shown, as they were at the last `update`."""
        self._hidden: set[str] = set()
        self._pending: list[tuple[str, bool]] = []
        """What happened since the last `update`: a key, and whether it was added (or removed)."""
        self._outdated = False
        """Whether all rows must be selected and sorted again."""
        self._changes = Changes()
        self.rows.newest_first = True

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def changed(self) -> bool:
        """Whether something has happened since the last `update`."""
        changes = self._changes
        return bool(self._pending) or self._outdated or changes.first is not None or changes.reselected

    @property
    def held(self) -> int:
        """How many transactions wait for the end of the pause."""
        return len(self._held)

    @property
    def real(self) -> int:
        """How many transactions are not invented, with those that are held back."""
        shown = sum(not entry.transaction.demo for entry in self._entries.values())
        return shown + sum(not transaction.demo for _, _, transaction in self._held)

    @property
    def hidden(self) -> int:
        """How many transactions are left out as dust, and would be shown otherwise."""
        return len(self._hidden)

    def get(self, key: str) -> WalletTransaction | None:
        """Return the transaction of a row."""
        entry = self._entries.get(key)
        return entry.transaction if entry else None

    def add(self, transaction: WalletTransaction) -> None:
        """Take a transaction: it is shown, or held back while paused."""
        if not self.paused:
            self._insert(transaction)
            return
        self._arrived += 1
        heappush(self._held, (transaction.slot, self._arrived, transaction))
        if len(self._held) > self._capacity:
            heappop(self._held)
            self.dropped += 1

    def set_paused(self, paused: bool) -> None:
        """Pause, or go on and show everything that was held back."""
        self.paused = paused
        if not paused:
            held, self._held, self.dropped = self._held, [], 0
            for _, _, transaction in sorted(held, key=lambda one: one[1]):
                self._insert(transaction)

    def types(self) -> list[TransactionType]:
        """Return the types there are, in the order of their definition."""
        there = {entry.transaction.type for entry in self._entries.values()}
        return [one for one in TransactionType if one in there]

    def forget(self, wallet: str) -> None:
        """Drop everything about a wallet that is no longer watched."""
        for key in [key for key, entry in self._entries.items() if entry.transaction.wallet == wallet]:
            self._drop(key)
        self._held = [held for held in self._held if held[2].wallet != wallet]
        heapify(self._held)
        if self.selection.wallet == wallet:
            self.select(wallet=None)

    def clear(self) -> None:
        """Drop every transaction."""
        self._entries.clear()
        self._by_age = TransactionOrder()
        self._held.clear()
        self.dropped = 0
        self._outdated = True

    def select(self, **changes: Any) -> None:
        """Show others: ``changes`` are fields of `Selection`."""
        self.selection = replace(self.selection, **changes)
        self._outdated = self._changes.reselected = True

    def sort_by(self, sort: TransactionSort) -> None:
        """Show them in this order."""
        self.sort = sort
        self._outdated = self._changes.reselected = True

    def relabel(self) -> None:
        """Note that labels of wallets have changed."""
        self._outdated = self._changes.relabelled = True

    def update(self) -> Changes:
        """Bring `rows` up to date, and return what has changed since this was last called."""
        self._bring_up_to_date()
        changes, self._changes = self._changes, Changes()
        return changes

    def shown(self) -> list[WalletTransaction]:
        """Return the transactions that are shown, from the top."""
        self._bring_up_to_date()
        return [self._entries[key].transaction for key in self.rows.keys()]  # noqa: SIM118 - not a dict

    def _insert(self, transaction: WalletTransaction) -> None:
        key = key_of(transaction)
        if key in self._entries:
            self._drop(key)
        self._arrived += 1
        self._entries[key] = _Entry(self._arrived, transaction)
        self._by_age.add(Rank("", transaction.slot, self._arrived, key))
        self._pending.append((key, True))
        if len(self._entries) > self._capacity:
            self._drop(self._by_age.key(0))

    def _drop(self, key: str) -> None:
        del self._entries[key]
        self._by_age.discard(key)
        self._pending.append((key, False))

    def _bring_up_to_date(self) -> None:
        pending, self._pending = self._pending, []
        if self._outdated:
            self._outdated = False
            self._choose_anew(pending)
            return
        for key, came in pending:
            if came:
                self._show(key)
            else:
                self._hide(key)

    def _show(self, key: str) -> None:
        entry = self._entries.get(key)
        if entry is None or key in self.rows or not self._is_chosen(key, entry.transaction):
            return
        self.rows.add(self._rank(key, entry))
        row = self.rows.row(key)
        assert row is not None  # noqa: S101 - it has just been put there
        self._changes.at(row)
        self._changes.new.add(key)

    def has_signature(self, text: str) -> bool:
        """Return whether a text is the signature of a transaction that is kept."""
        return any(entry.transaction.signature == text for entry in self._entries.values())

    def _hide(self, key: str) -> None:
        self._hidden.discard(key)
        row = self.rows.row(key)
        if row is not None:
            self.rows.discard(key)
            self._changes.at(row)
            self._changes.gone.add(key)
            self._changes.new.discard(key)

    def _choose_anew(self, pending: list[tuple[str, bool]]) -> None:
        before = set(self.rows.keys())
        self._hidden.clear()
        self.rows.newest_first = self.sort is TransactionSort.NEWEST_FIRST
        self.rows.replace(
            self._rank(key, entry)
            for key, entry in self._entries.items()
            if self._is_chosen(key, entry.transaction)
        )
        self._changes.at(0)
        self._changes.gone |= before - set(self.rows.keys())
        self._changes.gone.update(key for key, came in pending if not came)
        self._changes.new.update(key for key, came in pending if came and key in self.rows)

    def _rank(self, key: str, entry: _Entry) -> Rank:
        by_wallet = self.sort is TransactionSort.WALLET
        label = self._label(entry.transaction.wallet).casefold() if by_wallet else ""
        return Rank(label, entry.transaction.slot, entry.arrived, key)

    def _is_chosen(self, key: str, tx: WalletTransaction) -> bool:
        chosen, text = self.selection, self.selection.text.casefold()
        if (
            (chosen.wallet is not None and tx.wallet != chosen.wallet)
            or (chosen.type is not None and tx.type is not chosen.type)
            or (text and text not in self._searched(tx))
        ):
            return False
        if chosen.without_dust and is_dust(tx):
            self._hidden.add(key)
            return False
        return True

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


def key_of(transaction: WalletTransaction) -> str:
    """Return the key of a transaction's row: signature and wallet, as one can concern several wallets."""
    return f"{transaction.signature} {transaction.wallet}"
