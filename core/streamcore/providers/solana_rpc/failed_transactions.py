"""Transactions a node fails to show: whether it is about the one, or about the node."""

from __future__ import annotations

MOST_TRIES = 4
"""Failures of one transaction after which it is given up, if others could be shown meanwhile."""

MOST_REMEMBERED = 1000
"""Transactions of which failures are remembered."""


class FailedTransactions:
    """Counts failures of each transaction, and what the node has shown beside them."""

    def __init__(self) -> None:
        self._shown = 0
        self._failed: dict[str, tuple[int, int]] = {}
        """Signature to how often its transaction failed, and how many had been shown when that began."""

    def shown(self, signature: str) -> None:
        """Take note that the node has shown a transaction."""
        self._shown += 1
        self._failed.pop(signature, None)

    def is_hopeless(self, signature: str) -> bool:
        """Count a failure of one transaction; return whether no further try is worth making."""
        tries, shown = self._failed.get(signature, (0, self._shown))
        self._failed[signature] = tries + 1, shown
        while len(self._failed) > MOST_REMEMBERED:
            del self._failed[next(iter(self._failed))]
        return tries + 1 >= MOST_TRIES and self._shown > shown
