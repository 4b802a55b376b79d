"""Where each wallet's next fetch starts, as the bucket has it; every relay knows it, the leader writes it."""

from __future__ import annotations

from streamcore.cluster.messages import WalletRecord


class WalletRecords:
    """The newest record of each wallet, with the revision that whoever writes the next one has to name."""

    def __init__(self) -> None:
        self._records: dict[str, WalletRecord] = {}
        self._revisions: dict[str, int] = {}

    def take(self, wallet: str, record: WalletRecord, revision: int) -> None:
        """Take in a record; an older one than is known is passed over."""
        if revision > self._revisions.get(wallet, 0):
            self._records[wallet], self._revisions[wallet] = record, revision

    def dropped(self, wallet: str, revision: int) -> None:
        """Take note that somebody has deleted the key, which leaves a revision behind."""
        self._revisions[wallet] = max(revision, self._revisions.get(wallet, 0))

    def get(self, wallet: str) -> WalletRecord | None:
        """Return the record of a wallet, if there is one."""
        return self._records.get(wallet)

    def revision(self, wallet: str) -> int:
        """Return the revision of its record; 0: there is none."""
        return self._revisions.get(wallet, 0)

    def is_covered(self, wallet: str, epoch: str, offset: int) -> bool:
        """Whether none of its transactions after an offset is missing in the stream of an epoch."""
        record = self._records.get(wallet)
        return record is not None and record.epoch == epoch and record.covered_from <= offset

    def forget_revisions(self) -> None:
        """Take note that the bucket is read anew, and may itself be another one.

        What the records say stays true: where the bucket was lost, they are written again.
        """
        self._revisions.clear()
