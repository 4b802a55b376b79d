"""Which transactions of which wallet have been reported: each exactly once, and what has been verified."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from streamcore.providers.base import Checkpoint

REMEMBERED = 10_000
"""Signatures remembered for each wallet; more than happen between two checks over HTTP."""


@dataclass(slots=True)
class _Account:
    watched_at: float
    newest: Checkpoint | None = None
    """The newest transaction reported."""
    verified: Checkpoint | None = None
    """Up to here nothing is missing: the chain has been asked."""
    reported: dict[str, None] = field(default_factory=dict)
    history: frozenset[str] = frozenset()
    """What was there when watching began; only a fetch can come across it again."""

    def remember(self, signature: str) -> None:
        self.reported[signature] = None
        while len(self.reported) > REMEMBERED:
            del self.reported[next(iter(self.reported))]


class Checkpoints:
    """Remembers the newest transactions of every watched wallet, bounded.

    What a stream tells proves nothing about what it left out. So a fetch always starts where the last
    complete fetch ended, not at the newest transaction known; between them lies what may have gaps.
    """

    def __init__(self) -> None:
        self._accounts: dict[str, _Account] = {}

    @property
    def wallets(self) -> Mapping[str, object]:
        """The watched wallets, in the order they were added; made for ``in`` and iteration."""
        return self._accounts

    def watch(self, wallet: str, now: float) -> None:
        """Start keeping account of a wallet; what happens after ``now`` (Unix seconds) is news."""
        self._accounts.setdefault(wallet, _Account(now))

    def forget(self, wallet: str) -> None:
        """Drop what is known of a wallet."""
        self._accounts.pop(wallet, None)

    def of(self, wallets: Iterable[str]) -> dict[str, Checkpoint]:
        """Return where a fetch has to start, for each of the wallets that is watched."""
        checkpoints: dict[str, Checkpoint] = {}
        for wallet in wallets:
            account = self._accounts.get(wallet)
            if account is None:
                continue
            known = account.history.union(account.reported)
            if account.verified is None:
                checkpoints[wallet] = Checkpoint("", 0, since=account.watched_at, known=known)
            else:
                checkpoints[wallet] = Checkpoint(
                    account.verified.signature, account.verified.slot, known=known
                )
        return checkpoints

    def newest(self, wallets: Iterable[str]) -> dict[str, Checkpoint]:
        """Return the newest transaction reported of each of the wallets that has one."""
        accounts = ((wallet, self._accounts.get(wallet)) for wallet in wallets)
        return {wallet: account.newest for wallet, account in accounts if account and account.newest}

    def verify(self, complete: Mapping[str, Checkpoint]) -> None:
        """Take note that nothing up to these is missing.

        Give what was `newest` when the fetch began: the stream has gone on since, and may have left
        something out.
        """
        for wallet, checkpoint in complete.items():
            account = self._accounts.get(wallet)
            if account is not None:
                account.verified = checkpoint

    def begin(self, wallet: str, checkpoint: Checkpoint, history: Iterable[str]) -> None:
        """Set where news starts: at ``checkpoint``; what a fetch finds of ``history`` is old."""
        account = self._accounts.get(wallet)
        if account is not None and account.verified is None:
            account.history = frozenset(history)
            account.verified = checkpoint
            account.newest = account.newest or checkpoint

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
        if account.newest is None or slot >= account.newest.slot:
            account.newest = Checkpoint(signature, slot)
        return True
