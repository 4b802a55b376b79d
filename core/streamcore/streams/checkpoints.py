"""Which transactions of each wallet have been reported, and up to where none is missing."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from streamcore.providers.reports import Checkpoint

KEPT_SLOTS = 750
"""Slots (five minutes) before the last complete check from which signatures are still remembered.

A fetch looks back a few seconds beyond that check, and a stream may repeat itself; older ones come no more.
"""

SETTLED_SLOTS = 75
"""Slots (half a minute) after which what a node's index still lacks is not expected any more.

A gap is looked at twice for the same reason, `streamcore.streams.backfill.SECOND_LOOK` seconds apart.
"""

MOST_REMEMBERED = 10_000
"""Signatures of one wallet remembered while no check gets anywhere."""

FORGOTTEN_AT_ONCE = 500
"""Signatures dropped together when there are too many: to find the oldest means to sort them."""

MOST_REMEMBERED_OF_ALL = 200_000
"""The same of all wallets together: about 40 MiB."""


@dataclass(slots=True)
class _WalletRecord:
    watched_at: float
    newest: Checkpoint | None = None
    """The newest transaction reported."""
    verified: Checkpoint | None = None
    """Up to here nothing is missing: a complete fetch has confirmed it."""
    reported: dict[str, int] = field(default_factory=dict)
    """Signature to slot, in the order they came."""
    forgotten_to: int = -1
    """Up to this slot everything counts as reported."""
    history: frozenset[str] = frozenset()
    """Signatures from before watching began; a fetch may find them again, and they are no news."""
    history_to: int = 0
    """The slot of the newest signature in `history`."""
    unsure: tuple[int, int] | None = None
    """Between these slots some may be missing for ever, and nobody has been told."""

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
        """Drop the signatures of the oldest slots, so that ``most`` are left.

        By slot, not in the order they came: what fills a gap comes after what the stream has told meanwhile,
        and must still count as news.
        """
        if len(self.reported) <= most:
            return
        in_order = sorted(self.reported.items(), key=lambda item: item[1])
        self.forgotten_to = max(self.forgotten_to, in_order[len(in_order) - most - 1][1])
        self.reported = {name: slot for name, slot in in_order if slot > self.forgotten_to}
        verified = self.verified
        if verified is None or verified.slot < self.forgotten_to:
            after = in_order[0][1] if verified is None else verified.slot
            self.unsure = (after if self.unsure is None else self.unsure[0], self.forgotten_to)
            if verified is not None:
                self.verified = Checkpoint("", self.forgotten_to)


class _KnownSignatures(Container[str]):
    """The signatures of a wallet that need not be fetched; a view, since a copy would be large."""

    def __init__(self, record: _WalletRecord) -> None:
        self._record = record

    def __contains__(self, signature: object) -> bool:
        return signature in self._record.reported or signature in self._record.history


class SavedCheckpoint(msgspec.Struct, frozen=True):
    """What has to be kept of a wallet so that a later run goes on where this one ended."""

    watched_at: float
    """Unix seconds from which on its transactions are news."""
    verified: Checkpoint | None
    """Up to here nothing is missing; ``None``: no fetch has been complete yet."""
    history: frozenset[str] = frozenset()
    """Signatures from before watching began that a fetch may come across."""
    history_to: int = 0
    """The slot of the newest of these."""
    unsure: tuple[int, int] | None = None
    """Between these slots some may be missing for ever, and nobody has been told."""


class Checkpoints:
    """Remembers the newest transactions of every watched wallet, bounded.

    A stream may leave transactions out unnoticed. So a fetch always starts where the last complete fetch
    ended, not at the newest transaction known; between the two there may be gaps. What is older need not be
    remembered: everything up to there has been reported.

    A fetch that takes long, and is interrupted again and again, moves that start as well, as far as it has
    come (`advance`). Up to a slot nothing can be missing any more, and so none is lost, when
    - the fetch has been told of everything from the last start up to this slot, and has reported it, and
    - the slot had long passed when the fetch began, so that the node's index had it whole: a transaction
      `SETTLED_SLOTS` later had been reported by then. No clock is asked.
    None is told twice, since every transaction after the start is remembered by its signature, with those of
    `KEPT_SLOTS` before it; what is older never counts as news.

    Where no fetch gets anywhere while more happens than can be remembered, the start moves past what is
    forgotten: none is told twice, but what the stream left out there is lost (`taken_unsure`).
    """

    def __init__(self) -> None:
        self._records: dict[str, _WalletRecord] = {}

    @property
    def wallets(self) -> Mapping[str, object]:
        """The watched wallets, in the order they were added; made for ``in`` and iteration."""
        return self._records

    def watch(self, wallet: str, now: float) -> None:
        """Start remembering a wallet; what happens after ``now`` (Unix seconds) is news."""
        self._records.setdefault(wallet, _WalletRecord(now))

    def saved(self) -> dict[str, SavedCheckpoint]:
        """Return what `restore` needs of each wallet, together with its reported transactions."""
        return {
            wallet: SavedCheckpoint(
                record.watched_at, record.verified, record.history, record.history_to, record.unsure
            )
            for wallet, record in self._records.items()
        }

    def restore(self, wallet: str, saved: SavedCheckpoint, reported: Mapping[str, int]) -> None:
        """Start remembering a wallet where an earlier run ended; a wallet that is watched stays as it is.

        Args:
            wallet: Its address.
            saved: What `saved` returned of it.
            reported: Signature to slot of every transaction of it that was reported, as far as they are kept.
        """
        if wallet in self._records:
            return
        record = self._records[wallet] = _WalletRecord(
            saved.watched_at,
            verified=saved.verified,
            history=saved.history,
            history_to=saved.history_to,
            unsure=saved.unsure,
        )
        record.reported = dict(sorted(reported.items(), key=lambda item: item[1]))
        record.newest = saved.verified
        if record.reported:
            signature, slot = next(reversed(record.reported.items()))
            if record.newest is None or slot >= record.newest.slot:
                record.newest = Checkpoint(signature, slot)
        if saved.verified is not None:
            record.forget_to(saved.verified.slot - KEPT_SLOTS)
        record.forget_oldest(self._most_per_wallet())

    def forget(self, wallet: str) -> None:
        """Drop what is known of a wallet."""
        self._records.pop(wallet, None)

    def of(self, wallets: Iterable[str]) -> dict[str, Checkpoint]:
        """Return where a fetch has to start, for each of the wallets that is watched.

        The ``known`` of each is a view: it also has what is recorded later.
        """
        checkpoints: dict[str, Checkpoint] = {}
        for wallet in wallets:
            record = self._records.get(wallet)
            if record is None:
                continue
            known = _KnownSignatures(record)
            if record.verified is None:
                first = min(record.reported.values(), default=0)
                checkpoints[wallet] = Checkpoint("", first, since=record.watched_at, known=known)
            else:
                checkpoints[wallet] = Checkpoint(record.verified.signature, record.verified.slot, known=known)
        return checkpoints

    def is_reported(self, wallet: str, signature: str) -> bool:
        """Whether a transaction of a wallet has been reported and is remembered."""
        record = self._records.get(wallet)
        return record is not None and signature in record.reported

    def newest(self, wallets: Iterable[str]) -> dict[str, Checkpoint]:
        """Return the newest transaction reported of each of the wallets that has one."""
        records = ((wallet, self._records.get(wallet)) for wallet in wallets)
        return {wallet: record.newest for wallet, record in records if record and record.newest}

    def verify(self, complete: Mapping[str, Checkpoint]) -> None:
        """Take note that no transaction up to these is missing.

        The caller passes what was `newest` when the fetch began: what the stream has told since is not
        confirmed by that fetch.
        """
        for wallet, checkpoint in complete.items():
            record = self._records.get(wallet)
            if record is None or (record.verified and record.verified.slot > checkpoint.slot):
                continue
            record.verified = checkpoint
            record.forget_to(checkpoint.slot - KEPT_SLOTS)

    def advance(self, wallet: str, slot: int, newest: Checkpoint) -> None:
        """Take note how far a fetch has come that has not ended yet.

        Args:
            wallet: Its address.
            slot: Everything of the wallet up to and including this slot has been listed, and reported.
            newest: What was `newest` of it when the fetch began: what is not much older may still be missing
                in the list that the fetch has read.
        """
        record = self._records.get(wallet)
        settled = min(slot, newest.slot - SETTLED_SLOTS)
        if record is not None and record.verified is not None and record.verified.slot < settled:
            self.verify({wallet: Checkpoint("", settled)})

    def taken_unsure(self, wallets: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Return the slots between which transactions may be missing for ever, for the caller to tell, once.

        It says so of wallets of which more has happened than is remembered, while no fetch got anywhere.
        """
        taken = {}
        for wallet in wallets:
            record = self._records.get(wallet)
            if record is not None and record.unsure is not None:
                taken[wallet], record.unsure = record.unsure, None
        return taken

    def begin(self, wallet: str, checkpoint: Checkpoint, history: Iterable[str]) -> None:
        """Set where news starts: after ``checkpoint``; the signatures in ``history`` are old."""
        record = self._records.get(wallet)
        if record is not None and record.verified is None:
            record.history, record.history_to = frozenset(history), checkpoint.slot
            record.verified = checkpoint
            record.newest = record.newest or checkpoint

    def record(self, wallet: str, signature: str, slot: int, *, streamed: bool) -> bool:
        """Return whether this transaction of this wallet is news, and take note of it.

        ``streamed``: it came over the stream, which never tells of the past; so it is news even when a
        fetch, made a moment too late, took it for history.
        """
        record = self._records.get(wallet)
        if record is None or signature in record.reported or slot <= record.forgotten_to:
            return False
        if not streamed and signature in record.history:
            return False
        record.reported[signature] = slot
        most = self._most_per_wallet()
        if len(record.reported) > most:
            record.forget_oldest(most - min(FORGOTTEN_AT_ONCE, most // 20))
        if record.newest is None or slot >= record.newest.slot:
            record.newest = Checkpoint(signature, slot)
        return True

    def _most_per_wallet(self) -> int:
        return min(MOST_REMEMBERED, MOST_REMEMBERED_OF_ALL // len(self._records))
