"""Which events of a relay are worth telling consumers."""

from __future__ import annotations

from collections.abc import Container

from streamcore.clock import Clock
from streamcore.events import Event, StatusChange, StreamError, WalletTransaction

MOST_ERRORS = 60
"""Errors of a relay that are told in a minute; a relay that works has a handful a day."""

_MINUTE = 60.0


class News:
    """Remembers what consumers know of the statuses, and how many errors they have been told."""

    def __init__(self, clock: Clock, wallets: Container[str]) -> None:
        """``wallets``: those that are wanted, at any time."""
        self._clock = clock
        self._wallets = wallets
        self._states: dict[str, tuple[object, ...]] = {}
        self._minute_began = float("-inf")
        self._errors = 0

    def has_told(self, provider: str) -> bool:
        """Whether any status of a provider has been told."""
        return provider in self._states

    def is_news(self, event: Event) -> bool:
        """Return whether an event is to be told, and take it for told if so.

        A status in which only figures have grown is none: those are told every ten seconds. Nor is a
        transaction of a wallet that has been given up meanwhile, nor what is beyond `MOST_ERRORS`.
        """
        match event:
            case StatusChange():
                state = (event.state, event.reason, event.attempt, event.fallback, event.stale)
                known, self._states[event.provider] = self._states.get(event.provider), state
                return known != state
            case WalletTransaction():
                return event.wallet in self._wallets
            case StreamError():
                now = self._clock.monotonic()
                if now - self._minute_began >= _MINUTE:
                    self._minute_began, self._errors = now, 0
                self._errors += 1
                return self._errors <= MOST_ERRORS
        return True
