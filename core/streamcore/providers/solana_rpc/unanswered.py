"""Transactions that a node lists but does not answer for: they come last, and not often."""

from __future__ import annotations

from streamcore.clock import Clock
from streamcore.errors import ProviderError
from streamcore.events import ErrorKind
from streamcore.providers.reports import PartialFetch

ASKED_AGAIN_AFTER = 60.0
"""Seconds after which such a transaction is asked for again."""

MOST_REMEMBERED = 1000
"""Such transactions remembered."""


class Unanswered:
    """The signatures for which a request was given up after waiting."""

    def __init__(self, title: str, clock: Clock) -> None:
        """``title`` names the node to a person."""
        self._title = title
        self._clock = clock
        self._asked_at: dict[str, float] = {}
        """Signature to monotonic seconds, in the order they were asked for."""

    def __contains__(self, signature: str) -> bool:
        return signature in self._asked_at

    def rests(self, signature: str) -> bool:
        """Whether a transaction is not to be asked for yet."""
        asked_at = self._asked_at.get(signature)
        return asked_at is not None and self._clock.monotonic() - asked_at < ASKED_AGAIN_AFTER

    def add(self, signature: str) -> None:
        """Take note that a request was not answered."""
        self.discard(signature)
        self._asked_at[signature] = self._clock.monotonic()
        if len(self._asked_at) > MOST_REMEMBERED:
            del self._asked_at[next(iter(self._asked_at))]

    def discard(self, signature: str) -> None:
        """Take note that one was."""
        self._asked_at.pop(signature, None)

    def left_out(self, wallet: str, signature: str) -> PartialFetch:
        """Return the news that a transaction of a wallet is missing."""
        text = f"{self._title} lists the transaction {signature} of {wallet}"
        text += " but does not answer when asked for it; it is asked again every minute"
        return PartialFetch(wallet, ProviderError(ErrorKind.SERVER, text))
