"""Which transactions have been told already, where two sources may tell the same."""

from __future__ import annotations

MOST_REMEMBERED = 20_000
"""Transactions remembered; the oldest are forgotten first."""


class ToldTransactions:
    """The transactions that were told, by wallet and signature, in bounded memory."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], None] = {}

    def has(self, wallet: str, signature: str) -> bool:
        """Return whether a transaction of a wallet has been told, and is still remembered."""
        return (wallet, signature) in self._told

    def add(self, wallet: str, signature: str) -> None:
        """Take note that it has been told."""
        self._told[(wallet, signature)] = None
        if len(self._told) > MOST_REMEMBERED:
            del self._told[next(iter(self._told))]
