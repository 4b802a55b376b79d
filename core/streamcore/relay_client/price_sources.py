"""Which provider the price of each row comes from, as far as a relay's terminal can tell."""

from __future__ import annotations

from streamcore.assets.names import base_of_pair
from streamcore.assets.tokens import pinned_mint
from streamcore.clock import Clock
from streamcore.relay_client.subscriptions import Subscriptions
from streamcore.status import RELAY
from streamcore.wire.messages import HEARTBEAT, Row
from streamcore.wire.mirror import Mirror

SETTLED = 2 * HEARTBEAT / 1000 + 1.0
"""Seconds after which a relay has told of every provider what it is asked for: it looks once a heartbeat, and
what it has found goes with the next frame."""


class PriceSources:
    """Remembers since when the relay has known each row.

    That no source has a row shows in the topics of the providers' statuses: none of them is asked for it.
    """

    def __init__(self, clock: Clock, subscriptions: Subscriptions, mirror: Mirror) -> None:
        """``mirror``: what the relay has said."""
        self._clock = clock
        self._subscriptions = subscriptions
        self._mirror = mirror
        self._known_since: dict[str, float] = {}
        """Monotonic seconds by key."""

    def restart(self) -> None:
        """Begin a connection, on which every row is new."""
        self._known_since.clear()

    def rows_changed(self) -> None:
        """Take note of the rows that the relay has just named."""
        now = self._clock.monotonic()
        self._known_since = {key: self._known_since.get(key, now) for key in self._mirror.rows}

    def find(self) -> dict[str, str | None]:
        """Return each wanted row's key to its source: ``None``: none has it; the relay: not known yet."""
        found: dict[str, str | None] = {}
        rows = self._mirror.rows
        asked_for = {name for topic in self._mirror.price_topics for name in (topic, base_of_pair(topic))}
        for key, is_refused in self._subscriptions.refused_by_key.items():
            price = self._mirror.prices.get(key)
            if price is not None:
                found[key] = price.provider
            elif is_refused or (self._is_settled(key) and asked_for.isdisjoint(_names(key, rows[key]))):
                found[key] = None
            else:
                found[key] = RELAY
        return found

    def _is_settled(self, key: str) -> bool:
        since = self._known_since.get(key)
        return since is not None and self._clock.monotonic() - since >= SETTLED


def _names(key: str, row: Row) -> set[str]:
    """Return what a provider may call a row."""
    ticker = row.symbol.upper()
    return {key, ticker, pinned_mint(ticker) or ticker}
