"""Which transactions of which wallet have been reported: each exactly once, and where a gap would start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from streamcore.providers.base import Anchor

REMEMBERED = 2000
"""Signatures remembered for each wallet; more than any gap filling reaches back."""


@dataclass(slots=True)
class _Account:
    anchor: Anchor | None = None
    """The newest transaction reported."""
    gap: Anchor | None = None
    """Where an open gap starts: what came after it may be incomplete."""
    reported: dict[str, None] = field(default_factory=dict)
    history: frozenset[str] = frozenset()
    """What was there when watching began; only a fetch can come across it again."""

    def remember(self, signature: str) -> None:
        self.reported[signature] = None
        while len(self.reported) > REMEMBERED:
            del self.reported[next(iter(self.reported))]


class Ledger:
    """Remembers the newest transactions of every watched wallet, bounded."""

    def __init__(self) -> None:
        self._accounts: dict[str, _Account] = {}

    @property
    def wallets(self) -> Mapping[str, object]:
        """The watched wallets, in the order they were added; made for ``in`` and iteration."""
        return self._accounts

    def watch(self, wallet: str) -> None:
        """Start keeping account of a wallet."""
        self._accounts.setdefault(wallet, _Account())

    def forget(self, wallet: str) -> None:
        """Drop what is known of a wallet."""
        self._accounts.pop(wallet, None)

    def anchors(self, wallets: Iterable[str]) -> dict[str, Anchor]:
        """Return where news starts, for each of the wallets that has a past: an open gap, or the newest."""
        anchors: dict[str, Anchor] = {}
        for wallet in wallets:
            account = self._accounts.get(wallet)
            start = None if account is None else account.gap or account.anchor
            if account is not None and start is not None:
                known = account.history.union(account.reported)
                anchors[wallet] = Anchor(start.signature, start.slot, known)
        return anchors

    def open_gap(self, wallets: Iterable[str]) -> None:
        """Take note that their stream was interrupted: until `close_gap`, newer news moves no anchor."""
        for wallet in wallets:
            account = self._accounts.get(wallet)
            if account is not None and account.gap is None:
                account.gap = account.anchor

    def close_gap(self, wallets: Iterable[str]) -> None:
        """Take note that everything since their anchors has been fetched."""
        for wallet in wallets:
            account = self._accounts.get(wallet)
            if account is not None:
                account.gap = None

    def begin(self, wallet: str, anchor: Anchor, history: Iterable[str]) -> None:
        """Set where news starts: at ``anchor``; what a fetch finds of ``history`` is old.

        A wallet that has an anchor, by its first live transaction, keeps it.
        """
        account = self._accounts.get(wallet)
        if account is not None:
            account.history = frozenset(history)
            account.anchor = account.anchor or anchor

    def record(self, wallet: str, signature: str, slot: int, *, streamed: bool) -> bool:
        """Return whether this transaction of this wallet is news, and take note of it.

        ``streamed``: it came over the stream, which never tells of the past; so it is news even when a
        fetch, made a moment too late, took it for history.
        """
        account = self._accounts.get(wallet)
        if account is None or signature in account.reported:
            return False
        if not streamed and signature in account.history:
            return False
        account.remember(signature)
        if account.anchor is None or slot >= account.anchor.slot:
            account.anchor = Anchor(signature, slot)
        return True
