"""Transactions that a stream leaves out: a check over HTTP found them, and the stream does not follow."""

from __future__ import annotations

from collections.abc import Iterable

from streamcore.clock import Clock
from streamcore.providers.reports import TransactionReport

LATE = 20.0
"""Seconds after which a transaction that has not come over the stream counts as left out by it."""


class Omissions:
    """Transactions found over HTTP, until the stream tells them too or its time for that is over."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._found: dict[str, tuple[float, str]] = {}
        """Signature to when the stream must have brought it (monotonic seconds), and to its wallet."""

    def found(self, transactions: Iterable[TransactionReport], subscribed_at: float) -> None:
        """Take note of transactions that a check over HTTP found before the stream brought them.

        ``subscribed_at``: Unix seconds; what happened before that, the stream cannot bring.
        """
        now, today = self._clock.monotonic(), self._clock.time()
        for transaction in transactions:
            happened_at = today if transaction.block_time is None else transaction.block_time
            if happened_at <= subscribed_at:
                continue
            due = now if today - happened_at > LATE else now + LATE
            for wallet in transaction.topics[:1]:
                self._found[transaction.signature] = (due, wallet)

    def streamed(self, signature: str) -> None:
        """Take note that the stream has brought a transaction."""
        if self._found:
            self._found.pop(signature, None)

    def overdue(self) -> list[str]:
        """Return the wallet of each transaction that the stream has left out, and forget these."""
        now = self._clock.monotonic()
        late = [signature for signature, (due, _) in self._found.items() if due <= now]
        return [self._found.pop(signature)[1] for signature in late]

    def clear(self) -> None:
        """Forget everything: the stream has been subscribed anew."""
        self._found.clear()
