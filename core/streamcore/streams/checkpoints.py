"""Which transactions of which wallet have been reported: each exactly once, and what has been verified."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from streamcore.providers.base import Checkpoint

KEPT_SLOTS = 750
"""Slots (five minutes) before the last complete check from which signatures are still remembered.

A fetch looks back a few seconds beyond that check, and a stream may repeat itself; older ones come no more.
"""

MOST_REMEMBERED = 10_000
"""Signatures of one wallet remembered when no check succeeds; a fetch could not list more either."""

MOST_REMEMBERED_OF_ALL = 200_000
"""The same of all wallets together: about 40 MiB."""


@dataclass(slots=True)
class _Account:
    watched_at: float
    newest: Checkpoint | None = None
    """The newest transaction reported."""
    verified: Checkpoint | None = None
    """Up to here nothing is missing: the chain has been asked."""
    reported: dict[str, int] = field(default_factory=dict)
    """Signature to slot, in the order they came."""
    forgotten_to: int = -1
    """Up to this slot everything counts as reported."""
    history: frozenset[str] = frozenset()
    """What was there when watching began; only a fetch can come across it again."""
    history_to: int = 0
    """The slot of the newest of them."""

    def forget_to(self, slot: int) -> None:
        """Drop what happened up to a slot."""
        if slot <= self.forgotten_to:
            return
        self.forgotten_to = slot
        # nearly in the order of slots; one that came late is dropped with those around it
        while self.reported and self.reported[oldest := next(iter(self.reported))] <= slot:
            del self.reported[oldest]
        if self.history_to <= slot:
            self.history = frozenset()

    def forget_oldest(self, most: int) -> None:
        """Drop the oldest beyond so many."""
        while len(self.reported) > most:
            slot = self.reported.pop(next(iter(self.reported)))
            self.forgotten_to = max(self.forgotten_to, slot)


class _Known(Container[str]):
    """The signatures of a wallet that need not be fetched: looked up where they are, never copied."""

    def __init__(self, account: _Account) -> None:
        self._account = account

    def __contains__(self, signature: object) -> bool:
        return signature in self._account.reported or signature in self._account.history


class Checkpoints:
    """Remembers the newest transactions of every watched wallet, bounded.

    What a stream tells proves nothing about what it left out. So a fetch always starts where the last
    complete fetch ended, not at the newest transaction known; between them lies what may have gaps. What is
    older than that needs no memory: by then everything has been reported.
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
        """Return where a fetch has to start, for each of the wallets that is watched.

        What is ``known`` of each is what is known at the moment of asking, also of what is recorded later.
        """
        checkpoints: dict[str, Checkpoint] = {}
        for wallet in wallets:
            account = self._accounts.get(wallet)
            if account is None:
                continue
            known = _Known(account)
            if account.verified is None:
                checkpoints[wallet] = Checkpoint("", 0, since=account.watched_at, known=known)
            else:
                checkpoints[wallet] = Checkpoint(
                    account.verified.signature, account.verified.slot, known=known
                )
        return checkpoints

    def is_reported(self, wallet: str, signature: str) -> bool:
        """Whether a transaction of a wallet has been reported and is remembered."""
        account = self._accounts.get(wallet)
        return account is not None and signature in account.reported

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
            if account is None or (account.verified and account.verified.slot > checkpoint.slot):
                continue
            account.verified = checkpoint
            account.forget_to(checkpoint.slot - KEPT_SLOTS)

    def begin(self, wallet: str, checkpoint: Checkpoint, history: Iterable[str]) -> None:
        """Set where news starts: at ``checkpoint``; what a fetch finds of ``history`` is old."""
        account = self._accounts.get(wallet)
        if account is not None and account.verified is None:
            account.history, account.history_to = frozenset(history), checkpoint.slot
            account.verified = checkpoint
            account.newest = account.newest or checkpoint

    def record(self, wallet: str, signature: str, slot: int, *, streamed: bool) -> bool:
        """Return whether this transaction of this wallet is news, and take note of it.

        ``streamed``: it came over the stream, which never tells of the past; so it is news even when a
        fetch, made a moment too late, took it for history.
        """
        account = self._accounts.get(wallet)
        if account is None or signature in account.reported or slot <= account.forgotten_to:
            return False
        if not streamed and signature in account.history:
            return False
        account.reported[signature] = slot
        if len(account.reported) > self._most():
            account.forget_oldest(self._most())
        if account.newest is None or slot >= account.newest.slot:
            account.newest = Checkpoint(signature, slot)
        return True

    def _most(self) -> int:
        return min(MOST_REMEMBERED, MOST_REMEMBERED_OF_ALL // len(self._accounts))
